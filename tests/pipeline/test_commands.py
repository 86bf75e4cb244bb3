"""What the parameter file can put into a command that a shell runs, under plain DVC: quoted words alone."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.places import ROOT

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())
MATRIX = {name: stage for name, stage in PIPELINE["stages"].items() if "matrix" in stage}
TOUCH = "touch pwned"
HOSTILE = [
    f"1; {TOUCH}",
    f"$({TOUCH})",
    f"`{TOUCH}`",
    f"'; {TOUCH}; '",
    f'"; {TOUCH}; "',
    f"x\n{TOUCH}\n",
    f"x'\n{TOUCH}\n'",
    f"x\u2028{TOUCH}\x0b{TOUCH}",
    f"\\${{grid}}; {TOUCH}",
    f"| {TOUCH} &",
    "> pwned",
    "--params=pwned",
    "~/*?[a]{b,c}!1",
    "",
    True,
    None,
    1.5,
    [f"; {TOUCH}"],
    {f"; {TOUCH} #": 1},
    {"a.b": {f"; {TOUCH} #": True}},
]


def test_a_command_has_no_template_but_the_item_that_dvc_quotes():
    for stage in PIPELINE["stages"].values():
        assert isinstance(stage["cmd"], str)
        assert re.findall(r"\$\{(.*?)\}", stage["cmd"]) == (["item"] if "matrix" in stage else [])


def test_every_key_of_an_item_stands_in_an_output_where_dvc_refuses_lists_and_dictionaries():
    """`${item}` quotes values, but not the keys of a dictionary among them."""
    for stage in MATRIX.values():
        outs = [out for out in (*stage["outs"], *stage.get("metrics", [])) if isinstance(out, str)]
        assert any(all(f"${{item.{key}}}" in out for key in stage["matrix"]) for out in outs)


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """dvc.yaml in a project of its own."""
    place = tmp_path_factory.mktemp("commands")
    shutil.copy2(ROOT / "dvc.yaml", place)
    (place / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet", "--no-scm"], cwd=place, check=True)
    return place


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
@pytest.mark.parametrize("key", ["architectures", "seeds", "families"])
def test_no_value_of_the_grid_is_run(repo, key, value):
    """The commands as DVC makes them of dvc.yaml, a line at a time, by a shell in which `python` prints."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.stage.run import _enforce_cmd_list

    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["grid"] = {"architectures": ["a"], "seeds": [1], "families": ["cam"]} | {key: [value]}
    (repo / "params.yaml").write_text(yaml.safe_dump(params))
    try:
        with Repo(str(repo)) as opened:
            commands = [stage.cmd for stage in opened.index.stages if stage.name.startswith("explain@")]
    except DvcException as error:
        assert "Cannot interpolate data of type" in str(error)
        assert isinstance(value, list | dict)
        return
    for line in _enforce_cmd_list(commands[0]):
        script = f"cd {shlex.quote(str(repo))}; python() {{ printf '%s\\n' \"$@\"; }}; {line}"
        for shell in ("sh", "bash"):
            done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=False)
            assert not (repo / "pwned").exists()
        if done.returncode:  # DVC stops at the first line that fails
            break
    assert sorted(path.name for path in repo.iterdir() if path.name[0] != ".") == ["dvc.yaml", "params.yaml"]
