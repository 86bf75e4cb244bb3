"""Parameter files: the ones that ship are valid, and every mistake is named."""

import re
from pathlib import Path

import pytest
import yaml

from evidrift.base.errors import UserError
from evidrift.base.section import read_params
from evidrift.base.yaml import dump_yaml
from evidrift.networks import catalogue
from evidrift.params import check
from tests.places import ROOT

SHIPPED = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]
# their images, and for cxr5 the weights too, lie outside the repository
NEEDS_FILES_OF_THE_USER = {
    "paper.yaml",
    "paper_raw.yaml",
    "cxr5.yaml",
    "cxr5_seeds.yaml",
    "cxr5_small.yaml",
    "strategies_cxr5.yaml",
}


@pytest.fixture
def mistaken(tmp_path, monkeypatch):
    """Write params.yaml with one change; return what the check says about it."""
    monkeypatch.chdir(ROOT)

    def say(change, profile="params.yaml"):
        content = yaml.safe_load((ROOT / profile).read_text())
        change(content)
        path = tmp_path / "params.yaml"
        path.write_text(dump_yaml(content))
        with pytest.raises(UserError) as caught:
            check(path)
        return str(caught.value).replace(str(path), "params.yaml")

    return say


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_parameter_file_that_ships_is_valid(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    absent = absent_files(yaml.safe_load(path.read_text()))
    if not absent:
        assert check(path).grid.architectures
        return
    assert path.name in NEEDS_FILES_OF_THE_USER
    with pytest.raises(UserError) as caught:
        check(path)
    faults = str(caught.value).splitlines()
    assert [
        re.search(" is (.+), which (does not exist|is not a file)", fault)[1] for fault in faults
    ] == absent


def absent_files(content):
    """What a parameter file names and this machine lacks: the source, then weights files."""
    files = [section["weights"] for section in content["architectures"].values() if section["sha256"]]
    return [name for name in (content["prepare"]["source"], *files) if not Path(name).exists()]


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

    assert "zzz is not a parameter. Allowed here: grid, compute, cluster, prepare" in mistaken(change)


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


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-05", 1e-5), ("1e-5", 1e-5), ("1E5", 1e5), ("1.5e3", 1500.0), ("2.e-1", 0.2)],
)
def test_numbers_as_dvc_writes_them_are_numbers(tmp_path, text, number):
    """`dvc exp run -S train_tl.a.learning_rate=0.00001` writes 1e-05, which YAML 1.1 takes for text."""
    path = tmp_path / "params.yaml"
    path.write_text(f"rate: {text}\n")
    found = read_params(path)["rate"]
    assert isinstance(found, float)
    assert found == number


