"""Two cores share the tests: those that share something costly stay together, the longest come first."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# Folders whose files share a fixture of the session.
TOGETHER = ("pipeline", "browser", "peers")
# By `pytest --durations`: begun early, so that neither core waits for them at the end.
LONGEST = ("pipeline", "test_planted_drift.py", "test_shortcut.py", "models/test_zoo_explained.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for `--dist loadgroup`, see `make test`."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: LONGEST.index(_group(item)) if _group(item) in LONGEST else len(LONGEST))


def _group(item: pytest.Item) -> str:
    path = item.path.relative_to(ROOT).as_posix()
    folder = path.partition("/")[0]
    return folder if folder in TOGETHER else path
