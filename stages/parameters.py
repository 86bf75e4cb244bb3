"""Check the whole parameter file. Other stages wait for it, so that none runs on one that makes no sense."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.files.writing import write_text
from evidrift.params import check


def main() -> None:
    """Run the stage."""
    args = arguments(__doc__, ("params",), checked="to write: that it is in order, always the same bytes")
    check(args.params, files=False)
    write_text(args.checked, "The parameters are in order.\n")


if __name__ == "__main__":
    run(main)
