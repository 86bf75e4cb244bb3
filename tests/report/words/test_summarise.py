"""The page's own words for terms."""

from evidrift.base.sentence import checkpoint, method, owner, parameter, say, spelled
from evidrift.report.words.summarise import page_spelling

TOLD = say(
    "{m}: {tl}, {owner} own; see {p}",
    m=method("layer_cam"),
    tl=checkpoint("tl"),
    owner=owner("ft"),
    p=parameter("min_patients"),
)


def test_a_study_names_its_stages_and_no_key_of_the_parameter_file():
    page = page_spelling("study", "transfer-learned", "fine-tuned")
    expected = "LayerCAM: transfer-learned, the fine-tuned checkpoint's own; see the least number of patients"
    assert spelled(TOLD, page) == expected


def test_an_audit_names_its_sides_and_no_option():
    page = page_spelling("audit", "before", "after")
    assert (
        spelled(TOLD, page)
        == "LayerCAM: before, the after checkpoint's own; see the least number of patients"
    )
