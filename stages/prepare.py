"""Prepare the images: one store at one size, split by patient, with a reason for each image left out."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.base.shown import tell
from evidrift.images.store import EXCLUSIONS, MANIFEST, STORE
from evidrift.prepare.params import load_prepare
from evidrift.prepare.prepare import Outputs, prepare


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("params",),
        images="to write: the store, the manifest, and what was left out",
        metrics="to write: counts",
    )
    params = load_prepare(args.params)
    store, manifest, exclusions = (args.images / name for name in (STORE, MANIFEST, EXCLUSIONS))
    for told in prepare(params, Outputs(store, manifest, exclusions, args.metrics)):
        tell(spelled(told, PIPELINE))


if __name__ == "__main__":
    run(main)
