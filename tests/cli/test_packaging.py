"""What `pip install .` brings: every file of the library, and the command."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.places import ROOT


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_library_and_the_command(tmp_path):
    source = tmp_path / "source"  # building writes beside the sources
    ours = {
        path.relative_to(ROOT)
        for path in (ROOT / "evidrift").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for path in [*ours, Path("pyproject.toml"), Path("README.md"), Path("requirements.txt")]:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(source)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("evidrift-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entries = next(name for name in names if name.endswith("entry_points.txt"))
        assert "evidrift = evidrift.cli.main:main" in archive.read(entries).decode()
        # the wheel runs where the sources are not
        archive.extractall(tmp_path / "installed")
    assert {path.as_posix() for path in ours} <= names
    script = (
        "import evidrift, sys; print(evidrift.__file__)\nfrom evidrift.cli.main import main; main(['--help'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(tmp_path / "installed"))
    assert "audit" in done.stdout
