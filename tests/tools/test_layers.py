"""A target layer that an architecture does not have at its size is told before anything is trained."""

import pytest
import yaml

from evidrift.cli.main import main
from evidrift.params import Study
from tests.places import ROOT
from tools import layers
from tools.layers import faults


def study(**changes) -> Study:
    """The tiny profile with other architectures, layers or sizes."""
    content = yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text())
    (arch,) = content["grid"]["architectures"] = [changes.pop("arch")]
    for section in ("architectures", "train_tl", "finetune"):
        content[section][arch] = content[section]["resnetv2_mini"]
    content["prepare"]["size"] = changes.pop("size")
    content["explain"]["cam"]["layers"] = changes.pop("layers", ["penultimate", "last"])
    assert not changes
    return Study.model_validate(content)


def lock_of(**changes) -> dict:
    """What dvc.lock says once the study with these changes has been explained with seed 2."""
    made = study(**changes)
    (arch,) = made.grid.architectures
    explained = {f"architectures.{arch}.options": {}, "explain.cam": made.explain["cam"]}
    prepared = {"prepare": made.prepare.model_dump()}
    return {
        "prepare": {"params": {"params.yaml": prepared}},
        f"explain@{arch}-2-cam": {"params": {"params.yaml": explained}},
    }


def test_a_grid_of_one_place_is_told_with_a_size_that_will_do():
    (told,) = faults(study(arch="resnet50v2", size=32), {})
    assert told == (
        "resnet50v2 at prepare.size 32: its layer penultimate (conv5_block1_preact_relu) has a grid of 1x1, "
        "on which no evidence can move. Give prepare.size 64, or another architecture."
    )


def test_a_layer_that_is_not_there_is_told_with_those_that_are():
    (told,) = faults(study(arch="vit_mini", size=32, layers=["penultimate", "block4_mlp_ad"]), {})
    assert told.startswith(
        "vit_mini at prepare.size 32: classifier has no spatial layer block4_mlp_ad. Did you"
    )
    assert "(explain.cam.layers)" in told
    assert list(faults(study(arch="vit_mini", size=32), {})) == []


def test_the_layer_that_is_followed_along_training_is_looked_for_though_no_family_explains_it():
    asked = study(arch="resnet50v2", size=32, layers=["last"])
    (told,) = faults(asked, {})
    assert "its layer penultimate (conv5_block1_preact_relu) has a grid of 1x1" in told
    none_followed = asked.model_copy(update={"trajectory": asked.trajectory.model_copy(update={"seeds": []})})
    assert list(faults(none_followed, {})) == []


def test_evidrift_repro_asks_before_it_runs_anything(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").touch()
    (tmp_path / "tools" / "layers.py").write_text("import sys\nsys.exit(f'no layer: {sys.argv[1:]}')\n")
    with pytest.raises(SystemExit) as left:  # there is no DVC here: it would say so
        main(["repro"])
    assert left.value.code == 1
    assert capfd.readouterr().err == "no layer: ['params.yaml']\n"


def test_what_has_been_explained_alike_is_not_built_again(monkeypatch):
    asked = {"arch": "resnet50v2", "size": 32}
    built = []
    monkeypatch.setattr(layers, "_faults", lambda arch, study, labels: built.append((arch, labels)) or ())
    for lock, expected in [
        (lock_of(**asked), []),
        (lock_of(arch="resnet50v2", size=48), [("resnet50v2", ["last", "penultimate"])]),
        (lock_of(**asked, layers=["last"]), [("resnet50v2", ["last", "penultimate"])]),
        (lock_of(arch="vit_mini", size=32), [("resnet50v2", ["last", "penultimate"])]),
    ]:
        built.clear()
        assert list(faults(study(**asked), lock)) == []
        assert built == expected


def test_a_family_that_explains_pixels_needs_the_grid_of_penultimate():
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert layers.layers_asked(Study.model_validate(content), "gradients") == ["penultimate"]
