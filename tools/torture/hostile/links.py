"""HDF5 files that reach other files, or that unpack without end: whole models, weights, and inside .keras."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from tools.torture.hostile.making import Make, Place, h5_changed, inner_changed

HUGE = 4_187_593_113  # bytes: 3.9 GiB, below Keras's own guard of 4


def _group(file: h5py.File) -> tuple[h5py.Group, str]:
    """Where the first kernel lies: of a whole model, or of the weights in an archive."""
    found: list[str] = []
    file.visititems(lambda name, part: found.append(name) if isinstance(part, h5py.Dataset) else None)
    place, _, name = found[0].rpartition("/")
    return file[place], name


def _instead(make: Callable[[h5py.Group, str, Place], None]) -> Callable[[h5py.File, Place], None]:
    def change(file: h5py.File, place: Place) -> None:
        group, name = _group(file)
        del group[name]
        make(group, name, place)

    return change


def _external_link(to: str) -> Callable[[h5py.Group, str, Place], None]:
    def make(group: h5py.Group, name: str, place: Place) -> None:
        group[name] = h5py.ExternalLink(str(getattr(place, to, to)), "/x")

    return make


def _external_storage(group: h5py.Group, name: str, place: Place) -> None:
    group.create_dataset(name, (3, 3, 3, 4), "f4", external=[(str(place.victim), 0, 432)])


def _virtual(group: h5py.Group, name: str, place: Place) -> None:
    layout = h5py.VirtualLayout((3, 3, 3, 4), "f4")
    layout[:] = h5py.VirtualSource(str(place.victim), "x", (3, 3, 3, 4), "f4")
    group.create_virtual_dataset(name, layout)


def _soft(group: h5py.Group, name: str, place: Place) -> None:
    group[name] = h5py.SoftLink(f"{group.name}/{name}")


def _shape(*shape: int, **more: object) -> Callable[[h5py.Group, str, Place], None]:
    def make(group: h5py.Group, name: str, place: Place) -> None:
        group.create_dataset(name, shape, "f4", **more)

    return make


def _plugin(group: h5py.Group, name: str, place: Place) -> None:
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_chunk((3, 3, 3, 4))
    created.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((3, 3, 3, 4))
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, created)


def _ten_arrays(file: h5py.File, place: Place) -> None:
    for number in range(10):
        made = file.create_dataset(
            f"more_{number}", (HUGE // 4,), "f4", chunks=(1 << 24,), compression="gzip", shuffle=True
        )
        made[: 1 << 24] = 0


def _packed(group: h5py.Group, name: str, place: Place) -> None:
    made = group.create_dataset(name, (HUGE // 4,), "f4", chunks=(1 << 24,), compression="gzip")
    for start in range(0, 1 << 27, 1 << 24):
        made[start : start + (1 << 24)] = 0


def _many_chunks(group: h5py.Group, name: str, place: Place) -> None:
    group.create_dataset(name, (4_000_000,), "f4", chunks=(1,), compression="gzip")


def _texts(group: h5py.Group, name: str, place: Place) -> None:
    group.create_dataset(name, data=["x" * 1000] * 10, dtype=h5py.string_dtype())


def _references(group: h5py.Group, name: str, place: Place) -> None:
    group.create_dataset(name, (3,), h5py.ref_dtype)[0] = group.ref


def _pairs(group: h5py.Group, name: str, place: Place) -> None:
    group.create_dataset(name, (3, 3, 3, 4), np.dtype([("a", "f4"), ("b", "f4")]))


def _into_itself(file: h5py.File, place: Place) -> None:
    file["again"] = file["/"]


def _many_groups(file: h5py.File, place: Place) -> None:
    many = file.create_group("many", track_order=False)
    for number in range(210_000):
        many.id.links.create_hard(str(number).encode(), file.id, b"/")


def _named_type(group: h5py.Group, name: str, place: Place) -> None:
    group[name] = np.dtype("f8")


CHANGES: dict[str, Callable[[h5py.File, Place], None]] = {
    "a link to another file (CVE-2026-1669)": _instead(_external_link("victim")),
    "a link to a named pipe": _instead(_external_link("pipe")),
    "a link to /dev/zero": _instead(_external_link("/dev/zero")),
    "a link to itself": _instead(_soft),
    "a group in itself": _into_itself,
    "an array stored in another file": _instead(_external_storage),
    "an array put together from another file": _instead(_virtual),
    "a filter of a plugin": _instead(_plugin),
    "ten arrays of 3.9 GiB": _ten_arrays,
    "an array of 3.9 GiB, packed": _instead(_packed),
    "an array of 3.9 GiB of nothing (CVE-2026-0897)": _instead(_shape(HUGE // 4, chunks=(1 << 24,))),
    "an array of 10**18 numbers": _instead(_shape(10**9, 10**9, chunks=(1 << 10, 1 << 10))),
    "an array in four million pieces": _instead(_many_chunks),
    "texts where numbers should be": _instead(_texts),
    "references where numbers should be": _instead(_references),
    "pairs where numbers should be": _instead(_pairs),
    "a type where an array should be": _instead(_named_type),
    "210,000 parts": _many_groups,
}


def _weights(change: Callable[[h5py.File, Place], None]) -> Make:
    """Weights alone, of an architecture of the zoo."""

    def make(place: Place) -> Path:
        path = place.folder / "model.weights.h5"
        with h5py.File(path, "w") as file:
            head = file.create_group("layers/dense/vars")
            head.attrs["name"] = "logits"
            head.create_dataset("0", data=np.zeros((64, 3), "f4"))
            head.create_dataset("1", data=np.zeros(3, "f4"))
            change(file, place)
        return path

    return make


def _huge_head(file: h5py.File, place: Place) -> None:
    del file["layers/dense/vars/1"]
    file["layers/dense/vars"].create_dataset("1", (2 * 10**9,), "f4", chunks=(1 << 20,))


def _layer_elsewhere(to: str) -> Callable[[h5py.File, Place], None]:
    def change(file: h5py.File, place: Place) -> None:
        file["layers/other"] = h5py.ExternalLink(str(getattr(place, to)), "/")

    return change


CASES: dict[str, Make] = {
    **{f"{name}, .h5": h5_changed(change) for name, change in CHANGES.items()},
    **{f"{name}, in .keras": inner_changed(change) for name, change in CHANGES.items()},
    "four million pieces in a packed member": inner_changed(_instead(_many_chunks), zipfile.ZIP_DEFLATED),
    "weights: a head of two thousand million": _weights(_huge_head),
    "weights: a layer in a named pipe": _weights(_layer_elsewhere("pipe")),
    "weights: a layer in another file": _weights(_layer_elsewhere("victim")),
    "weights: of nothing": _weights(lambda file, place: None),
}
