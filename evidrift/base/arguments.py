"""The options of a stage's script, as dvc.yaml gives them: all of them required.

A shell runs the commands of dvc.yaml, and DVC puts `${item.seed}` into one as the parameter file has it. So
commands have `${item}` alone, which DVC quotes: `--arch NAME --seed NUMBER`. Where a path has @arch, @seed or
another of ITEM in it, that is filled in here, once the item is known to be a name or number and nothing else.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from evidrift.base.compute import load_compute, require
from evidrift.base.errors import UserError
from evidrift.base.grid import NAME, SEEDS

# Options of an item of the grid: what the scripts call it, what it must look like, and that in words.
ITEM = {
    "arch": ("architecture", NAME, "a name of small letters, digits and _, such as densenet_mini"),
    "seed": ("seed", "0|[1-9][0-9]{0,9}", f"a whole number from 0 to {SEEDS - 1}"),
    "family": ("family", NAME, "a name of small letters, digits and _, such as cam"),
    "strategy": ("strategy", NAME, "a name of small letters, digits and _, such as wise"),
    "strength": ("strength", NAME, "a name of small letters, digits and _, such as low"),
}
COMMON = {
    "architecture": "its name, a file in zoo/",
    "seed": "of the training",
    "family": "the attribution family, a file in families/",
    "strategy": "of fine-tuning, a file in strategies/",
    "strength": "of the strategy, a key of its section",
    "params": "the parameter file",
    "images": "the prepared images",
    "scratch": "the folder for unfinished work",
}
WRITTEN = "to write: "  # so begins what is said of an output


def arguments(description: str | None, common: Sequence[str], **others: str) -> argparse.Namespace:
    """Read a stage's options from its command line, and see that its process computes as --params says.

    Args:
        description: what the stage does.
        common: options that several stages have, of COMMON.
        others: those of its own, with what each is; all are paths, and outputs where it begins with WRITTEN.

    Returns:
        The options; and beside them `item`, the words of the grid's item, and `inputs`, the paths that are
        read, but for the parameter file.

    Raises:
        UserError: an item is no name or no seed.
    """
    parser = argparse.ArgumentParser(description=description)
    items = {name: option for option, (name, _, _) in ITEM.items() if name in common}
    meanings = {name: COMMON[name] for name in common} | others
    for name, meaning in meanings.items():
        option = items.get(name, name)
        kind = str if name in items else Path
        parser.add_argument(f"--{option}", dest=name, type=kind, required=True, help=meaning)
    args = parser.parse_args()
    words = {option: _checked(option, getattr(args, name)) for name, option in items.items()}
    for name, value in vars(args).items():
        if isinstance(value, Path):
            setattr(args, name, _filled(value, words))
    if "seed" in common:
        args.seed = int(args.seed)
    args.item = tuple(words.values())
    read = [name for name, meaning in meanings.items() if not meaning.startswith(WRITTEN)]
    args.inputs = [getattr(args, name) for name in read if name not in (*items, "params", "scratch")]
    require(load_compute(args.params))
    return args


def _checked(option: str, value: str) -> str:
    _, pattern, meaning = ITEM[option]
    if not re.fullmatch(pattern, value) or (option == "seed" and int(value) >= SEEDS):
        raise UserError(f"--{option} is {value!r}, but must be {meaning}.")
    return value


def _filled(path: Path, words: dict[str, str]) -> Path:
    """A path with the item's words in place of @arch, @seed and the others of ITEM."""
    return Path(re.sub(rf"@({'|'.join(ITEM)})\b", lambda found: words.get(found[1], found[0]), str(path)))
