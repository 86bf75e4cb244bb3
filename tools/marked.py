"""A page with a section between two marks, which a script writes anew."""

from pathlib import Path

from evidrift.base.errors import UserError


def write_between(page: Path, mark: str, text: str) -> None:
    """Put a text between `<!-- mark -->` and `<!-- /mark -->`, in place of what stands there.

    Raises:
        UserError: the page has not both of them.
    """
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise UserError(f"{page} has no lines {start.strip()} and {end} for the text to stand between.")
    page.write_text(f"{before}{start}{text}{end}{after}", encoding="utf-8")
