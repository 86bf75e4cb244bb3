"""Run the study, or what changed of it, on all cores: what `dvc repro` does, one stage a core."""

import argparse
import subprocess
import sys
from pathlib import Path

from evidrift.base.errors import UserError

HELP = "run the study, or what changed of it, on all cores"
EPILOG = """\
examples:
  Everything that changed, as many stages side by side as the machine has room for:
    evidrift repro

  Four at once, and no more of the pipeline than these need:
    evidrift repro --jobs 4 finetune@densenet_mini-1 drift@densenet_mini

  On a cluster that Ray runs (pip install -r requirements-ray.txt):
    evidrift repro --ray auto

The graph, what has changed and what dvc.lock says are DVC's own: afterwards `dvc repro` finds nothing to do.
docs/pipeline.md, "On all cores", says more.
"""

CHECK = "tools.layers"  # of a checkout of this project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("targets", nargs="*", help="stages, as `dvc repro` takes them; default: all of them")
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="stages side by side; default: this process's cores / compute.threads, and 2 GB of free memory "
        "for each",
    )
    parser.add_argument("--ray", metavar="ADDRESS", help="run the branches of the grid on this Ray cluster")


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def run(args: argparse.Namespace) -> int:
    """Run what has changed; 0 where nothing failed, and all that is asked for can be had."""
    if args.ray is not None:
        if args.targets or args.jobs is not None:
            raise UserError(
                "--ray runs the whole study, as many branches at once as the cluster has room for: leave out "
                "targets and --jobs."
            )
        if not _can_be():
            return 1
        from evidrift.repro.ray import repro_on_ray

        return repro_on_ray(args.ray)
    if not args.targets and not _can_be():
        return 1
    from evidrift.repro.local import repro

    return repro(args.targets, args.jobs, quiet=args.quiet)


def _can_be() -> bool:
    """Whether the whole study's parameters and target layers are such that no stage will refuse them.

    Asked in a process of its own, which builds networks; it says what is wrong.
    """
    if not Path(*CHECK.split(".")).with_suffix(".py").is_file():
        return True
    command = [sys.executable, "-m", CHECK, "params.yaml"]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603
