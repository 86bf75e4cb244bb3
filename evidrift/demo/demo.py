"""A folder with all that an audit needs, for those who want to see one before they bring their own."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.demo.films import FILES, GATE, MODELS, RECIPE, put, write_films
from evidrift.prepare.phantoms.recipe import load_recipe

if TYPE_CHECKING:
    from evidrift.auditing.result import AuditResult

FILMS, AUDIT = "films", "audit"
LETTER = "reliance.spike_new_flips_at_most"


@dataclass(frozen=True)
class Demo:
    """The demo's folder.

    Attributes:
        folder: with the models `in_use.keras` and `candidate.keras`, `gate.yaml`, `films/` and `audit/`.
        n_films: in it.
    """

    folder: Path
    n_films: int

    @property
    def options(self) -> dict[str, Path]:
        """What is audited, by the options' names."""
        names = {"before": MODELS[0], "after": MODELS[1], "images": FILMS, "gate": GATE, "out": AUDIT}
        return {option: self.folder / name for option, name in names.items()}

    @property
    def command(self) -> str:
        """What to type for the same audit."""
        words = [word for option, path in self.options.items() for word in (f"--{option}", str(path))]
        return shlex.join(["evidrift", "audit", *words])

    def audit(self, quiet: bool) -> "AuditResult":
        """Audit the candidate against the model in use."""
        from evidrift.auditing.audit import audit

        before, after, images, gate, out = self.options.values()
        return audit(before, after, images, gate=gate, out=out, quiet=quiet)


def write_demo(folder: Path) -> Demo:
    """Put the models, the gate and the films into a folder.

    Args:
        folder: new, empty, or that of an earlier demo.

    Raises:
        UserError: it holds something else, or one of the demo's files that was changed.
    """
    own = {*MODELS, GATE, FILMS, AUDIT}
    others = sorted({each.name for each in folder.iterdir()} - own) if folder.is_dir() else []
    if others or (folder.exists() and not folder.is_dir()):
        told = "{folder} holds other things than a demo{first}. Give a new folder ({out})."
        first = f": {others[0]}" if others else ""
        raise UserError(say(told, folder=folder, first=first, out=parameter("out")))
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*MODELS, GATE):
        put(folder / name, (FILES / name).read_bytes())
    return Demo(folder, write_films(folder / FILMS, load_recipe(RECIPE)))


def moral(found: "AuditResult") -> str:
    """What the audit of the demo shows, in a few sentences."""
    table = found.performance
    whole = table[(table["measure"] == "accuracy") & table["label"].isna() & table["column"].isna()]
    before, after = (whole.set_index("part")["value"][part] for part in ("before 1", "after 1"))
    turned = next((check.value for check in found.checks if check.name == LETTER), None)
    told = [f"The candidate is right on {after:.0%} of the films, the model in use on {before:.0%}."]
    if turned is not None and found.outcome == "failed":
        told.append(
            "By accuracy alone it would go into service. But a letter of lead painted into a corner of a "
            f"film that has none turns {turned:.0%} of its predictions, and did not so turn those of the "
            "model in use: it learned to read the letter, not the lungs. So the gate fails."
        )
    return " ".join(told)
