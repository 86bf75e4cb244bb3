"""One case of an audit as a picture."""

import io
from dataclasses import dataclass
from pathlib import Path

from evidrift.base.files.writing import write_bytes
from evidrift.report.figures.panels import Case, Heading, case_panel


@dataclass(frozen=True)
class CaseView:
    """One film with the evidence before and after; a notebook shows it as a picture.

    Attributes:
        case: what is shown.
        heading: above it.
        area: share of the image inside the outlines.
    """

    case: Case
    heading: Heading
    area: float

    def png(self) -> bytes:
        """The picture."""
        file = io.BytesIO()
        case_panel([self.case], self.heading, self.area, file)
        return file.getvalue()

    def save(self, path: str | Path) -> None:
        """Write the picture."""
        write_bytes(Path(path), self.png())

    def _repr_png_(self) -> bytes:
        return self.png()
