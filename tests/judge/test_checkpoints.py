"""Treated checkpoints on disk: folders called by their seeds, beside tl of models/."""

import shutil

import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.images.store import Images
from evidrift.judge.checkpoints import load_treated
from evidrift.networks.backbone import build_backbone
from evidrift.networks.checkpoint import Plan, save_weights
from evidrift.networks.classifier import build_classifier, build_head
from evidrift.networks.files import BACKBONE, HEAD, NETWORK, PREDICTIONS
from evidrift.training.predictions import write_predictions

PLAN = Plan("resnetv2_mini", 32, 2, {})
IMAGES = Images(
    ids=np.array(["a.png", "b.png"]),
    patient_ids=np.array(["1", "2"]),
    labels=np.array([0, 1]),
    pixels=np.zeros((2, 32, 32), np.uint8),
    content=np.tile([0, 0, 32, 32], (2, 1)),
    classes=("no", "yes"),
)
LOGITS = np.array([[1, 2], [3, 4]], np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder, and the weights of tl and of the treated one of seed 7."""
    folder = tmp_path_factory.mktemp("treated")
    trunk = build_backbone(PLAN.architecture, PLAN.size, {})
    head = build_head(trunk.output.shape[-1], PLAN.n_classes, 0, seed=7)
    save_weights(trunk, folder / "models" / BACKBONE)
    save_weights(head, folder / "models" / "7" / "tl" / HEAD)
    weights = {"tl": [*trunk.get_weights(), *head.get_weights()]}
    classifier = build_classifier(trunk, PLAN.n_classes, 0, seed=3)
    classifier.set_weights([1.5 * values for values in classifier.get_weights()])
    save_weights(classifier, folder / "treated" / "7" / NETWORK)
    write_predictions(
        folder / "treated" / "7" / PREDICTIONS, IMAGES.ids, IMAGES.labels, LOGITS, IMAGES.classes
    )
    return folder, weights | {"treated": classifier.get_weights()}


def load(folder):
    return load_treated(PLAN, folder / "models", folder / "treated", [7], IMAGES)


def test_both_are_loaded_for_one_classifier_with_the_treated_ones_logits(made):
    folder, weights = made
    found = load(folder)
    for name, loaded in (("tl", found.start[7]), ("treated", found.treated[7])):
        assert all(map(np.array_equal, loaded, weights[name]))
        assert len(loaded) == len(weights[name])
    np.testing.assert_array_equal(found.recorded[7], LOGITS)
    assert list(found.as_tuned([7])) == [(7, "ft")]


@pytest.mark.parametrize(
    ("name", "stage", "content"),
    [
        (f"treated/7/{NETWORK}", "treat", None),
        (f"treated/7/{PREDICTIONS}", "treat", -200),
        (f"models/7/tl/{HEAD}", "train_tl", -200),
    ],
)
def test_a_missing_or_damaged_file_is_named_with_its_stage(made, name, stage, content, tmp_path):
    shutil.copytree(made[0], tmp_path / "copy")
    victim = tmp_path / "copy" / name
    whole = victim.read_bytes()
    victim.unlink()
    if content:
        victim.write_bytes(whole[:content])
    with pytest.raises(UserError, match=rf"{victim.name} .*\. The stage {stage} writes it"):
        load(tmp_path / "copy")
