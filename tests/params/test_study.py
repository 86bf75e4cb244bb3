"""Parameter files: the ones that ship are valid, and every mistake is named."""

from pathlib import Path

import pytest
import yaml

from evidrift.errors import UserError
from evidrift.params.study import check

ROOT = Path(__file__).parent.parent.parent
SHIPPED = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]
NEEDS_IMAGES_OF_THE_USER = {"paper.yaml", "cxr5.yaml"}


@pytest.fixture
def mistaken(tmp_path, monkeypatch):
    """Write params.yaml with one change; return what the check says about it."""
    monkeypatch.chdir(ROOT)

    def say(change, profile="params.yaml"):
        content = yaml.safe_load((ROOT / profile).read_text())
        change(content)
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(content))
        with pytest.raises(UserError) as caught:
            check(path)
        return str(caught.value).replace(str(path), "params.yaml")

    return say


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_parameter_file_that_ships_is_valid(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    try:
        study = check(path)
    except UserError as error:
        assert path.name in NEEDS_IMAGES_OF_THE_USER
        assert len(str(error).splitlines()) == 1
        assert "prepare.source is" in str(error)
    else:
        assert study.grid.architectures


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_parameter_file_shares_values_by_yaml_anchors(path):
    """`dvc exp run -S finetune.a.epochs=3` would change every architecture that shares the anchor."""
    events = yaml.parse(path.read_text())
    assert not any(getattr(event, "anchor", None) for event in events)


def test_a_misspelt_key_is_named_with_the_likely_one(mistaken):
    def change(content):
        content["finetune"]["densenet_mini"]["learning_rat"] = 0.1

    assert mistaken(change) == (
        "params.yaml: finetune.densenet_mini.learning_rat is not a parameter. Did you mean learning_rate?"
    )


def test_an_unknown_section_lists_those_that_exist(mistaken):
    def change(content):
        content["zzz"] = 1

    assert "zzz is not a parameter. Allowed here: grid, prepare, architectures" in mistaken(change)


def test_a_missing_key_is_named(mistaken):
    def change(content):
        del content["embed"]["views"]

    assert mistaken(change) == "params.yaml: embed.views is missing."


def test_a_word_where_a_number_belongs_is_shown(mistaken):
    def change(content):
        content["embed"]["views"] = "two"

    said = mistaken(change)
    assert said.startswith("params.yaml: embed.views is 'two'.")
    assert "integer" in said


def test_a_number_that_yaml_reads_as_text_says_how_to_write_it(mistaken):
    def change(content):
        content["train_tl"]["densenet_mini"]["learning_rate"] = "1e-3"

    assert mistaken(change) == (
        "params.yaml: train_tl.densenet_mini.learning_rate is '1e-3', which YAML reads as text. "
        "Write it as 0.001."
    )


def test_a_value_out_of_range_says_the_range(mistaken):
    def change(content):
        content["drift"]["area"] = 1.5

    assert "drift.area is 1.5. Input should be less than 1" in mistaken(change)


def test_several_mistakes_are_all_reported_at_once(mistaken):
    def change(content):
        content["embed"]["views"] = -1
        content["drift"]["draws"] = 0

    assert len(mistaken(change).splitlines()) == 2


def test_an_architecture_that_does_not_exist_is_refused_with_the_nearest_name(mistaken):
    def change(content):
        content["grid"]["architectures"][0] = "densenet210"

    assert "grid.architectures: densenet210 is not an architecture. Did you mean densenet201?" in mistaken(
        change
    )


def test_an_architecture_without_its_sections_is_refused(mistaken):
    def change(content):
        content["grid"]["architectures"].append("resnet50v2")

    said = mistaken(change)
    for section in ("architectures", "train_tl", "finetune"):
        assert f"{section}.resnet50v2 is missing, though grid.architectures names resnet50v2." in said


def test_images_smaller_than_the_network_can_take_are_refused(mistaken):
    def change(content):
        content["prepare"]["size"] = 64
        content["prepare"]["source"] = "phantoms/default.yaml"

    assert "prepare.size is 64, but inceptionv3 needs at least 75 px." in mistaken(
        change, "profiles/paper.yaml"
    )


def test_an_option_that_the_architecture_does_not_take_is_refused(mistaken):
    def change(content):
        content["architectures"]["densenet_mini"]["options"] = {"alpha": 0.5}

    assert "architectures.densenet_mini.options.alpha is not an option of densenet_mini" in mistaken(change)


def test_a_weights_file_without_its_hash_is_refused(mistaken):
    def change(content):
        content["architectures"]["densenet_mini"]["sha256"] = None

    assert "so sha256 must be given" in mistaken(change)


def test_a_repeated_seed_is_refused(mistaken):
    def change(content):
        content["grid"]["seeds"] = [1, 2, 1]

    assert "grid.seeds: 1 stands in it more than once." in mistaken(change)


def test_a_typo_inside_an_attribution_family_is_named(mistaken):
    def change(content):
        content["explain"]["cam"]["method"] = content["explain"]["cam"].pop("methods")

    assert "explain.cam.method is not a parameter. Did you mean methods?" in mistaken(change)


def test_text_that_is_no_yaml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("grid:\n  seeds: [1, 2\nprepare: x\n")
    with pytest.raises(UserError, match=r"params.yaml, line 3 is not valid YAML"):
        check(path)


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("")
    with pytest.raises(UserError, match="must hold sections"):
        check(path)
