"""Remotes on S3 and over SSH: packages are pinned, a missing one is named, and SSH works on loopback."""

import asyncio
import re
import threading

import pytest

from evidrift.base.errors import UserError
from evidrift.repro import remotes
from evidrift.repro.remotes import check_packages
from tests.pipeline.workplace import Workplace
from tests.places import ROOT


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(re.findall(r"^([\w-]+)(?:\[.*\])?==(\S+)$", "\n".join(lines), flags=re.M))


def test_their_packages_are_pinned_and_so_is_what_lies_underneath():
    wanted, constraints = pins("requirements-remotes.txt"), pins("constraints.txt")
    assert set(wanted) == set(remotes.PINNED)
    assert wanted.items() <= constraints.items()
    assert {"s3fs", "sshfs", "asyncssh", "bcrypt"} <= constraints.keys()


@pytest.mark.parametrize(
    ("url", "package", "wanted"),
    [
        ("s3://films/store", "dvc-s3", "-r requirements-remotes.txt -c constraints.txt"),
        ("ssh://me@host/store", "dvc-ssh", "-r requirements-remotes.txt -c constraints.txt"),
        ("gs://films/store", "dvc-gs", "dvc-gs"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, url, package, wanted):
    monkeypatch.setattr(remotes, "find_spec", lambda module: None)
    with pytest.raises(UserError) as told:
        check_packages("store", url)
    assert str(told.value) == (
        f"The DVC remote store is {url}, for which DVC needs the package {package}. Install it with: "
        f"pip install {wanted}"
    )


@pytest.mark.parametrize("url", ["/mnt/share/store", "../store", "strange://host/store"])
def test_a_folder_needs_no_package_and_an_unknown_kind_is_left_to_dvc(url):
    check_packages("store", url)


@pytest.fixture
def ssh():
    """The port of an SSH server on loopback that lets anybody in, as far as files go."""
    asyncssh = pytest.importorskip("asyncssh")

    class Open(asyncssh.SSHServer):
        def begin_auth(self, username):
            return False

    async def listen():
        key = asyncssh.generate_private_key("ssh-ed25519")
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Open, server_host_keys=[key], sftp_factory=True
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    yield server.get_port()
    server.close()
    asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.mark.slow
def test_outputs_are_shared_over_ssh(ssh, tmp_path):
    pytest.importorskip("dvc_ssh", reason="pip install -r requirements-remotes.txt -c constraints.txt")
    (tmp_path / "here").mkdir()
    here = Workplace(tmp_path / "here")
    here.run("git", "init", "--quiet")
    here.run("dvc", "init", "--quiet")
    (here.path / "film.png").write_bytes(b"grey")
    here.run("dvc", "add", "--quiet", "film.png")
    here.run("dvc", "remote", "add", "--default", "store", f"ssh://me@127.0.0.1:{ssh}{tmp_path}/store")
    here.run("dvc", "config", "remote.store.verify", "true")
    here.run("dvc", "push")
    here.commit("a film")
    there = here.clone(tmp_path / "there")
    there.run("dvc", "pull")
    assert (there.path / "film.png").read_bytes() == b"grey"
