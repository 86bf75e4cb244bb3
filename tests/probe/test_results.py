import json

from evidrift.probe.results import (
    NearDuplicate,
    Prediction,
    Probe,
    Unjudged,
    read_probe,
    write_near_duplicates,
    write_probe,
)

PROBE = Probe(
    {
        "thumbnails": Prediction(0.75, 0.7, 0.8, 0.25, 100, 90, {"a": 0.5, "b": 1.0}),
        "source": Unjudged("the manifest has no column source"),
    },
    n_near_duplicates=3,
    threshold=40,
)


def test_what_is_written_is_read(tmp_path):
    write_probe(tmp_path / "metrics" / "probe.json", PROBE)
    assert read_probe(tmp_path / "metrics" / "probe.json") == PROBE


def test_a_probe_without_a_result_has_null_and_a_reason(tmp_path):
    write_probe(tmp_path / "probe.json", PROBE)
    content = json.loads((tmp_path / "probe.json").read_text())
    assert content["predictions"]["source"] == {
        "accuracy": None,
        "reason": "the manifest has no column source",
    }
    assert content["near_duplicates"] == {"count": 3, "threshold": 40}


def test_an_empty_table_of_near_duplicates_has_its_header(tmp_path):
    write_near_duplicates(tmp_path / "pairs.csv", [])
    assert (tmp_path / "pairs.csv").read_text() == "image_id,split,other,other_split,distance\n"


def test_a_name_with_a_comma_stays_one_cell(tmp_path):
    write_near_duplicates(tmp_path / "pairs.csv", [NearDuplicate("a,1.png", "train", "b.png", "test", 7)])
    assert (tmp_path / "pairs.csv").read_text().splitlines()[1] == '"a,1.png",train,b.png,test,7'
