"""A page with a section between two marks, which a script writes anew."""

from pathlib import Path

from evidrift.base.errors import UserError


def write_between(page: Path, mark: str, text: str) -> None:
    """Put a text between `<!-- mark -->` and `<!-- /mark -->`, in place of what stands there.

    Raises:
        UserError: the page has not both of them.
    """
    before, _, after = _parts(page, mark)
    page.write_text(f"{before}{text}{after}", encoding="utf-8")


def read_between(page: Path, mark: str) -> str:
    """The text between the two marks; see `write_between`."""
    return _parts(page, mark)[1]


def _parts(page: Path, mark: str) -> tuple[str, str, str]:
    """What stands before the text, the text, and what stands behind; the marks are no part of it."""
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    text, closed, after = rest.partition(end)
    if not (found and closed):
        raise UserError(f"{page} has no lines {start.strip()} and {end} for the text to stand between.")
    return before + start, text, end + after
