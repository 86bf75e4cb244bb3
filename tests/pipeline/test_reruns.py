"""What reruns after a change, and that nothing else does.

The project's own dvc.yaml with stub commands: a `python` that writes every output anew in a few
milliseconds, so that whatever could be invalidated is.
"""

import re
import stat
import sys

import pytest
import yaml

from tests.pipeline.workplace import Workplace
from tests.places import ROOT

STUB = """#!{python} -S
import sys, uuid, pathlib
stage = sys.argv[2].removeprefix("stages.")
outputs = {outputs!r}[stage]
words = dict(zip(sys.argv[3::2], sys.argv[4::2]))
for name, word in words.items():
    if name in outputs:
        for item in ("arch", "seed", "family"):
            word = word.replace("@" + item, words.get("--" + item, ""))
        path = pathlib.Path(word)
        if not path.suffix:
            path = path / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(uuid.uuid4()))
"""

OUTPUTS = {
    "prepare": ["--images", "--metrics"],
    "probe": ["--probe", "--metrics"],
    "embed": ["--backbone", "--features"],
    "train_tl": ["--checkpoint", "--history", "--metrics"],
    "finetune": ["--checkpoint", "--epochs", "--history", "--metrics"],
    "explain": ["--maps"],
    "check": ["--checks", "--metrics"],
    "reliance": ["--reliance", "--metrics"],
    "drift": ["--tables", "--metrics"],
    "trajectory": ["--table", "--metrics"],
    "compare": ["--tables", "--figures", "--summary"],
    "report": ["--report"],
}

pytestmark = pytest.mark.slow

ARCHITECTURES, SEEDS = ("resnetv2_mini", "inception_mini"), (1, 2)


def stages(*names, architectures=ARCHITECTURES, seeds=SEEDS):
    """All items of the named stages."""
    items = {
        "prepare": ["prepare"],
        "probe": ["probe"],
        "compare": ["compare"],
        "report": ["report"],
        "embed": [f"embed@{a}" for a in architectures],
        "check": [f"check@{a}" for a in architectures],
        "reliance": [f"reliance@{a}" for a in architectures],
        "drift": [f"drift@{a}" for a in architectures],
        "trajectory": [f"trajectory@{a}" for a in architectures],
        "train_tl": [f"train_tl@{a}-{s}" for a in architectures for s in seeds],
        "finetune": [f"finetune@{a}-{s}" for a in architectures for s in seeds],
        "explain": [f"explain@{a}-{s}-cam" for a in architectures for s in seeds],
    }
    return {item for name in names for item in items[name]}


EVERYTHING = stages(*OUTPUTS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stub")
    place = Workplace.create(folder / "study")
    images = place.path / "images" / "normal"
    images.mkdir(parents=True)
    (images / "1.png").write_bytes(b"one")
    place.replace("params.yaml", "source: phantoms/tiny.yaml", "source: images")
    stub = folder / "bin" / "python"
    stub.parent.mkdir()
    stub.write_text(STUB.format(python=sys.executable, outputs=OUTPUTS))
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    place.env["PATH"] = f"{stub.parent}:{place.env['PATH']}"
    assert set(place.repro()) == EVERYTHING
    return place


def test_nothing_reruns_without_a_change(place):
    assert "Data and pipelines are up to date." in place.run("dvc", "repro")


def test_one_architectures_finetuning_rate_reruns_its_branch_alone(place):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["finetune"]["inception_mini"]["learning_rate"] = 0.0007
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    names = ("finetune", "explain", "check", "reliance", "drift", "trajectory")
    branch = stages(*names, architectures=["inception_mini"])
    assert set(place.repro()) == branch | {"compare", "report"}


def test_a_new_seed_runs_its_own_stages_then_those_of_its_architecture_and_compare(place, tmp_path):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["grid"]["seeds"] = [1, 2, 3]
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    own = stages("train_tl", "finetune", "explain", seeds=[3])
    after = stages("check", "reliance", "drift", "trajectory", "compare", "report")
    assert set(place.repro()) == own | after
    params["grid"]["seeds"] = [1, 2]
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    # seed 3's files lie in the folders still: the real drift stage names `make prune`
    place.run(sys.executable, "-m", "tools.prune", "params.yaml")
    assert place.repro() == []  # what drift and compare gave for this grid is in the run cache
    place.commit("the new seed dropped again")
    clone = place.pushed_and_pulled(tmp_path / "remote", tmp_path / "clone")
    assert clone.repro() == []


def test_another_area_reruns_drift_and_compare(place):
    place.replace("params.yaml", "area: 0.2", "area: 0.25")
    assert set(place.repro()) == stages("drift", "compare", "report")


def test_another_share_that_counts_as_preserved_reruns_compare(place):
    place.replace("params.yaml", "preserved: 0.5", "preserved: 0.4")
    assert set(place.repro()) == stages("compare", "report")


def test_another_number_of_images_to_check_reruns_check_and_compare(place):
    place.replace("params.yaml", "steps: 4", "steps: 5")
    assert set(place.repro()) == stages("check", "compare", "report")


def test_another_number_of_images_to_follow_reruns_trajectory_and_compare(place):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["trajectory"]["images_per_class"] += 1
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    assert set(place.repro()) == stages("trajectory", "compare", "report")


def test_a_comment_in_an_attribution_familys_file_reruns_its_explain_items_and_what_follows(place):
    place.replace("evidrift/families/cam.py", '"""', '# a comment\n"""')
    after = ("check", "reliance", "drift", "trajectory", "compare", "report")
    assert set(place.repro()) == stages("explain", *after)


def test_a_comment_in_one_architectures_file_reruns_that_architecture(place):
    place.replace("evidrift/zoo/inception_mini.py", '"""', '# a comment\n"""')
    branch = stages(*OUTPUTS, architectures=["inception_mini"]) - {"prepare", "probe"}
    assert set(place.repro()) == branch


def test_a_new_architectures_file_reruns_nothing(place):
    (place.path / "evidrift/zoo/another.py").write_text('"""Another architecture."""\n')
    assert place.repro() == []


def test_one_more_image_in_the_source_folder_reruns_everything(place):
    (place.path / "images" / "normal" / "2.png").write_bytes(b"two")
    assert set(place.repro()) == EVERYTHING


def test_the_stub_writes_every_output_of_dvc_yaml():
    """Guards the stub against a stage that gained an output."""
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
        outputs = {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}
        command = re.sub(r"@(arch|seed|family)\b", r"${item.\1}", stage["cmd"])
        words = dict(re.findall(r"(--[\w-]+) (\S+)", command))
        assert {words[flag] for flag in OUTPUTS[name]} == outputs
