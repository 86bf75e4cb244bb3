"""Judging on a small study: two seeds, two families, of which one explains some of the images."""

from dataclasses import replace

import numpy as np
import pytest

from evidrift.attribution import origin as making
from evidrift.attribution.explain import explain_checkpoints
from evidrift.attribution.family import Family
from evidrift.attribution.networks import Networks
from evidrift.attribution.subset import choose
from evidrift.base.errors import UserError
from evidrift.base.unfinished.memo import NOTHING
from evidrift.base.versions import versions
from evidrift.check.checking import check_architecture, check_checkpoints
from evidrift.families import cam, perturbation
from evidrift.judge.checkpoints import Checkpoints
from evidrift.judge.judging import Point, judge_maps
from evidrift.maps.mapfile import MapFile, Origin, write_maps
from evidrift.networks.checkpoint import checkpoint_hash
from tests.attribution.small import SIZE, prepare, small_classifier
from tests.attribution.test_explain import CLASSES, images
from tests.check.study import params as check_params
from tests.stopped import stopped_after_every

SEEDS = (1, 2)
POINT = Point("small", "l2_sp", "low")
COMMON = {"score": "centred", "target": "label", "batch_size": 3}
CAM = cam.Params(
    methods=["grad_cam_pp_unit", "layer_cam"],
    layers=["penultimate", "last"],
    images_per_class=None,
    **COMMON,
)
OCCLUSION = perturbation.Params(
    methods=["occlusion"],
    images_per_class=1,
    **COMMON,
    **{"baseline": "mean", "masks": 2, "cells": 4, "keep": 0.5, "seed": 1},
)
FAMILIES = [Family("cam", cam, CAM), Family("perturbation", perturbation, OCCLUSION)]
CHECK = check_params(
    seeds=[2],
    faithfulness={"images_per_class": 1, "steps": 2, "baseline": "black"},
    randomisation={"images_per_class": 3, "depths": 2},
)


def origin(classifier, seed, family, weights, settings):
    hashes = {name: checkpoint_hash(classifier, values) for name, values in weights.items()}
    of = ("small", seed, family, settings.score, settings.target, SIZE, CLASSES, versions())
    return Origin(*of, hashes)


def logits_of(classifier, weights):
    classifier.set_weights(weights)
    return np.array(classifier(prepare(images().pixels), training=False))


class Study:
    """Its map files as the stage explain writes them, and its weights."""

    def __init__(self, folder):
        self.folder = folder
        self.images = images()
        self.classifier = small_classifier()
        self.networks = Networks(self.classifier, prepare)
        *trunk, kernel, bias = self.classifier.get_weights()
        self.start = {seed: [*trunk, (1 + seed / 10) * kernel, bias] for seed in SEEDS}
        self.tuned = {seed: [(1 + seed / 20) * values for values in self.start[seed]] for seed in SEEDS}
        for seed in SEEDS:
            weights = {"tl": self.start[seed], "ft": self.tuned[seed]}
            recorded = {name: logits_of(self.classifier, values) for name, values in weights.items()}
            for family in FAMILIES:
                at = choose(self.images.ids, self.images.labels, family.params.images_per_class)
                maps = explain_checkpoints(
                    family, self.classifier, weights, self.images, prepare, recorded, at
                )
                where = origin(self.classifier, seed, family.name, weights, family.params)
                path = folder / f"{seed}-{family.name}.h5"
                write_maps(path, where, self.images.ids[at], self.images.content[at], maps)

    def checkpoints(self, treated):
        recorded = {seed: logits_of(self.classifier, weights) for seed, weights in treated.items()}
        return Checkpoints(self.classifier, self.start, treated, recorded)


def judge(study, checkpoints, folder, memo=NOTHING, families=FAMILIES, maps=None):
    """As the stage does."""
    networks = study.networks
    for made in judge_maps(POINT, checkpoints, networks, families, study.images, maps or study.folder, memo):
        path = folder / f"{made.origin.seed}-{made.origin.family}.h5"
        ids, content = study.images.ids[made.chosen], study.images.content[made.chosen]
        write_maps(path, made.origin, ids, content, made.maps)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def plain(study):
    """What the study's own fine-tuning is as a treated one."""
    return study.checkpoints(study.tuned)


