"""Pretrained weights: pinned files, Keras's download, none."""

import hashlib
import os
import subprocess
import sys

import pytest

from evidrift.base.errors import UserError
from evidrift.networks.backbone import build_backbone
from evidrift.networks.checkpoint import save_weights, weights_hash
from evidrift.networks.params import Architecture
from evidrift.training.pretrained import load_backbone

pytestmark = pytest.mark.slow


def section(weights, sha256=None, **options):
    return Architecture(weights=str(weights), sha256=sha256, options=options)


@pytest.fixture
def weights_file(tmp_path):
    """A trunk's weights, none of them at its start, and the file's sha256."""
    path = tmp_path / "mine.weights.h5"
    model = build_backbone("densenet_mini", 32, {})
    for variable in model.weights:
        variable.assign(variable + 0.25)
    save_weights(model, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest(), weights_hash(model)


def test_none_gives_the_architectures_own_random_start():
    model = load_backbone("densenet_mini", 32, section("none"))
    assert weights_hash(model) == weights_hash(build_backbone("densenet_mini", 32, {}))


def test_a_pinned_file_is_loaded(weights_file):
    path, sha256, content = weights_file
    assert weights_hash(load_backbone("densenet_mini", 64, section(path, sha256))) == content


def test_a_missing_file_is_named():
    with pytest.raises(
        UserError, match=r"architectures.densenet_mini.weights is nowhere.h5, which is not a file"
    ):
        load_backbone("densenet_mini", 32, section("nowhere.h5", "0" * 64))


def test_another_file_than_the_pinned_one_is_refused_with_both_hashes(weights_file):
    path, sha256, _ = weights_file
    with pytest.raises(UserError, match=f"sha256 is {'0' * 64}, but {path} has {sha256}"):
        load_backbone("densenet_mini", 32, section(path, "0" * 64))


def test_a_pinned_file_of_another_architecture_is_refused(weights_file):
    path, sha256, _ = weights_file
    with pytest.raises(UserError, match=f"{path} holds 159,683 weights, but resnetv2_mini has 274,768"):
        load_backbone("resnetv2_mini", 32, section(path, sha256))


def test_options_change_the_network():
    small = load_backbone("mobilenetv2", 32, section("none", alpha=0.35))
    # Keras: 410,208 weights at alpha 0.35 without its top
    assert small.count_params() == 410_208


DOWNLOADED = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


def imagenet_in_a_process_of_its_own(home, name, **options):
    """Ask for ImageNet weights, with `home` as Keras's folder and no network."""
    code = (
        "from evidrift.base.errors import run\n"
        "from evidrift.networks.checkpoint import weights_hash\n"
        "from evidrift.training.pretrained import load_backbone\n"
        "from evidrift.networks.params import Architecture\n"
        f"section = Architecture(weights='imagenet', sha256=None, options={options!r})\n"
        f"run(lambda: print(weights_hash(load_backbone({name!r}, 224, section))))\n"
    )
    # port 9 is discard's: nothing listens there
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "no_proxy": ""}
    environment = {**os.environ, **nowhere, "KERAS_HOME": str(home)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)


def test_without_a_network_imagenet_weights_are_explained_in_one_line_and_nothing_is_left(tmp_path):
    done = imagenet_in_a_process_of_its_own(tmp_path, "mobilenetv2")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    error = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert f"the ImageNet weights {DOWNLOADED} could not be downloaded" in error
    assert f"Put that file into {tmp_path / 'models'}" in error
    assert "architectures.mobilenetv2.weights to a weights file" in error
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"keras.json"}


def test_a_damaged_file_in_kerass_cache_is_explained(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    (models / DOWNLOADED).write_bytes(b"half a download")
    done = imagenet_in_a_process_of_its_own(tmp_path, "mobilenetv2")
    assert done.returncode == 1
    assert f"If their file in {models} is damaged, delete it" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_put_into_kerass_cache_is_used(tmp_path):
    """Keras has no hash of MobileNetV2's files, so any weights in its layout will do."""
    models = tmp_path / "models"
    models.mkdir()
    model = build_backbone("mobilenetv2", 224, {"alpha": 0.35})
    for variable in model.weights:
        variable.assign(variable + 0.25)
    model.save(models / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5")
    done = imagenet_in_a_process_of_its_own(tmp_path, "mobilenetv2", alpha=0.35)
    assert done.stdout.split()[-1] == weights_hash(model)
