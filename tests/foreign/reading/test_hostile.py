"""Hostile files end as one sentence, cheaply, before anything in them is made, opened or run."""

import os
import resource
import socket
import sys

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.errors import UserError
from evidrift.foreign.opening import open_file
from tools.torture.hostile import archives, functions, links, sizes
from tools.torture.hostile.making import Place

MB = 1024**2
# Files that take seconds to make, or that only a process apart can be trusted with: tools/torture/models.py.
LONG = (
    *("60,000", "210,000", "3.9 GiB", "MB of", "four million", "600", "5,000", "longer", "hours", "nested"),
    *("weights: of nothing", "pipe"),
)
# What is hostile in them is left out, and the rest is a model.
READ = (
    *("functions as initialiser", "code in the loss", "a member", "assets", "names with terminal"),
    *("attention of every place", "a group in itself"),
)
CASES = {
    name: make
    for module in (functions, sizes, links, archives)
    for name, make in module.CASES.items()
    if not any(part in name for part in LONG)
}


@pytest.fixture(scope="module")
def tried():
    """What Python opened to write, started or connected to, by this module's own hook."""
    seen: list[str] = []
    on = [True]

    def watch(event, args):
        if not on[0]:
            return
        writes = (
            event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if event.startswith(("socket.connect", "subprocess", "os.system", "os.exec", "os.posix_spawn")) or (
            writes and not isinstance(args[0], int)
        ):
            seen.append(f"{event} {args[0]}")

    sys.addaudithook(watch)
    yield seen
    on[0] = False


@pytest.fixture(scope="module")
def server():
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_does_nothing_and_is_refused_in_a_sentence(name, tmp_path, tried, server, monkeypatch):
    for folder in ("given", "work"):
        (tmp_path / folder).mkdir()
    victim = tmp_path / "victim.txt"
    victim.write_text("words\n" * 100)
    url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
    place = Place(tmp_path / "given", victim, tmp_path / "owned", url, tmp_path / "pipe")
    path = CASES[name](place)
    files = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path / "work")
    before, settings = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, state()
    tried.clear()
    try:
        opened = open_file(path, "densenet_mini", 64)
    except UserError as error:
        assert str(path) in str(error)
        assert len(str(error)) < 1000
        assert not name.startswith(READ)
    else:
        assert name.startswith(READ)
        opened.classifier(np.zeros((1, 16, 16, 3), "float32"), training=False)
    assert tried == []
    assert state() == settings
    assert sorted(tmp_path.rglob("*")) == files
    assert victim.read_text() == "words\n" * 100
    with pytest.raises(BlockingIOError):
        server.accept()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024  # kB


def state():
    config = keras.config
    return (config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy().name)
