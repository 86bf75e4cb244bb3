"""Runs one stage of the study after the other, each in a fork of a process that has TensorFlow loaded."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from evidrift.repro.node import with_this_python
from tools.torture import server
from tools.torture.study import ROOT, Stage, Study

# What must never be seen where a user made no mistake in the code. "Error" alone is a word of sentences.
SPILT = re.compile(
    r"Traceback \(most recent|Segmentation fault|^Fatal Python error|core dumped", re.MULTILINE
)


class Done(NamedTuple):
    """How a run of a stage ended.

    Attributes:
        code: its exit code; negative: by that signal.
        output: what it printed, errors too.
        cpu: seconds.
        peak: bytes of memory.
        late: it was killed, for it ran longer than it may.
    """

    code: int
    output: str
    cpu: float
    peak: int
    late: bool

    @property
    def clear(self) -> bool:
        """Whether it refused to go on and said why in a sentence: no traceback, no crash, not in silence."""
        ended = 0 < self.code < 128 and not self.late
        return ended and "error: " in self.output and not SPILT.search(self.output)


@dataclass(frozen=True)
class Task:
    """What server.py is asked for."""

    module: str
    words: Sequence[str]
    folder: str
    log: str
    environment: Mapping[str, str] = field(default_factory=dict)
    shim: Sequence[str] = ()


class Runner:
    """Runs stages, one at a time, in forks of a process that has TensorFlow loaded.

    Args:
        study: what params.yaml pins the process to.
        environment: for the process, e.g. LD_PRELOAD.
    """

    def __init__(self, study: Study, environment: Mapping[str, str] | None = None) -> None:
        self._server = subprocess.Popen(  # noqa: S603
            [sys.executable, server.__file__, str(study.path / "params.yaml")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=with_this_python() | {"TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
            text=True,
        )
        self._log = Path()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._server.stdin is not None  # noqa: S101 - for mypy
        self._server.stdin.close()
        self._server.wait()

    def start(
        self,
        stage: Stage,
        place: Path,
        *,
        log: str = "",
        environment: Mapping[str, str] | None = None,
        shim: Sequence[object] = (),
    ) -> int:
        """Begin the stage's command in `place`; its process, which leads a group of its own.

        Args:
            stage: of the study.
            place: see Study.place.
            log: the file for its output, or server.BROKEN; default: a file beside `place`.
            environment: variables to add.
            shim: what the preloaded library is to do, see writes.py.
        """
        python, dash, module, *words = shlex.split(stage.cmd)
        if (python, dash) != ("python", "-m"):
            raise ValueError(stage.cmd)
        self._log = place.with_name(f"{place.name}.log")
        self._log.unlink(missing_ok=True)
        task = Task(
            module, words, str(place), log or str(self._log), environment or {}, [str(each) for each in shim]
        )
        assert self._server.stdin is not None  # noqa: S101 - for mypy
        self._server.stdin.write(json.dumps(asdict(task)) + "\n")
        self._server.stdin.flush()
        return int(self._answer()["pid"])

    def wait(self, pid: int, timeout: float) -> Done:
        """Wait for the end of what was started; end it, with what it has started, after `timeout` seconds."""
        killer = subprocess.Popen(  # noqa: S603 - a watchdog that outlives a harness that is killed
            [sys.executable, "-c", _WATCHDOG, str(pid), str(timeout)]
        )
        answer = self._answer()
        late = killer.poll() is not None
        killer.kill()
        killer.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what the stage may have left behind
        output = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        return Done(int(answer["code"]), output, answer["cpu"], int(answer["peak"]), late)

    def run(
        self,
        stage: Stage,
        place: Path,
        *,
        timeout: float = 300,
        log: str = "",
        environment: Mapping[str, str] | None = None,
        shim: Sequence[object] = (),
    ) -> Done:
        """`start` and `wait`."""
        return self.wait(self.start(stage, place, log=log, environment=environment, shim=shim), timeout)

    def _answer(self) -> dict[str, float]:
        assert self._server.stdout is not None  # noqa: S101 - for mypy
        line = self._server.stdout.readline()
        if not line:
            raise RuntimeError("The process that runs the stages has died.")
        return json.loads(line)


_WATCHDOG = """
import os, signal, sys, time
time.sleep(float(sys.argv[2]))
os.killpg(int(sys.argv[1]), signal.SIGKILL)
"""
