import pytest
import yaml

from evidrift.base.errors import UserError
from evidrift.trajectory.params import load_trajectory

SECTION = {
    "seeds": [1],
    "images_per_class": 8,
    "methods": ["layer_cam", "grad_cam_pp"],
    "area": 0.2,
    "batch_size": 32,
}


def load(tmp_path, section):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"trajectory": section}))
    return load_trajectory(path)


@pytest.mark.parametrize("seeds", [[1], []])
def test_the_section_is_read(tmp_path, seeds):
    assert load(tmp_path, SECTION | {"seeds": seeds}).model_dump() == SECTION | {"seeds": seeds}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": [1, 1]}, "trajectory.seeds: 1 stands in it more than once"),
        ({"seeds": [-1]}, "trajectory.seeds.0 is -1"),
        ({"methods": []}, "trajectory.methods is"),
        ({"methods": ["rise"]}, "trajectory.methods.0 is 'rise'. Input should be 'grad_cam', 'grad_cam_pp'"),
        ({"area": 1.0}, "trajectory.area is 1.0"),
        ({"images_per_class": None}, "trajectory.images_per_class is None"),
        ({"image_per_class": 3}, "image_per_class is not a parameter. Did you mean images_per_class?"),
    ],
)
def test_mistakes_are_named(tmp_path, change, sentence):
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        load(tmp_path, SECTION | change)
