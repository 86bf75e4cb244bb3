"""The drift table against a loop over pairs with scikit-image and scipy."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage, stats
from skimage.metrics import structural_similarity

from benchmarks.performance.measuring import Line, Side, side_by_side
from evidrift.base.seeds import stream
from evidrift.drift import pairs as planning
from evidrift.drift.measuring import COARSE, measure_layers
from evidrift.drift.pairs import Pairs
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.measures.canvas import SIDE

PARAMS = Drift(area=0.2, curve=[0.05, 0.1, 0.3, 0.5], draws=10, seed=0)
CLASSES, SEEDS, GRID, SIZE = 5, 3, 8, 128
# Pairs that the loop measures: every tenth. Its time a pair is the same for all.
EVERY = 10
SAME = 1e-6


def made(n: int) -> ArchitectureMaps:
    """Maps of `n` images, smooth blobs that move a little from seed to seed and from tl to ft."""
    draw = stream("drift benchmark", n)
    y, x = np.mgrid[:GRID, :GRID]
    centre = draw.uniform(1, GRID - 2, (1, 1, n, 2)) + draw.normal(0, 0.7, (2, SEEDS, n, 2))
    squared = (y - centre[..., 0, None, None]) ** 2 + (x - centre[..., 1, None, None]) ** 2
    maps = np.exp(-squared / 6) + draw.normal(0, 0.1, squared.shape)
    ids = np.array([f"{number:06d}" for number in range(n)])
    labels = np.arange(n) % CLASSES
    key = ("penultimate", "layer_cam")
    return ArchitectureMaps(
        architecture="made",
        seeds=tuple(range(1, SEEDS + 1)),
        classes=tuple("abcde"[:CLASSES]),
        image_ids=ids,
        patient_ids=ids,
        labels=labels,
        content=np.tile([0, 0, SIZE, SIZE], (n, 1)),
        size=SIZE,
        predicted=np.tile(labels, (2, SEEDS, 1)),
        signed={key: maps.astype(np.float32)},
        explained={key: np.ones(n, bool)},
        families={key[1]: "cam"},
        score=["centred"],
        target=["label"],
        constant_gradient={key[0]: False},
        rectified={key[0]: True},
        not_defined=(),
        versions={},
    )


def by_evidrift(maps: ArchitectureMaps, pairs: Pairs) -> dict[str, np.ndarray]:
    """The measures of all pairs by name."""
    ((_, measured),) = measure_layers(maps, pairs, PARAMS)
    (columns,) = measured.pairs.values()
    return columns


class Loop:
    """One pair after the other; what needs one map alone is worked out once a map, as anybody would."""

    def __init__(self, maps: ArchitectureMaps, pairs: Pairs, rows: np.ndarray, ssim: np.ndarray) -> None:
        (self.maps,) = maps.signed.values()
        self.pairs, self.rows, self.ssim = pairs, rows, ssim

    def run(self) -> dict[str, np.ndarray]:
        """The measures of the pairs `rows`."""
        self.seen: dict[tuple[int, int, int], dict] = {}
        p = self.pairs
        found = []
        for row in self.rows:
            before = self.map(p.checkpoint_before[row], p.seed_before[row], p.image_before[row])
            after = self.map(p.checkpoint_after[row], p.seed_after[row], p.image_after[row])
            found.append(self.pair(before, after, self.ssim[row]))
        return {name: np.array([each[name] for each in found]) for name in found[0]}

    def map(self, *key: int) -> dict:
        """What the measures need of one map."""
        if key not in self.seen:
            native = np.maximum(self.maps[key].astype(np.float64), 0)
            canvas = enlarged(native)
            cells = np.sort(native.ravel())
            n = len(cells)
            self.seen[key] = {
                "canvas": canvas.astype(np.float64),
                "sets": {area: indicator(canvas, area) for area in (PARAMS.area, *PARAMS.curve)},
                "half": canvas >= canvas.max() / 2,
                "centre": np.array(ndimage.center_of_mass(canvas.astype(np.float64))),
                "gini": ((2 * np.arange(1, n + 1) - n - 1) * cells).sum() / (n * cells.sum()),
                "entropy": stats.entropy(cells) / np.log(n),
                "coarse": indicator(enlarged(averaged(native, COARSE)), PARAMS.area),
            }
        return self.seen[key]

    def pair(self, one: dict, other: dict, with_ssim: bool) -> dict[str, float]:
        """All measures of one pair."""
        a, b = one["canvas"], other["canvas"]
        s, t = (each["sets"][PARAMS.area] for each in (one, other))
        found = {
            "displacement": np.linalg.norm(one["centre"] - other["centre"]) / np.hypot(SIDE, SIDE),
            "correlation": stats.pearsonr(a.ravel(), b.ravel()).statistic,
            "spearman": stats.spearmanr(a.ravel(), b.ravel()).statistic,
            "ssim": structural_similarity(a / a.max(), b / b.max(), data_range=1.0) if with_ssim else np.nan,
            "concentration": other["gini"] - one["gini"],
            "entropy": other["entropy"] - one["entropy"],
            "overlap": np.minimum(s, t).sum() / np.maximum(s, t).sum(),
            "iou_half_max": (one["half"] & other["half"]).sum() / (one["half"] | other["half"]).sum(),
            "moved_share": apart(s, t, PARAMS.area),
            "moved_share_coarse": apart(one["coarse"], other["coarse"], PARAMS.area),
        }
        for area in PARAMS.curve:
            found[f"moved_share_{100 * area:g}"] = apart(one["sets"][area], other["sets"][area], area)
        return found


def enlarged(native: np.ndarray) -> np.ndarray:
    """A map as shares on the canvas: bilinear at half-pixel centres."""
    place = (np.arange(SIDE) + 0.5) / SIDE * len(native) - 0.5
    grid = np.meshgrid(place, place, indexing="ij")
    canvas = ndimage.map_coordinates(native, grid, order=1, mode="nearest")
    return (canvas / canvas.sum()).astype(np.float32)


def averaged(native: np.ndarray, cells: int) -> np.ndarray:
    """Averages over a coarser grid, by way of one that is finer than both."""
    side = len(native)
    fine = native.repeat(cells, axis=0).repeat(cells, axis=1)
    return fine.reshape(cells, side, cells, side).mean(axis=(1, 3))


def indicator(canvas: np.ndarray, area: float) -> np.ndarray:
    """1 where a cell belongs to the strongest `area`, its share where cells tie at the threshold."""
    wanted = area * canvas.size
    threshold = np.sort(canvas, axis=None)[canvas.size - int(np.ceil(wanted))]
    above, tied = canvas > threshold, canvas == threshold
    return above + tied * (wanted - above.sum()) / tied.sum()


def apart(one: np.ndarray, other: np.ndarray, area: float) -> float:
    """|m_A - m_B|^2 / 2 q."""
    return ((one - other) ** 2).sum() / (2 * area * one.size)


def against_a_loop(rounds: int, n_images: int = 134, every: int = EVERY) -> Iterator[Line]:
    """All measures of a method's pairs: with 134 images 10,050 of them."""
    maps = made(n_images)
    pairs = planning.plan(
        maps.seeds, maps.image_ids, maps.patient_ids, maps.labels, PARAMS.draws, PARAMS.seed
    )
    found = by_evidrift(maps, pairs)
    rows = np.arange(0, len(pairs.kind), every)
    loop = Loop(maps, pairs, rows, ssim=~np.isnan(found["ssim"]))
    expected = loop.run()
    if missing := found.keys() - expected.keys() - {"status", "thin"}:
        raise ValueError(f"the loop lacks {', '.join(sorted(missing))}")
    for name, values in expected.items():
        difference = float(np.nanmax(np.abs(found[name][rows] - values)))
        if not difference <= SAME:
            raise ValueError(f"{name}: the two sides differ by {difference:.2g}, more than {SAME:g}")
    yield side_by_side(
        "drift",
        f"drift, {len(pairs.kind):,} pairs",
        "a loop with scikit-image and scipy",
        Side(lambda: by_evidrift(maps, pairs), len(pairs.kind)),
        Side(loop.run, len(rows)),
        rounds,
        50,
    )
