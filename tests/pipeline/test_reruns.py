"""What reruns after a change, and that nothing else does.

The project's own dvc.yaml with stub commands: a `python` that writes every output anew in a few
milliseconds, so that whatever could be invalidated is. All but the stage `parameters`, which runs after each
change of params.yaml and always writes the same.
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
        for item in ("arch", "seed", "family", "strategy", "strength"):
            word = word.replace("@" + item, words.get("--" + item, ""))
        path = pathlib.Path(word)
        if name == "--strategies":
            for arch in {architectures!r}:  # the same while the strategy is
                (path / (arch + ".txt")).parent.mkdir(parents=True, exist_ok=True)
                (path / (arch + ".txt")).write_text("plain")
            continue
        if not path.suffix:
            path = path / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if stage == "parameters" else str(uuid.uuid4()))
"""

OUTPUTS = {
    "parameters": ["--checked", "--strategies"],
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
    "treat": ["--treated", "--history", "--metrics"],
    "judge": ["--judged"],
    "tradeoff": ["--tables", "--figures", "--metrics"],
}

pytestmark = pytest.mark.slow

ARCHITECTURES, SEEDS = ("resnetv2_mini", "inception_mini"), (1, 2)
SWEPT, POINTS = "resnetv2_mini", ("wise-low", "maps-low")


def stages(*names, architectures=ARCHITECTURES, seeds=SEEDS, points=POINTS):
    """All items of the named stages."""
    swept = [SWEPT] if SWEPT in architectures else []
    items = {
        "parameters": ["parameters"],
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
        "treat": [f"treat@{a}-{p}" for a in swept for p in points],
        "judge": [f"judge@{a}-{p}" for a in swept for p in points],
        "tradeoff": [f"tradeoff@{a}" for a in swept],
    }
    return {item for name in names for item in items[name]}


SWEEP = ("treat", "judge", "tradeoff")
EVERYTHING = stages(*OUTPUTS) - {"parameters"}


def rerun(place):
    """The stages that ran; not the check of the parameters, which takes a second."""
    return set(place.repro()) - {"parameters"}


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
    stub.write_text(STUB.format(python=sys.executable, outputs=OUTPUTS, architectures=ARCHITECTURES))
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    place.env["PATH"] = f"{stub.parent}:{place.env['PATH']}"
    assert rerun(place) == EVERYTHING
    return place


def test_nothing_reruns_without_a_change(place):
    assert "Data and pipelines are up to date." in place.run("dvc", "repro")


def test_one_architectures_finetuning_rate_reruns_its_branch_alone(place):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["finetune"]["inception_mini"]["learning_rate"] = 0.0007
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    names = ("finetune", "explain", "check", "reliance", "drift", "trajectory")
    branch = stages(*names, architectures=["inception_mini"])
    assert rerun(place) == branch | {"compare", "report"}


def test_a_new_seed_runs_its_own_stages_then_those_of_its_architecture_and_compare(place, tmp_path):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["grid"]["seeds"] = [1, 2, 3]
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    own = stages("train_tl", "finetune", "explain", seeds=[3])
    after = stages("check", "reliance", "drift", "trajectory", "compare", "report", *SWEEP)
    assert rerun(place) == own | after
    params["grid"]["seeds"] = [1, 2]
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    # seed 3's files lie in the folders still: the real drift stage names `make prune`
    place.run(sys.executable, "-m", "tools.prune", "params.yaml")
    assert rerun(place) == set()  # what drift and compare gave for this grid is in the run cache
    place.commit("the new seed dropped again")
    clone = place.pushed_and_pulled(tmp_path / "remote", tmp_path / "clone")
    assert rerun(clone) == set()


def test_another_area_reruns_drift_and_compare(place):
    place.replace("params.yaml", "area: 0.2", "area: 0.25")
    assert rerun(place) == stages("drift", "compare", "report", "tradeoff")


def test_another_share_that_counts_as_preserved_reruns_compare(place):
    place.replace("params.yaml", "preserved: 0.5", "preserved: 0.4")
    assert rerun(place) == stages("compare", "report", "tradeoff")


def test_another_number_of_images_to_check_reruns_check_and_compare(place):
    place.replace("params.yaml", "steps: 4", "steps: 5")
    assert rerun(place) == stages("check", "compare", "report", "judge", "tradeoff")


def test_another_number_of_images_to_follow_reruns_trajectory_and_compare(place):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["trajectory"]["images_per_class"] += 1
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    assert rerun(place) == stages("trajectory", "compare", "report")


def test_a_comment_in_an_attribution_familys_file_reruns_its_explain_items_and_what_follows(place):
    place.replace("evidrift/families/cam.py", '"""', '# a comment\n"""')
    after = ("check", "reliance", "drift", "trajectory", "compare", "report", "judge", "tradeoff")
    assert rerun(place) == stages("explain", *after)


def test_a_comment_in_one_architectures_file_reruns_that_architecture(place):
    place.replace("evidrift/zoo/inception_mini.py", '"""', '# a comment\n"""')
    branch = stages(*OUTPUTS, architectures=["inception_mini"]) - {"parameters", "prepare", "probe"}
    assert rerun(place) == branch


def test_a_new_architectures_file_reruns_nothing(place):
    (place.path / "evidrift/zoo/another.py").write_text('"""Another architecture."""\n')
    assert rerun(place) == set()


def test_another_strength_of_a_strategy_reruns_its_point_of_the_sweep_alone(place):
    place.replace("params.yaml", "gamma: 1", "gamma: 2")
    assert rerun(place) == stages(*SWEEP, points=["maps-low"])


def test_a_strategy_added_to_the_sweep_runs_its_own_points_alone(place):
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["strategies"]["rate"] = {"low": {"factor": 0.3}}
    params["tradeoff"]["strategies"].append("rate")
    (place.path / "params.yaml").write_text(yaml.safe_dump(params))
    assert rerun(place) == stages(*SWEEP, points=["rate-low"])


def test_a_change_of_one_strategys_file_reruns_what_it_treats(place):
    place.replace("evidrift/strategies/wise.py", '"""', '# a comment\n"""')
    assert rerun(place) == stages(*SWEEP, points=["wise-low"])


def test_one_more_image_in_the_source_folder_reruns_everything(place):
    (place.path / "images" / "normal" / "2.png").write_bytes(b"two")
    assert rerun(place) == EVERYTHING | stages("treat", "judge", points=["rate-low"])


def test_the_stub_writes_every_output_of_dvc_yaml():
    """Guards the stub against a stage that gained an output."""
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
        outputs = {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}
        command = re.sub(r"@(arch|seed|family|strategy|strength)\b", r"${item.\1}", stage["cmd"])
        words = dict(re.findall(r"(--[\w-]+) (\S+)", command))
        assert {words[flag] for flag in OUTPUTS[name]} == outputs
