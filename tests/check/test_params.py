import pytest
import yaml

from evidrift.base.errors import UserError
from evidrift.check.params import load_check

SECTION = {
    "seeds": [1, 2],
    "layers": ["penultimate"],
    "batch_size": 32,
    "faithfulness": {"images_per_class": 8, "steps": 12, "baseline": "blur"},
    "randomisation": {"images_per_class": 4, "depths": 4},
}


def load(tmp_path, section):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"check": section}))
    return load_check(path)


def test_the_section_is_read(tmp_path):
    check = load(tmp_path, SECTION)
    assert check.model_dump() == SECTION


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": []}, "check.seeds is"),
        ({"seeds": [1, 1]}, "check.seeds: 1 stands in it more than once"),
        ({"layers": ["last", "last"]}, "check.layers: last stands in it more than once"),
        ({"batch_size": 0}, "check.batch_size is 0"),
        ({"image_per_class": 3}, "check.image_per_class is not a parameter"),
        (
            {"faithfulness": SECTION["faithfulness"] | {"baseline": "grey"}},
            "check.faithfulness.baseline is 'grey'. Input should be 'blur', 'mean', 'black' or 'white'",
        ),
        (
            {"faithfulness": SECTION["faithfulness"] | {"step": 3}},
            "step is not a parameter. Did you mean steps?",
        ),
        ({"randomisation": {"images_per_class": 2, "depths": 2}}, "images_per_class is 2"),
        ({"randomisation": {"images_per_class": 3, "depths": 0}}, "check.randomisation.depths is 0"),
    ],
)
def test_mistakes_are_named(tmp_path, change, sentence):
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        load(tmp_path, SECTION | change)
