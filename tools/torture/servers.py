"""Remotes behind servers on loopback: S3, read-only HTTP, and those that are down, hang or let nobody in."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.torture.dvc_project import N_OBJECTS, Done, Project, copied
from tools.torture.row import Row

SECRET = "hush-4d8f1c-nobody-may-see-this"  # noqa: S105 - planted, to be searched for
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
NO_KEYS = {"AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true"}
TIMEOUT = "2"  # seconds: the default of both S3 and HTTP is 60


def rows(finished: Project, place: Path, n: int) -> Iterator[Row]:
    """All of them."""
    with s3() as endpoint:
        yield round_trip(finished, place / "s3", endpoint)
        yield from broken_bucket(finished, place / "broken", endpoint, n)
    with s3(INITIAL_NO_AUTH_ACTION_COUNT="0") as endpoint:  # asks for keys
        yield shut(finished, place / "shut", endpoint)
    yield read_only(finished, place / "http")
    yield from silent(finished, place / "silent")


@contextlib.contextmanager
def s3(**environment: str) -> Iterator[str]:
    """The address of an S3 server."""
    with served("-m", "moto.server", "-H", "127.0.0.1", "-p", env=environment) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def served(*words: str, folder: Path | None = None, env: dict[str, str] | None = None) -> Iterator[int]:
    """A server of Python's in a process of its own; its port, which is the last word of its command."""
    port = free_port()
    command = [sys.executable, *words, str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = {**os.environ, **(env or {})}
    with subprocess.Popen(command, cwd=folder, env=env, **quiet) as process:  # type: ignore[call-overload] # noqa: S603
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.kill()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def client(endpoint: str) -> Any:
    """To do to the bucket what DVC would not."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


def in_bucket(finished: Project, place: Path, endpoint: str, name: str) -> Project:
    """A copy of the project whose remote is a bucket of its own; the keys in config.local."""
    client(endpoint).create_bucket(Bucket=name)
    project = copied(finished, place)
    project.remote(f"s3://{name}/study", endpointurl=endpoint, verify="true")
    project.commit()
    with_keys(project)
    return project


def with_keys(project: Project) -> None:
    """The keys where `dvc remote modify --local` writes them."""
    keys = f"['remote \"store\"']\n    access_key_id = test\n    secret_access_key = {SECRET}\n"
    (project.path / ".dvc" / "config.local").write_text(keys)


def round_trip(finished: Project, place: Path, endpoint: str) -> Row:
    """Push, clone, pull, run: nothing runs again; and the secret stands nowhere but in config.local."""
    project = in_bucket(finished, place / "project", endpoint, "round")
    project.environment |= KEYS
    pushed = project.dvc("push", "--run-cache")
    project.commit()
    clones = {name: project.clone(place / name) for name in ("pulled", "pulling")}
    for clone in clones.values():
        with_keys(clone)
    done = [pushed, clones["pulled"].dvc("pull"), clones["pulled"].repro()]
    done += [clones["pulling"].dvc("repro", "--pull"), project.doctor()]
    well = all(each.code == 0 for each in done)
    for clone in clones.values():
        well = well and clone.contents() == project.contents() and clone.ran() == []
    told = [each.words for each in done]
    places = [where for each in (project, *clones.values()) for where in leaks(each)]
    leaked = places + [words for words in told if SECRET in words]
    note = (
        f"{N_OBJECTS} objects; nothing ran again; the secret is in no file that git or DVC keeps, and no log"
    )
    return Row("S3: push, clone, pull, repro --pull", 1, int(well and not leaked), " ".join(leaked) or note)


def leaks(project: Project) -> list[str]:
    """Where the secret stands, but in config.local."""
    own = project.path / ".dvc" / "config.local"
    site = Path(project.environment["DVC_SITE_CACHE_DIR"])
    files = (file for root in (project.path, site) for file in root.rglob("*") if file.is_file())
    found = [str(file) for file in files if file != own and SECRET.encode() in file.read_bytes()]
    listed = project.git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return found + ["git"] * (SECRET in project.git("log", "--all", "-p") or ".dvc/config.local" in listed)


def broken_bucket(finished: Project, place: Path, endpoint: str, n: int) -> Iterator[Row]:
    """An object of the bucket overwritten or gone, a push killed: what a clone then gets."""
    for kind in ("overwritten", "missing", "killed"):
        harmless, words = 0, ""
        for number in range(n):
            here, bucket = place / f"{kind}-{number}", f"{kind}-{number}"
            project = in_bucket(finished, here / "project", endpoint, bucket)
            start = time.monotonic()
            project.dvc("push", kill_after=0.3 + number % 10 / 5 if kind == "killed" else None)
            took = time.monotonic() - start
            if kind == "killed":
                project.dvc("push")
            else:
                _break(client(endpoint), bucket, kind, number)
            clone = project.clone(here / "clone")
            with_keys(clone)
            pulled = clone.dvc("pull")
            right = clone.contents() == project.contents()
            words = _error(pulled) if pulled.code else words
            safe = pulled.clear and (pulled.code != 0 or right)
            seen = project.doctor().code == (0 if pulled.code == 0 and right else 1)
            project.doctor(fix=True)
            after = project.clone(here / "after")
            with_keys(after)
            mended = after.dvc("pull").code == 0 and after.contents() == project.contents()
            harmless += safe and seen and mended and took < 600
        what = "a push to S3 killed" if kind == "killed" else f"an object in S3 {kind}"
        yield Row(what, n, harmless, f"DVC: {words}" if words else "")


def _break(s3: Any, bucket: str, kind: str, number: int) -> None:
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    key = keys[number * 7 % len(keys)]
    if kind == "missing":
        s3.delete_object(Bucket=bucket, Key=key)
    else:
        body = bytearray(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        body[len(body) // 2] ^= 1
        s3.put_object(Bucket=bucket, Key=key, Body=bytes(body))


def shut(finished: Project, place: Path, endpoint: str) -> Row:
    """Keys that are missing, and keys that are wrong."""
    project = copied(finished, place / "project")
    project.remote("s3://shut/study", endpointurl=endpoint)
    project.commit()
    told = {}
    project.environment |= NO_KEYS
    told["no keys"] = _pull_into(project, place / "none")
    project.environment |= KEYS | {"AWS_ACCESS_KEY_ID": "wrong"}
    told["wrong keys"] = _pull_into(project, place / "wrong")
    return _told("S3 without keys, with wrong ones", told)


def read_only(finished: Project, place: Path) -> Row:
    """A folder that a web server shows: clones pull from it, and nobody can push."""
    project = copied(finished, place / "project")
    store = place / "store"
    project.remote(str(store))
    project.dvc("push")
    with served("-m", "http.server", "--bind", "127.0.0.1", folder=store) as port:
        project.remote(f"http://127.0.0.1:{port}", verify="true")
        project.commit()
        clone = project.clone(place / "clone")
        pulled = clone.dvc("pull")
        same = clone.contents() == project.contents() and clone.repro().code == 0 and clone.ran() == []
        seen = project.doctor().code == 0
        victim = next(file for file in sorted(store.rglob("*")) if file.is_file() and file.stat().st_size > 9)
        victim.unlink()
        refused, fixed = project.doctor(), project.doctor(fix=True)
        clear = refused.code == 1 and fixed.code == 1 and fixed.clear and "does not take" in fixed.words
    well = pulled.code == 0 and same and seen and clear
    return Row("a read-only HTTP remote", 1, int(well), "pulled from a clone, nothing ran again")


def silent(finished: Project, place: Path) -> Iterator[Row]:
    """Servers that are down or that hang."""
    with socket.create_server(("127.0.0.1", 0)) as hangs:  # takes calls, and never answers
        ports = {"is down": free_port(), "hangs": hangs.getsockname()[1]}
        for how, port in ports.items():
            told = {}
            for scheme, url in (("s3", "s3://bucket/study"), ("http", f"http://127.0.0.1:{port}")):
                project = copied(finished, place / f"{how}-{scheme}")
                project.environment |= KEYS | {"AWS_MAX_ATTEMPTS": "1"}  # else it is asked again for minutes
                settings = {"read_timeout": TIMEOUT, "connect_timeout": TIMEOUT}
                settings |= {"endpointurl": f"http://127.0.0.1:{port}"} if scheme == "s3" else {}
                project.remote(url, **settings)
                project.commit()
                start = time.monotonic()
                done = _pull_into(project, place / f"{how}-{scheme}-clone")
                told[f"{scheme}, {time.monotonic() - start:.0f} s"] = done
                doctor = project.doctor()
                told[f"doctor, {scheme}"] = doctor._replace(
                    code=doctor.code if "remote" in doctor.words else 70
                )
            yield _told(f"a remote that {how} (timeouts of {TIMEOUT} s)", told)


def _pull_into(project: Project, place: Path) -> Done:
    """A pull into a clone, which must leave the clone's files as they are."""
    clone = project.clone(place)
    before = clone.contents()
    done = clone.dvc("pull")
    return done if clone.contents() == before else Done(70, done.words)


def _told(what: str, told: dict[str, Done]) -> Row:
    harmless = sum((done.clear and 0 < done.code < 70) or done.code == 255 for done in told.values())
    words = "; ".join(f"{how}: {_error(done)}" for how, done in told.items() if "doctor" not in how)
    return Row(what, len(told), harmless, words)


def _error(done: Done) -> str:
    """The first error in what was printed."""
    lines = [line.strip() for line in done.words.splitlines()]
    return next((line for line in lines if "ERROR" in line or "rror:" in line), "")[:200].replace("|", "/")
