"""The tiny study as its users use it: repro, metrics, plots, remotes, experiments."""

import json
import re
import shutil
import sys

import h5py
import pandas as pd
import pytest
import yaml

from evidrift.drift.pairs import KINDS
from tests.pipeline.workplace import Workplace, ran

pytestmark = pytest.mark.slow

ARCHITECTURES, SEEDS = ("resnetv2_mini", "inception_mini"), (1, 2)


def outputs(study):
    """The hash of each output, by the stage that wrote it."""
    lock = yaml.safe_load((study.path / "dvc.lock").read_text())
    return {
        name: {out["path"]: out["md5"] for out in stage["outs"]} for name, stage in lock["stages"].items()
    }


def test_two_clean_runs_in_two_folders_give_the_same_bytes(tiny_study, tmp_path):
    """Up to the maps of one training, and the probe; what is made of them is run again below."""
    other = Workplace.create(tmp_path / "other")
    ran = other.repro("explain@inception_mini-1-cam", "probe")
    training = (f"{stage}@inception_mini-1" for stage in ("train_tl", "finetune"))
    assert set(ran) == {
        *("parameters", "prepare", "probe", "embed@inception_mini", *training),
        "explain@inception_mini-1-cam",
    }
    first, second = map(outputs, (tiny_study, other))
    assert second == {name: first[name] for name in ran}


def test_stages_that_read_the_maps_give_the_same_bytes_again_in_another_folder(tiny_study, tiny_copy):
    """The report among them: it names neither folder nor date."""
    stages = [
        "check@inception_mini",
        "reliance@inception_mini",
        "trajectory@inception_mini",
        "drift@inception_mini",
        "compare",
        "report",
    ]
    # without the cache of runs, from which DVC would take what a stage wrote before
    shutil.rmtree(tiny_copy.path / ".dvc" / "cache" / "runs")
    assert tiny_copy.repro("--force", "--single-item", *stages) == stages
    assert outputs(tiny_copy) == outputs(tiny_study)


def test_a_second_repro_runs_nothing(tiny_study):
    assert "Data and pipelines are up to date." in tiny_study.run("dvc", "repro")
    assert json.loads(tiny_study.run("dvc", "status", "--json")) == {}


def test_the_grid_is_complete(tiny_study):
    for arch in ARCHITECTURES:
        table = pd.read_parquet(tiny_study.path / f"data/drift/{arch}/pairs.parquet")
        assert set(table["pair_kind"]) == set(KINDS)
        drift = table[table["pair_kind"] == "drift"]
        assert set(drift["seed_before"]) == set(SEEDS)
        assert len(drift) == 20 * len(SEEDS) * len(drift[["layer", "method"]].drop_duplicates())
        along = pd.read_parquet(tiny_study.path / f"data/trajectory/{arch}.parquet")
        assert along.groupby("epoch")["image_id"].nunique().to_dict() == {0: 2, 1: 2}
        for seed in SEEDS:
            with h5py.File(tiny_study.path / f"data/maps/{arch}/{seed}-cam.h5") as file:
                assert len(file["image_id"]) == 20


def test_the_figures_are_drawn(tiny_study):
    drawn = {path.name for path in (tiny_study.path / "plots/figures").iterdir()}
    # of so small a study, whether there is anything to choose depends on who is right
    assert drawn - {"specification_curve.png"} == {
        "training_curves.png",
        "ranking.png",
        "verdicts.png",
        "along_training.png",
        "cases_resnetv2_mini.png",
        "cases_inception_mini.png",
    }


def test_dvc_keeps_no_gitignore_inside_the_output_folders(tiny_study):
    found = [
        path
        for folder in ("data", "models", "metrics", "plots")
        for path in (tiny_study.path / folder).rglob(".gitignore")
    ]
    assert found == []


def test_only_the_summary_lies_in_git_and_what_says_what_will_appear(tiny_study):
    tracked = tiny_study.run("git", "ls-files", "data", "models", "metrics", "plots").split()
    readmes = [f"{folder}/README.md" for folder in ("data", "models", "plots")]
    assert tracked == sorted([*readmes, "metrics/compare.json"])


def test_metrics_and_plots_can_be_shown(tiny_study):
    shown = json.loads(tiny_study.run("dvc", "metrics", "show", "--json"))
    files = next(iter(shown.values()))["data"]
    assert "metrics/compare.json" in files
    assert "metrics/finetune/inception_mini-2.json" in files
    assert not {"seal", "sha256"} & set(re.findall("[a-z0-9]+", json.dumps(files)))
    plots = json.loads(tiny_study.run("dvc", "plots", "show", "--json", "--out", "scratch/plots"))
    assert "errors" not in plots
    assert "plots/finetune/inception_mini-2.csv" in plots["data"]
    assert any("cases_inception_mini.png" in name for name in plots["data"])


