"""The study on this machine's cores."""


def repro(targets: list[str], jobs: int | None, *, quiet: bool) -> int:
    """Not written yet."""
    raise NotImplementedError
