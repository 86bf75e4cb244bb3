"""Sentences in the report's words."""

from types import SimpleNamespace

import pytest

from evidrift.report.words.cells import plainly

SUMMARY = SimpleNamespace(before="transfer-learned", after="fine-tuned")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("grad_cam_pp with layer_cam.", "Grad-CAM++ with LayerCAM."),
        ("away from tl's, tl 0.84", "away from the transfer-learned checkpoint's, transfer-learned 0.84"),
        ("shuttle left often", "shuttle left often"),
        ("No image of rise is right", "No image of rise is right"),  # a class, or the word
    ],
)
def test_keys_become_names_and_words_stay(sentence, expected):
    assert plainly(sentence, SUMMARY) == expected