def test_an_experiment_with_another_threshold_reruns_drift_and_compare_and_shows_in_diffs(tiny_copy):
    said = tiny_copy.run("dvc", "exp", "run", "--name", "wider", "--set-param", "drift.area=0.3")
    assert "Ran experiment(s): wider" in said
    assert yaml.safe_load((tiny_copy.path / "params.yaml").read_text())["drift"]["area"] == 0.3
    drift = {"drift@inception_mini", "drift@resnetv2_mini"}
    # "parameters" checks the whole file, and runs after any change of it
    assert set(ran(said)) == {"parameters", *drift, "compare", "report", "tradeoff@resnetv2_mini"}
    changed = json.loads(tiny_copy.run("dvc", "params", "diff", "--json"))["params.yaml"]
    assert {name: (value["old"], value["new"]) for name, value in changed.items()} == {
        "drift.area": (0.2, 0.3)
    }
    assert "metrics/compare.json" in json.loads(tiny_copy.run("dvc", "metrics", "diff", "--json"))
    assert (
        tiny_copy.run("dvc", "plots", "diff", "HEAD", "--out", "scratch/diff").strip().endswith("index.html")
    )


def test_after_push_clone_and_pull_nothing_reruns(tiny_copy, tmp_path):
    clone = tiny_copy.pushed_and_pulled(tmp_path / "remote", tmp_path / "clone")
    store = "data/images/store.h5"
    assert (clone.path / store).read_bytes() == (tiny_copy.path / store).read_bytes()
    assert clone.repro() == []


def test_a_dropped_seed_is_refused_until_pruned(tiny_copy):
    tiny_copy.replace("params.yaml", "seeds: [1, 2]", "seeds: [1]")
    drift = ("dvc", "repro", "--single-item", "drift@resnetv2_mini")
    refused = tiny_copy.run(*drift, expect=255)
    assert "make prune" in refused
    assert "Traceback" not in refused
    pruned = tiny_copy.run(sys.executable, "-m", "tools.prune", "params.yaml")
    assert "deleted data/maps/resnetv2_mini/2-cam.h5" in pruned
    assert "-1" not in pruned
    tiny_copy.run(*drift)


def test_make_repro_checks_runs_and_prints_the_study(tiny_copy):
    shutil.rmtree(tiny_copy.path / "data" / "compare")
    said = tiny_copy.make("repro")
    assert "restored  compare" in said
    for word in ("drift", "shared", "displacement", "correlation", "concentration", "scale", "plots/figures"):
        assert word in said


def test_make_repro_with_a_typo_starts_no_work(tiny_copy):
    tiny_copy.replace("params.yaml", "draws: 3", "drawz: 3")
    said = tiny_copy.make("repro", expect=2)
    assert "params.yaml: drift.drawz is not a parameter. Did you mean draws?" in said
    assert "Traceback" not in said
    assert "running" not in said
    assert "restored" not in said


def test_an_unknown_profile_names_those_that_exist_and_edits_stay(tiny_copy):
    said = tiny_copy.make("repro", "PROFILE=papers", expect=2)
    profiles = "cxr5, cxr5_seeds, cxr5_small, paper, paper_raw, strategies, strategies_cxr5, ten_seeds, tiny"
    assert f"There is no profile papers. There are: {profiles}." in said
    tiny_copy.replace("params.yaml", "draws: 3", "draws: 4")
    said = tiny_copy.make("repro", "PROFILE=paper", expect=2)
    assert "params.yaml holds edits that are in no profile and no commit" in said
    assert "draws: 4" in (tiny_copy.path / "params.yaml").read_text()


def test_stages_in_a_fork_that_has_tensorflow_give_the_same_bytes(tiny_copy):
    """One of each training, run anew by `evidrift repro`; the study was run by `dvc repro`."""
    lock = tiny_copy.path / "dvc.lock"
    before = yaml.safe_load(lock.read_text())
    again = ("embed@resnetv2_mini", "train_tl@resnetv2_mini-1", "finetune@resnetv2_mini-1")
    left = {name: entry for name, entry in before["stages"].items() if name not in again}
    lock.write_text(yaml.safe_dump(before | {"stages": left}, sort_keys=False))
    shutil.rmtree(tiny_copy.path / ".dvc" / "cache" / "runs")
    told = tiny_copy.run(sys.executable, "-m", "evidrift", "repro")
    assert [name for name in again if f"running   {name}" in told] == list(again)
    assert yaml.safe_load(lock.read_text()) == before
