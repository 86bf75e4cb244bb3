"""The study's own fine-tuning, judged as if it were a strategy, is the study."""

import shlex
import shutil

import pandas as pd
import pytest
import yaml

from tests.places import ROOT

pytestmark = pytest.mark.slow

ARCH, POINT, SEEDS = "inception_mini", "plain-as_it_is", ("1", "2")
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_has_the_studys_map_files_drift_tables_and_checks(tiny_copy):
    data = tiny_copy.path / "data"
    for seed in SEEDS:
        tuned = tiny_copy.path / "models" / ARCH / seed / "ft"
        shutil.copytree(tuned, data / "treated" / ARCH / POINT / seed)
    item = f"--arch {ARCH} --strategy plain --strength as_it_is"
    said = tiny_copy.run(*shlex.split(STAGES["judge"]["cmd"].replace("${item}", item)))
    assert f"judge {ARCH} plain as_it_is: image 40 of 40" in said
    judged = data / "judged" / ARCH / POINT
    assert bytes_of(judged / "maps") == bytes_of(data / "maps" / ARCH)

    command = STAGES["drift"]["cmd"].replace("${item}", f"--arch {ARCH}")
    for place, other in (("maps/@arch", f"judged/{ARCH}/{POINT}/maps"), ("drift/@arch", "again")):
        assert f"data/{place}" in command
        command = command.replace(f"data/{place}", f"data/{other}")
    tiny_copy.run(*shlex.split(command))
    assert bytes_of(data / "again") == bytes_of(data / "drift" / ARCH)

    for name in ("faithfulness.parquet", "randomisation.parquet"):
        both = pd.read_parquet(data / "checks" / ARCH / name)
        tuned = both[both["checkpoint"] == "ft"].reset_index(drop=True)
        found = pd.read_parquet(judged / "checks" / name)
        pd.testing.assert_frame_equal(
            found.astype(tuned.dtypes.map(plain)), tuned.astype(tuned.dtypes.map(plain)), check_exact=True
        )


def plain(dtype):
    """Text without its dictionary, which has other words where there is another checkpoint."""
    return "str" if dtype == "category" else dtype
