"""Ten minutes of changed files for every reader: a reader refuses them in a sentence, or reads them.

Hypothesis draws the changes, seeded. Each reader is fuzzed in a process of its own, so that a decoder that
breaks is a finding like any other. What was found is kept in scratch/fuzz.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import hypothesis
from hypothesis import strategies as st

from tools.torture.fuzzing.subjects import Subject, subjects
from tools.torture.row import Row

SECONDS = 600
FEW = 100  # files a reader, in a small run
BATCH = 500
KEPT = Path("scratch/fuzz")
MEMORY = 6 << 30  # bytes: what a machine for tests has; a reader that asks for more is a finding


def run(full: bool) -> list[Row]:
    """Fuzz every reader; a small run spares that of model files, which starts TensorFlow."""
    return [
        fuzz(subject, SECONDS if full else None) for subject in [*subjects(), *(_models() if full else [])]
    ]


def fuzz(subject: Subject, seconds: float | None) -> Row:
    """Read changed files for so many seconds; without, FEW of them, the same in every run."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        place = Path(name)
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders complain of every file
            try:
                _read_many(subject, place, seconds)
                os._exit(0)
            except BaseException as error:
                print(f"  {subject.name}: {error!r}", flush=True)
                os._exit(99)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        n = int((place / "count").read_text(encoding="ascii"))
        found = sorted(each.name for each in place.glob("found*"))
        if code:
            found.append(f"found DIED of {-code}")
            shutil.copy2(next(place.glob("tried*")), place / "found-died")
        if found:
            KEPT.mkdir(parents=True, exist_ok=True)
            for path in place.glob("found*"):
                shutil.copy2(path, KEPT / f"{subject.name.replace(' ', '-')}-{path.name}")
        longest = (place / "longest").read_text(encoding="ascii")
        note = "; ".join([f"at most {longest} s a file", *(each.removeprefix("found ") for each in found)])
        return Row(f"fuzz: {subject.name}", n, n - len(found), note[:400])


def _read_many(subject: Subject, place: Path, seconds: float | None) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    until = None if seconds is None else time.monotonic() + seconds
    seen: Counter[str] = Counter()
    counted, longest = [0], [0.0]

    def read(random: Random) -> None:
        if until and time.monotonic() > until:
            return
        ending, data = random.choice(subject.seeds)
        try:
            changed = subject.change(ending)(data, random)
        except Exception:  # what the changes make is not always a file
            return
        path = place / f"tried{ending}"
        path.write_bytes(changed)
        counted[0] += 1
        if counted[0] % 50 == 1:
            _note(place, counted[0], longest[0])
        began = time.process_time()
        try:
            subject.read(path)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            ours = next((each for each in reversed(where) if "/evidrift/" in each.filename), where[-1])
            told = f"found {type(error).__name__} in {Path(ours.filename).name} line {ours.lineno}"
            if not seen[told]:
                shutil.copy2(path, place / told)
                print(f"  {subject.name}: {told}: {str(error)[:200]!a}", flush=True)
            seen[told] += 1
        longest[0] = max(longest[0], time.process_time() - began)
        path.unlink(missing_ok=True)

    for number in range(1 << 30):
        _batch(read, number, BATCH if until else FEW)
        if until is None or time.monotonic() > until:
            break
    _note(place, counted[0], longest[0])


def _note(place: Path, n: int, longest: float) -> None:
    (place / "count").write_text(str(n), encoding="ascii")
    (place / "longest").write_text(f"{longest:.1f}", encoding="ascii")


def _batch(read: Callable[[Random], None], number: int, n: int) -> None:
    settings = hypothesis.settings(
        max_examples=n,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    given = hypothesis.given(random=st.randoms(use_true_random=True))
    hypothesis.seed(number)(settings(given(lambda random: read(random))))()


def _models() -> list[Subject]:
    from tools.torture.fuzzing.models import model_files

    return [model_files()]


def only(name: str, seconds: float) -> None:
    """One reader alone, for whoever looks into it."""
    chosen = [each for each in subjects() if each.name == name] or _models()
    print(fuzz(chosen[0], seconds), flush=True)


if __name__ == "__main__":
    only(sys.argv[1], float(sys.argv[2]))
