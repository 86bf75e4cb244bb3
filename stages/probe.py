"""Probe the images: what tells their class without a network, and which look the same across splits."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.images.store import MANIFEST, STORE
from evidrift.probe.probing import probe
from evidrift.probe.results import NEAR_DUPLICATES, write_near_duplicates, write_probe


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("params", "images"),
        probe="to write: pairs that look the same across splits",
        metrics="to write: what each probe found",
    )
    found, pairs = probe(args.images / STORE, args.images / MANIFEST)
    write_near_duplicates(args.probe / NEAR_DUPLICATES, pairs)
    write_probe(args.metrics, found)


if __name__ == "__main__":
    run(main)