@pytest.mark.parametrize("text", ["e5", "1e", "1e-5x", "1e5e5", "'1e-05'"])
def test_text_that_only_looks_like_a_number_stays_text(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(f"word: {text}\n")
    assert read_params(path) == {"word": text.strip("'")}


def test_a_parameter_file_cannot_make_python_objects(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("grid: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(UserError, match=r"params.yaml, line 1 has a tag"):
        read_params(path)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_that_is_not_finite_is_refused(mistaken, value):
    def change(content):
        content["train_tl"]["densenet_mini"]["learning_rate"] = value

    assert re.search(rf"params.yaml, line \d+ has the value \.{value}, which", mistaken(change))


def test_a_value_out_of_range_says_the_range(mistaken):
    def change(content):
        content["drift"]["area"] = 1.5

    assert "drift.area is 1.5. Input should be less than or equal to 0.999" in mistaken(change)


@pytest.mark.parametrize("value", [0, 1])
def test_a_share_of_the_scale_that_counts_as_preserved_lies_between_nothing_and_all_of_it(mistaken, value):
    said = mistaken(lambda content: content["compare"].update(preserved=value))
    assert said.startswith(f"params.yaml: compare.preserved is {value}. Input should be ")


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


@pytest.mark.parametrize("section", ["architectures", "train_tl", "finetune"])
def test_a_section_of_an_architecture_that_does_not_exist_is_refused_with_the_nearest_name(mistaken, section):
    def change(content):
        content[section]["resnetv2_mni"] = content[section]["resnetv2_mini"]

    assert mistaken(change) == (
        f"params.yaml: {section}.resnetv2_mni is not an architecture. Did you mean resnetv2_mini?"
    )


def test_parameters_of_an_attribution_family_that_does_not_exist_are_refused(mistaken):
    def change(content):
        content["explain"]["camm"] = content["explain"]["cam"]

    refused = "params.yaml: explain.camm is not an attribution family. There are: cam, "
    assert mistaken(change).startswith(refused)


def test_a_missing_weights_file_is_refused_if_the_grid_uses_it(mistaken):
    def change(content):
        content["architectures"]["densenet_mini"] |= {"weights": "nowhere.weights.h5", "sha256": "0" * 64}
        content["architectures"]["inception_mini"] |= {"weights": "unused.weights.h5", "sha256": "0" * 64}
        content["grid"]["architectures"] = ["densenet_mini"]

    assert mistaken(change) == (
        "params.yaml: architectures.densenet_mini.weights is nowhere.weights.h5, which is not a file. "
        "Give an existing weights file, `imagenet` or `none`."
    )


def test_another_weights_file_than_the_pinned_one_is_refused(mistaken, tmp_path):
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # sha256 of no bytes

    def change(content):
        content["architectures"]["densenet_mini"] |= {"weights": str(file), "sha256": "0" * 64}

    assert f"architectures.densenet_mini.sha256 is {'0' * 64}, but {file} has {empty}." in mistaken(change)


def test_imagenet_weights_of_a_miniature_are_refused(mistaken):
    def change(content):
        content["architectures"]["densenet_mini"] |= {"weights": "imagenet", "sha256": None}

    assert mistaken(change) == (
        "params.yaml: architectures.densenet_mini.weights is imagenet, but there are no ImageNet weights of "
        "densenet_mini. Give a weights file, or `none`."
    )


@pytest.mark.parametrize("word", ["IMAGENET", "MIN_SIZE", "preprocess"])
def test_a_file_in_the_zoo_that_lacks_a_name_is_told_which(mistaken, monkeypatch, word):
    monkeypatch.delattr(catalogue.find("densenet_mini"), word)
    faults = mistaken(
        lambda content: content["architectures"]["densenet_mini"].update(weights="none", sha256=None)
    )
    assert faults == (
        f"params.yaml: grid.architectures: evidrift/zoo/densenet_mini.py does not define {word}. "
        "docs/extending.md says what such a file must define."
    )
    assert f"{word}" in (ROOT / "docs" / "extending.md").read_text()


def test_films_that_dvc_keeps_and_that_are_not_here_are_told_how_to_get(mistaken, tmp_path):
    films = tmp_path / "films"
    missing = f"prepare.source is {films}, which does not exist."
    change = {"source": str(films)}
    assert f"{missing} Give a folder" in mistaken(lambda content: content["prepare"].update(change))
    (tmp_path / "films.dvc").write_text("outs:\n- path: films\n")
    assert f"{missing} `dvc pull {films}` fetches it." in mistaken(
        lambda content: content["prepare"].update(change)
    )


def test_a_layer_to_check_at_which_nothing_explains_is_refused(mistaken):
    faults = mistaken(lambda content: content["check"].update(layers=["penultimate", "mixed2"]))
    assert "check.layers names mixed2, at which no family of the grid explains." in faults


def test_a_manifest_beside_a_phantom_recipe_is_refused(mistaken):
    def change(content):
        content["prepare"]["manifest"] = "manifest.csv"

    assert mistaken(change) == (
        "params.yaml: prepare.manifest is manifest.csv, but phantoms/default.yaml is a recipe. "
        "Set it to null."
    )


def test_a_manifest_that_is_not_in_the_source_folder_is_refused(mistaken, tmp_path):
    def change(content):
        content["prepare"] |= {"source": str(tmp_path), "manifest": "manifest.csv"}

    assert f"prepare.manifest is manifest.csv, but {tmp_path / 'manifest.csv'} does not exist." in mistaken(
        change
    )


def test_a_source_that_is_no_valid_recipe_is_refused_by_its_keys(mistaken, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    content = yaml.safe_load((ROOT / "phantoms" / "tiny.yaml").read_text())
    recipe.write_text(yaml.safe_dump({**content, "contrast": -1, "sead": 1}))

    def change(content):
        content["prepare"]["source"] = str(recipe)

    first, second = mistaken(change).splitlines()
    assert first.startswith(f"params.yaml: prepare.source: {recipe}: contrast is -1.")
    assert second == f"params.yaml: prepare.source: {recipe}: sead is not a parameter. Did you mean seed?"


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


def test_a_seed_to_check_that_is_not_trained_is_refused(mistaken):
    said = mistaken(lambda content: content["check"].update(seeds=[1, 9]))
    assert said == "params.yaml: check.seeds names 9, which is not among grid.seeds."


def test_a_seed_to_follow_that_is_not_trained_is_refused(mistaken):
    said = mistaken(lambda content: content["trajectory"].update(seeds=[1, 9]))
    assert said == "params.yaml: trajectory.seeds names 9, which is not among grid.seeds."


def test_a_seed_to_follow_whose_epochs_are_not_kept_is_refused_and_told_how_to_mend_it(mistaken):
    def change(content):
        content["trajectory"]["seeds"] = [1, 2]
        content["finetune"]["densenet_mini"]["keep_epochs"] = [2, 1]
        content["finetune"]["inception_mini"]["keep_epochs"] = []

    lines = mistaken(change).splitlines()
    assert [
        re.search(r"names (\d), but finetune.(\w+).keep_epochs does not", line).groups() for line in lines
    ] == [
        ("1", "inception_mini"),
        ("2", "resnetv2_mini"),
        ("2", "inception_mini"),
    ]
    assert lines[1].endswith("Add 2 there (fine-tuning runs again), or take it out of trajectory.seeds.")


def test_without_a_seed_to_follow_no_epochs_need_be_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    content["trajectory"]["seeds"] = []
    for section in content["finetune"].values():
        section["keep_epochs"] = []
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    assert check(path).trajectory.seeds == []


def test_a_seed_whose_epochs_are_kept_twice_is_refused(mistaken):
    def change(content):
        content["finetune"]["densenet_mini"]["keep_epochs"] = [1, 1]

    assert mistaken(change) == (
        "params.yaml: finetune.densenet_mini.keep_epochs: 1 stands in it more than once."
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"strategies": []}, "tradeoff.strategies is empty. All three of its lists are needed"),
        (
            {"architectures": ["vgg"]},
            "tradeoff.architectures names vgg, which is not among grid.architectures",
        ),
        ({"strategies": ["plain"]}, "tradeoff.strategies names plain, which is the study's own fine-tuning"),
        (
            {"strategies": ["wise", "focal"]},
            "strategies.focal.low is missing, though tradeoff names focal and low",
        ),
        ({"strengths": ["low", "top"]}, "strategies.wise.top is missing, though tradeoff names wise and top"),
        ({"strengths": ["low", "same"]}, "strategies.wise.same is the same as low: one point of the curve"),
        ({"strengths": ["low", "all"]}, "strategies.wise.all leaves plain fine-tuning as it is"),
        (
            {"strategies": ["batchnorm"]},
            "strategies.batchnorm.low is what finetune.densenet_mini.batchnorm says already, inference",
        ),
    ],
)
def test_a_sweep_that_the_study_cannot_make_is_refused(mistaken, change, fault):
    def sweep(content):
        content["strategies"] = {
            "wise": {"low": {"share": 0.5}, "same": {"share": 0.5}, "all": {"share": 1}},
            "batchnorm": {"low": {"mode": "inference"}},
        }
        content["tradeoff"] = {
            "architectures": ["densenet_mini"],
            "strategies": ["wise"],
            "strengths": ["low"],
        } | change

    assert fault in mistaken(sweep)


def test_a_sweep_whose_reference_is_not_plain_is_refused(mistaken):
    def treated(content):
        content["finetune"]["densenet_mini"]["strategy"] = {"wise": {"share": 0.5}}
        content["strategies"] = {"wise": {"low": {"share": 0.5}}}
        lists = {"architectures": ["densenet_mini"], "strategies": ["wise"], "strengths": ["low"]}
        content["tradeoff"] = lists

    assert "finetune.densenet_mini.strategy is not plain" in mistaken(treated)


def test_a_strategy_that_does_not_exist_or_has_other_parameters_is_refused(mistaken):
    def wrong(content):
        content["finetune"]["densenet_mini"]["strategy"] = {"wize": {}}
        content["strategies"] = {"wise": {"low": {"share": 2}}}

    said = mistaken(wrong)
    assert "wize is not a strategy of fine-tuning. Did you mean wise?" in said
    assert "strategies.wise.low.share is 2. Input should be less than or equal to 1" in said


def test_the_paper_s_two_profiles_differ_in_the_score_alone():
    centred, raw = (
        yaml.safe_load((ROOT / f"profiles/{name}.yaml").read_text()) for name in ("paper", "paper_raw")
    )
    for family in raw["explain"].values():
        assert family["score"] == "raw"
        family["score"] = "centred"
    assert raw == centred


def test_a_strategy_of_the_sweep_that_does_not_exist_is_refused_even_without_a_strength(mistaken):
    said = mistaken(lambda content: content.update(strategies={"wize": {}}))
    assert said == "params.yaml: strategies: wize is not a strategy of fine-tuning. Did you mean wise?"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("plain", "plain stands without its parameters. Write {plain: {}}."),
        ("Wise", "Wise stands without its parameters. Write {wise: {share: ...}}."),
        ({"Maps": {}}, "Maps is not a strategy of fine-tuning. Did you mean maps?"),
        ("wize", "wize is not a strategy of fine-tuning. Did you mean wise?"),
        ({"wise": {"share": 1}, "plain": {}}, "Dictionary should have at most 1 item"),
    ],
)
def test_what_is_likely_meant_by_a_strategy_is_said(mistaken, choice, told):
    said = mistaken(lambda content: content["finetune"]["densenet_mini"].update(strategy=choice))
    assert said.startswith("params.yaml: finetune.densenet_mini.strategy")
    assert told in said


def test_a_fine_tuning_that_is_mixed_from_finished_weights_cannot_be_followed(mistaken):
    def mixed(content):
        content["finetune"]["densenet_mini"]["strategy"] = {"wise": {"share": 0.5}}

    assert mistaken(mixed) == (
        "params.yaml: trajectory.seeds names seeds, but finetune.densenet_mini.strategy is wise, which mixes "
        "ft from finished weights: the epochs before it are those of plain fine-tuning. Make it "
        "`trajectory.seeds: []`, or take a strategy that trains."
    )


def test_the_recipe_that_the_sweep_takes_knows_no_epochs_that_are_kept_and_no_strategy(monkeypatch):
    study = check(ROOT / "params.yaml", files=False)
    plain = study.finetune["densenet_mini"]
    other = plain.model_copy(update={"keep_epochs": [1, 2], "strategy": {"wise": {"share": 0.5}}})
    assert other.recipe() == plain.recipe()
    assert plain.model_copy(update={"epochs": 9}).recipe() != plain.recipe()