@pytest.fixture(scope="module")
def judged(study, plain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    judge(study, plain, folder)
    return folder


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_studys_own_fine_tuning_is_judged_to_the_bytes_of_its_map_files(study, judged):
    assert bytes_of(judged) == bytes_of(study.folder)
    assert list(bytes_of(judged)) == [*("1-cam.h5", "1-perturbation.h5", "2-cam.h5", "2-perturbation.h5")]


def test_the_studys_own_fine_tuning_has_the_rows_of_its_checks(study, plain, judged):
    both = {(2, "tl"): study.start[2], (2, "ft"): study.tuned[2]}
    expected = check_architecture(
        "small",
        lambda seeds: (study.classifier, both),
        FAMILIES,
        study.images,
        prepare,
        study.folder,
        CHECK,
    )
    weights = plain.as_tuned(CHECK.seeds)
    assert list(weights) == [(2, "ft")]
    found = check_checkpoints("small", study.networks, weights, FAMILIES, study.images, judged, CHECK)
    for table, whole in zip(found, expected, strict=True):
        of_tuned = whole[whole["checkpoint"] == "ft"].reset_index(drop=True)
        assert set(of_tuned["method"]) == {"grad_cam_pp_unit", "layer_cam", "occlusion"}
        assert table.equals(of_tuned)


def test_a_treated_checkpoint_stands_as_ft_beside_the_studys_tl(study, judged, tmp_path):
    treated = {seed: [0.9 * values for values in study.tuned[seed]] for seed in SEEDS}
    checkpoints = study.checkpoints(treated)
    judge(study, checkpoints, tmp_path)
    for seed in SEEDS:
        file, before = (MapFile(folder / f"{seed}-cam.h5") for folder in (tmp_path, study.folder))
        alone = explain_checkpoints(
            FAMILIES[0],
            study.classifier,
            {"ft": treated[seed]},
            study.images,
            prepare,
            {"ft": checkpoints.recorded[seed]},
            np.arange(len(study.images.ids)),
        )["ft"]
        for layer, method in file.methods():
            np.testing.assert_array_equal(file.maps("tl", layer, method), before.maps("tl", layer, method))
            own = file.maps("ft", layer, method)
            np.testing.assert_array_equal(own, alone.layers[layer].methods[method])
            assert not np.allclose(own, before.maps("ft", layer, method), rtol=1e-3)
        assert file.origin.weights == {
            "tl": before.origin.weights["tl"],
            "ft": checkpoint_hash(study.classifier, treated[seed]),
        }


def test_stopped_again_and_again_it_ends_with_the_same_bytes(study, plain, judged, tmp_path):
    _, stops = stopped_after_every(
        3, lambda memo: judge(study, plain, tmp_path / "maps", memo), tmp_path / "scratch"
    )
    assert stops == 2  # of 2 x (3 + 1) batches
    assert bytes_of(tmp_path / "maps") == bytes_of(judged)


def refused(study, checkpoints, match, tmp_path, **how):
    with pytest.raises(UserError, match=match):
        judge(study, checkpoints, tmp_path / "judged", **how)


def test_maps_of_another_tl_are_refused(study, plain, tmp_path):
    *trunk, kernel, bias = study.start[2]
    other = replace(plain, start=plain.start | {2: [*trunk, kernel, bias + 1e-6]})
    refused(
        study,
        other,
        r"2-cam.h5 holds other maps of tl .*: weights differ\. .* `dvc repro --force` with .* explain@",
        tmp_path,
    )


@pytest.mark.parametrize(
    ("family", "change", "match"),
    [
        (0, {"score": "raw"}, "1-cam.h5 .* score differ"),
        (0, {"target": "prediction"}, "1-cam.h5 .* target differ"),
        (0, {"images_per_class": 2}, "1-cam.h5 .* images differ"),
        (0, {"methods": ["layer_cam"]}, "1-cam.h5 .* methods or layers differ"),
        (0, {"layers": ["penultimate"]}, "1-cam.h5 .* methods or layers differ"),
        (1, {"images_per_class": None}, "1-perturbation.h5 .* images differ"),
    ],
)
def test_maps_by_other_parameters_are_refused(study, plain, family, change, match, tmp_path):
    name, module, settings = FAMILIES[family]
    changed = Family(name, module, settings.model_copy(update=change))
    refused(study, plain, match, tmp_path, families=[changed])


def test_maps_of_tl_that_other_versions_of_libraries_made_are_refused(study, plain, tmp_path, monkeypatch):
    """Beside them the treated maps would differ by the libraries too."""
    monkeypatch.setattr(making, "versions", lambda: versions() | {"tensorflow": "3.0.0"})
    refused(study, plain, r"1-cam.h5 .*: versions differ\. .* with .* explain@", tmp_path)


def test_missing_damaged_and_exchanged_map_files_are_refused(study, plain, tmp_path):
    for path in study.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    victim = tmp_path / "2-cam.h5"
    whole = victim.read_bytes()
    for content, match in (
        (None, r"2-cam.h5 does not exist\. The stage explain writes it"),
        (whole[:5000] + b"x" + whole[5001:], r"2-cam.h5 is damaged: .* The stage explain writes it"),
        (whole[:3000], r"2-cam.h5 has no checksum: it is cut off"),
        ((tmp_path / "1-cam.h5").read_bytes(), "2-cam.h5 holds maps of small, seed 1, family cam; expected"),
    ):
        victim.unlink(missing_ok=True)
        if content is not None:
            victim.write_bytes(content)
        refused(study, plain, match, tmp_path, maps=tmp_path)


def test_a_treated_checkpoint_that_does_not_give_the_recorded_logits_is_refused(study, plain, tmp_path):
    logits = plain.recorded[2].copy()
    logits[4, 1] += 1
    other = replace(plain, recorded=plain.recorded | {2: logits})
    match = r"seed-2-cam: image a/4.png now gives logits .* with this stage's name, judge@small-l2_sp-low,"
    refused(study, other, match, tmp_path)
