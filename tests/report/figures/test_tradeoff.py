import io

from PIL import Image

from evidrift.report.figures.tradeoff import tradeoff_figure
from evidrift.tradeoff.points import PLAIN, Point
from evidrift.tradeoff.table import weigh
from tests.tradeoff.made import RULES, SWEEP, checks_of, evidence_of


def points_of(truth=SWEEP, **how):
    evidence = evidence_of(truth, **how)
    return weigh(evidence, dict.fromkeys(evidence.points, checks_of()), RULES, {}).points


def drawn(*tables) -> bytes:
    file = io.BytesIO()
    tradeoff_figure(tables, file)
    return file.getvalue()


def test_the_same_points_give_the_same_bytes():
    points = points_of()
    assert drawn(points) == drawn(points)


def test_each_architecture_has_a_panel():
    points = points_of()
    one, two, three = (Image.open(io.BytesIO(drawn(*[points] * n))).size for n in (1, 2, 3))
    assert two[0] > one[0]
    assert three[0] == two[0]
    assert three[1] > two[1] + 300


def test_a_sweep_without_methods_gains_or_a_cohort_is_drawn_too():
    assert drawn(points_of({PLAIN: (0.9, 0.4)}))
    assert drawn(points_of({PLAIN: (0.7, 0.4), Point("maps", "low"): (0.5, 0.2)}))
    nobody = points_of({PLAIN: (0.01, 0.4), Point("maps", "low"): (0.01, 0.2)}, n=20)
    assert nobody["drift"].isna().all()
    assert drawn(nobody)
