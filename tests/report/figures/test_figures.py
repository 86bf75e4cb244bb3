"""Which figures a study gets, and that its cases are those of the right image."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from evidrift.compare.result import compare
from evidrift.drift.source import ArchitectureMaps
from evidrift.images.store import MANIFEST, write_store
from evidrift.maps.mapfile import CHECKPOINTS, CheckpointMaps, LayerMaps, Origin, write_maps
from evidrift.report.figures import figures
from evidrift.report.figures.figures import Sources, draw_figures
from evidrift.report.figures.panels import case_panel
from tests.compare.studies import rules, study_of
from tests.drift.maps import canvases_of
from tests.drift.study import architecture

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 300, 200  # of the films before they were squashed
QUOTE = '"'
ARCHITECTURES = ("densenet_mini", "resnetv2_mini")
FILES = [
    *("cases_densenet_mini.png", "cases_resnetv2_mini.png"),
    *("ranking.png", "specification_curve.png", "training_curves.png", "verdicts.png"),
]
# of a study without a difference by LayerCAM or Grad-CAM++
NOTHING_TO_CHOOSE = [name for name in FILES if name != "specification_curve.png"]


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """Draw a study's figures: the names of the files, and the cases of each architecture's panel."""

    def draw(maps: list[ArchitectureMaps], family: str = "cam"):
        panels = {}

        def panel(cases, heading, *rest):
            panels[heading.title.partition(":")[0]] = cases
            case_panel(cases, heading, *rest)

        monkeypatch.setattr(figures, "case_panel", panel)
        study = replace(study_of(*maps), families=(family,))
        for each in maps:
            write_map_files(tmp_path / "maps" / each.architecture, each, family)
        write_images(tmp_path / "store.h5", maps[0])
        sources = Sources(tmp_path / "maps", tmp_path / "store.h5")
        draw_figures(tmp_path / "figures", study, compare(study, rules()), sources, n_cases=3)
        return sorted(path.name for path in (tmp_path / "figures").iterdir()), panels

    return draw


def logits_of(maps: ArchitectureMaps, checkpoint: int) -> np.ndarray:
    """Another confidence for every image and checkpoint: the predicted class leads by 1, 2, 3, ..."""
    n = len(maps.image_ids)
    lead = np.zeros((n, len(maps.classes)))
    lead[np.arange(n), maps.predicted[checkpoint, 0]] = np.arange(1, n + 1) / (2 - checkpoint)
    return lead


def write_map_files(folder, maps: ArchitectureMaps, family: str) -> None:
    for number, seed in enumerate(maps.seeds):
        checkpoints = {}
        for at, checkpoint in enumerate(CHECKPOINTS):
            layers = {
                layer: LayerMaps(
                    name=layer,
                    rectified=True,
                    constant_gradient=False,
                    methods={
                        m: signed[at, number] for (where, m), signed in maps.signed.items() if where == layer
                    },
                    not_defined=(),
                )
                for layer, _ in maps.signed
            }
            checkpoints[checkpoint] = CheckpointMaps(maps.labels, logits_of(maps, at), layers)
        origin = Origin(
            architecture=maps.architecture,
            seed=seed,
            family=family,
            score="centred",
            target="label",
            size=maps.size,
            classes=maps.classes,
            versions={},
            weights=dict.fromkeys(CHECKPOINTS, ""),
        )
        write_maps(folder / f"{seed}-{family}.h5", origin, maps.image_ids, maps.content, checkpoints)


def write_images(path, maps: ArchitectureMaps) -> None:
    """A training image before the test images, whose films have the grey 1, 2, 3, ... by id."""
    ids = sorted(maps.image_ids)
    order = np.argsort(maps.image_ids)
    rows = [f'"{each.replace(QUOTE, 2 * QUOTE)}",{WIDTH},{HEIGHT}' for each in ids]
    manifest = path.with_name(MANIFEST)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("\n".join(["image_id,width,height", *rows]), encoding="utf-8")
    write_store(
        path,
        tables=[manifest],
        classes=maps.classes,
        image_ids=["normal/train.png", *ids],
        patient_ids=["p", *maps.patient_ids[order]],
        labels=[1, *maps.labels[order]],
        splits=["train", *["test"] * len(ids)],
        content=[(0, 0, maps.size, maps.size)] * (len(ids) + 1),
        pixels=[np.full((maps.size, maps.size), grey) for grey in range(len(ids) + 1)],
        size=maps.size,
    )


def test_a_study_has_its_curves_its_ranking_and_a_panel_an_architecture(shown):
    files, panels = shown([architecture(name) for name in ARCHITECTURES])
    assert files == FILES
    assert [len(cases) for cases in panels.values()] == [3, 3]


def test_a_case_shows_film_maps_and_probabilities_of_its_own_image(shown, tmp_path):
    maps = architecture()
    _, panels = shown([maps])
    drift = study_of(maps).pairs.query("pair_kind == 'drift' and method == 'layer_cam' and seed_before == 1")
    drift = drift.sort_values("moved_share", ascending=False)
    largest, median, smallest = (drift.iloc[place] for place in (0, 2, 5))
    for case, row in zip(panels["densenet_mini"], (largest, median, smallest), strict=True):
        image = maps.image_ids.tolist().index(row["image_id"])
        assert (case.film.pixels == 1 + sorted(maps.image_ids).index(row["image_id"])).all()
        assert case.label == maps.classes[maps.labels[image]]
        assert case.moved_share == row["moved_share"]
        for at, (canvas, probability) in enumerate(
            zip((case.before, case.after), case.probability, strict=True)
        ):
            signed = maps.signed["penultimate", "layer_cam"][at, 0, image]
            np.testing.assert_allclose(canvas, canvases_of(signed).values[0], atol=1e-6)
            own = softmax(logits_of(maps, at)[image])[maps.labels[image]]
            assert probability == pytest.approx(own)


@pytest.mark.parametrize(
    "methods",
    [
        [("penultimate", "grad_cam"), ("penultimate", "hires_cam")],
        [("last", "grad_cam"), ("last", "layer_cam")],
    ],
    ids=["no layer_cam", "no penultimate"],
)
def test_without_layer_cam_or_penultimate_the_panels_say_that_there_is_no_case(shown, methods):
    files, panels = shown([architecture(name, methods=methods) for name in ARCHITECTURES])
    assert files == NOTHING_TO_CHOOSE
    assert list(panels.values()) == [[], []]


def test_without_the_cam_family_the_panels_say_that_there_is_no_case(shown):
    maps = [architecture(name, methods=[("penultimate", "saliency")]) for name in ARCHITECTURES]
    files, panels = shown(maps, family="gradients")
    assert files == NOTHING_TO_CHOOSE
    assert list(panels.values()) == [[], []]


def test_layer_cam_of_another_family_is_shown(shown):
    _, panels = shown([architecture()], family="own")
    assert len(panels["densenet_mini"]) == 3


def test_an_empty_cohort_has_all_figures_and_no_case(shown):
    maps = [architecture(name) for name in ARCHITECTURES]
    files, panels = shown([replace(each, predicted=1 - each.predicted) for each in maps])
    assert files == [each for each in FILES if each != "specification_curve.png"]  # nothing to choose
    assert list(panels.values()) == [[], []]
