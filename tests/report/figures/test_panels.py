"""The picture of an architecture's cases."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.text import Text

from evidrift.report.figures import panels
from evidrift.report.figures.overlay import Film, density
from evidrift.report.figures.panels import Case, case_panel, heading_of
from evidrift.report.words.names import safe_text

SIDE = 56


def blob(row, column, width=0.15):
    """A canvas with its evidence around one place."""
    place = (np.arange(SIDE) + 0.5) / SIDE
    down, across = np.exp(-((place - row) ** 2) / width**2), np.exp(-((place - column) ** 2) / width**2)
    canvas = np.outer(down, across)
    return (canvas / canvas.sum()).astype(np.float32)


FILM = Film(np.arange(32 * 32, dtype=np.uint32).reshape(32, 32).astype(np.uint8), (0, 0, 32, 32), (500, 500))
CASE = Case(
    label="tuberculosis",
    reason="largest drift of 5 images right before and after",
    film=FILM,
    before=blob(0.3, 0.3),
    after=blob(0.4, 0.6),
    probability=(0.62, 0.97),
    predicted=("tuberculosis", "tuberculosis"),
    moved_share=0.6,
    displacement=0.18,
)


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(*cases, signs=""):
        kept = []
        monkeypatch.setattr(panels.style, "save_png", lambda figure, path: kept.append(figure))
        case_panel(cases, heading_of("densenet_mini", 1, signs), 0.2, tmp_path / "unused.png")
        return kept[0]

    return figure_of


def words(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def outlines(axes):
    return [found for found in axes.collections if isinstance(found, ContourSet)]


def enclosed(outline):
    """Area inside an outline that does not touch the border, by the shoelace formula; the film is 1 x 1."""
    (ring,) = outline.get_paths()[0].to_polygons()
    x, y = ring[:, 0], ring[:, 1]
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def test_a_case_is_a_film_two_maps_their_difference_and_two_colour_bars(draw):
    figure = draw(CASE, CASE)
    assert len(figure.axes) == 2 * 6
    film, before, after, change = figure.axes[:4]
    assert [len(axes.images) for axes in (film, before, after, change)] == [1, 2, 2, 2]
    assert [len(outlines(axes)) for axes in (film, before, after, change)] == [0, 1, 1, 2]
    assert np.array_equal(film.images[0].get_array(), FILM.pixels)


def test_the_outline_encloses_the_strongest_fifth_of_the_image(draw):
    before = draw(CASE).axes[1]
    assert enclosed(outlines(before)[0]) == pytest.approx(0.2, abs=0.005)


def test_both_maps_of_a_case_share_one_scale_and_strong_evidence_is_the_least_transparent(draw):
    narrow, wide = replace(CASE, before=blob(0.5, 0.5, 0.1)), blob(0.5, 0.5, 0.2)
    before, after = (axes.images[1].get_array() for axes in draw(replace(narrow, after=wide)).axes[1:3])
    # On a plane, twice the width is a quarter of the height.
    assert before[..., 3].max() == pytest.approx(0.8)
    assert after[..., 3].max() == pytest.approx(0.2, rel=0.02)


@pytest.mark.slow
def test_evenly_spread_evidence_has_the_density_one():
    even = np.full((SIDE, SIDE), 1 / SIDE**2)
    assert density(even) == pytest.approx(np.ones((448, 448)))


def test_maps_are_enlarged_with_half_pixel_centres():
    two = np.array([[0.0, 1.0]])
    line = density(two)[0]
    # The two cells' middles lie at 1/4 and 3/4 of the side; beyond them the border repeats.
    assert line[:112] == pytest.approx(0.0)
    assert line[336:] == pytest.approx(2.0)
    assert line[223] + line[224] == pytest.approx(2.0)


def test_more_evidence_after_is_red_and_less_is_blue(draw):
    colours = draw(CASE).axes[3].images[1].get_array()
    gone, come = colours[int(0.3 * 448), int(0.3 * 448)], colours[int(0.4 * 448), int(0.6 * 448)]
    assert gone[2] > gone[0]
    assert come[0] > come[2]


def test_the_caption_says_class_probability_drift_and_distance_in_words(draw):
    shown = words(draw(CASE))
    assert "tuberculosis" in shown
    assert CASE.reason in shown
    facts = (
        "probability of this class 62 % → 97 %   ·   40 % of the strongest 20 % stayed (drift 0.60)"
        "   ·   centre moved by 18 % of the diagonal"
    )
    assert facts in shown


def test_a_wrong_prediction_is_named(draw):
    shown = words(draw(replace(CASE, predicted=("tuberculosis", "normal"))))
    assert "tuberculosis, called normal after" in shown


def test_the_patients_right_is_marked_beside_the_film_not_on_it(draw):
    film = draw(CASE).axes[0]
    (mark,) = (text for text in film.texts if text.get_text() == "R")
    assert mark.get_position()[0] < 0


def test_padding_is_cut_off_and_the_film_keeps_its_shape(draw):
    film = draw(replace(CASE, film=FILM._replace(content=(8, 0, 24, 32), shape=(640, 320)))).axes[0]
    assert film.images[0].get_array().shape == (16, 32)
    assert film.get_box_aspect() == 0.5


def test_a_film_that_was_squashed_has_its_own_shape_again_and_its_maps_with_it(draw):
    panes = draw(replace(CASE, film=FILM._replace(shape=(400, 500)))).axes[:4]
    assert [axes.get_box_aspect() for axes in panes] == [1.25] * 4


def test_maps_without_evidence_or_alike_are_drawn_without_outline_or_warning(draw, recwarn):
    nothing = np.zeros((SIDE, SIDE), dtype=np.float32)
    figure = draw(replace(CASE, before=nothing, after=nothing), replace(CASE, before=CASE.after))
    assert outlines(figure.axes[1]) == []
    assert len(outlines(figure.axes[7])) == 1
    assert not recwarn.list


def test_the_outline_of_a_thin_map_surrounds_all_its_evidence(draw):
    thin = np.zeros((SIDE, SIDE), dtype=np.float32)
    thin[20:28, 20:28] = 1 / 64
    figure = draw(replace(CASE, before=thin))
    # Its 8 cells a side, and at most the way on which enlarging fades to nothing: half a cell on each side.
    assert (8 / 56) ** 2 < enclosed(outlines(figure.axes[1])[0]) < (9.2 / 56) ** 2


def test_without_cases_the_picture_says_so(tmp_path, draw):
    case_panel([], heading_of("densenet_mini", 1, ""), 0.2, tmp_path / "none.png")
    assert (tmp_path / "none.png").stat().st_size > 0
    figure = draw()
    assert figure.axes == []
    assert any("No case to show" in text for text in words(figure))


@pytest.mark.slow
def test_the_same_cases_give_the_same_bytes(tmp_path):
    for name in ("one.png", "two.png"):
        case_panel([CASE], heading_of("densenet_mini", 1, ""), 0.2, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_name_that_is_no_mathematics_can_be_saved(tmp_path):
    name = "$\\frac{$"
    case = replace(CASE, label=name, predicted=(name, "other" + name))
    case_panel([case], heading_of(name, 1, ""), 0.2, tmp_path / "named.png")
    assert (tmp_path / "named.png").stat().st_size > 0


@pytest.mark.parametrize("name", ["$\\frac{$", "a\nb\x00", "x" * 500])
def test_names_from_outside_are_shown_as_they_are(name, draw):
    case = replace(CASE, label=name, predicted=(name, "other" + name))
    texts = draw(case).findobj(Text)
    shown = [text for text in texts if safe_text(name, 24) in text.get_text()]
    assert shown
    assert not any(text.get_parse_math() for text in shown)
    assert all(len(text.get_text()) < 160 for text in texts)


def test_a_panel_says_what_the_checks_speak_against(draw):
    assert any("‡ Part of its maps survives" in text for text in words(draw(CASE, signs="‡")))
    assert not any("‡" in text for text in words(draw(CASE)))
