import pytest

from evidrift.base.errors import UserError
from evidrift.base.folders import check_folder


def test_a_folder_with_the_grid_s_files_passes_whatever_is_hidden(tmp_path):
    for name in ("1-cam.h5", "2-cam.h5", ".DS_Store"):
        (tmp_path / name).touch()
    check_folder(tmp_path, ["1-cam.h5", "2-cam.h5"])


def test_a_file_outside_the_grid_is_named_with_the_way_out(tmp_path):
    for name in ("1-cam.h5", "2-cam.h5", "3-cam.h5"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"2-cam\.h5 is outside the grid .*\(and 1 more\).*make prune"):
        check_folder(tmp_path, ["1-cam.h5"])


def test_a_missing_file_is_named_with_the_way_out(tmp_path):
    with pytest.raises(UserError, match=r"1-cam\.h5 is missing\. `dvc repro` makes it"):
        check_folder(tmp_path / "nowhere", ["1-cam.h5"])
