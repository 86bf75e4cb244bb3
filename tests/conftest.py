"""Two cores share the tests: those that share something costly stay together, the longest come first."""

import signal
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

# Folders whose files share a fixture of the session.
TOGETHER = ("tests/pipeline", "tests/full", "tests/browser", "tests/peers")
# Files of these folders that do without it, so that the other core may take them.
APART = tuple(
    f"tests/pipeline/test_{name}.py" for name in ("bad_input", "commands", "full_network", "logs", "reruns")
)
# By `pytest --durations`: begun early, so that neither core waits for them at the end.
LONGEST = (
    "tests/pipeline",
    "tests/pipeline/test_reruns.py",
    "tests/pipeline/test_full_network.py",
    "tests/test_planted_drift.py",
    "tests/test_shortcut.py",
    "tests/full",
)

# Under nohup, or in the background of a shell, these are ignored, and by whatever the tests start as well.
for kind, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(kind) is signal.SIG_IGN:
        signal.signal(kind, usual)

# A property that fails is found by few examples; more of them would say the same more slowly.
settings.register_profile("few", max_examples=15, deadline=None)
settings.load_profile("few")


class _Together(LoadScopeScheduling):
    """Gives a worker one file after the other, or what is left of one folder of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """See `make test`."""
    return _Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    groups = [_group(item.nodeid) for item in items]
    rank = {name: place for place, name in enumerate(LONGEST)}
    order = sorted(range(len(items)), key=lambda at: rank.get(groups[at], len(rank)))
    items[:] = [items[at] for at in order]


def _group(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    if file in APART:
        return file
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)
