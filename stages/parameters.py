"""Check the whole parameter file. Other stages wait for it, so that none runs on one that makes no sense."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.files.writing import write_text
from evidrift.params import check
from evidrift.training.strategy import stamp


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("params",),
        checked="to write: that it is in order, always the same bytes",
        strategies="to write: a file an architecture, which strategy fine-tunes it, by name and content",
    )
    study = check(args.params, files=False)
    for name in study.grid.architectures:
        (strategy,) = study.finetune[name].strategy
        write_text(args.strategies / f"{name}.txt", stamp(strategy))
    write_text(args.checked, "The parameters are in order.\n")


if __name__ == "__main__":
    run(main)
