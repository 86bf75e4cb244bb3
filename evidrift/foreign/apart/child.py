"""The process apart that reads model files of strangers: asked by lines, it answers by lines.

Three open files are all that it has: requests, a line of JSON each; replies, likewise; and a file without a
name, into which it writes the values of the models' variables. It has TensorFlow imported, but not started,
and opens no model itself: the requests of one command go to a fork of it, which is closed in first. An empty
line ends them.
"""

import json
import os
import select
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidrift.base.process.confining import Limits, confine, die_with_parent, limit

IDLE = 120  # seconds without a request, after which it ends
QUIET = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "HDF5_PLUGIN_PRELOAD": "::",  # HDF5's word for none
}


def serve(requests: int, replies: int, values: int) -> None:
    """Have each command's requests answered, until there are no more; the arguments are open files."""
    die_with_parent()
    os.environ.update(QUIET)
    import evidrift.networks.import_tensorflow  # noqa: F401

    while select.select([requests], [], [], IDLE)[0]:
        first = _line(requests)
        if first is None:
            return
        if first == b"":
            continue
        reader = os.fork()
        if reader == 0:
            _read(first, requests, replies, values)
        code = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
        if code:
            _say(replies, {"died": code})


def _read(line: bytes | None, requests: int, replies: int, values: int) -> None:
    """In the fork: answer one command's requests, the first of which was read already, and end."""
    code = 1
    try:
        die_with_parent()
        import evidrift.networks.start_tensorflow  # noqa: F401, I001 - first, before TensorFlow
        import keras

        keras.ops.convert_to_numpy(keras.ops.add(keras.ops.ones(1), 1))  # TensorFlow starts its threads
        missing = confine()
        written = 0
        while line:
            answer, data = _answer(json.loads(line), missing)
            answer["start"] = written
            for each in data:
                written = _write(values, each, written)
            _say(replies, answer)
            line = _line(requests)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _answer(request: Mapping[str, Any], missing: list[str]) -> tuple[dict[str, Any], list[Any]]:
    import numpy as np

    from evidrift.base.errors import UserError
    from evidrift.base.sentence import as_json
    from evidrift.foreign.files import load_model_file
    from evidrift.foreign.opening import open_file

    missing = [*missing, *limit(Limits(request["memory"], request["seconds"]), request["to_write"])]
    try:
        opened = open_file(Path(request["path"]), request["architecture"], request["size"])
        load_model_file(opened)  # all that is made of it: what does not end well shall not do so elsewhere
        data = [np.asarray(variable, order="C") for variable in opened.classifier.variables]
    except UserError as error:
        return {"told": as_json(error.told)}, []
    except MemoryError:
        return {"memory": True}, []
    except Exception as error:
        name = type(error).__name__
        return ({"memory": True} if name == "ResourceExhaustedError" else {"broke": name}), []
    found = {
        "sha256": opened.sha256,
        "saved": list(opened.saved),
        "described": opened.described,
        "architecture": opened.architecture,
        "outputs": int(opened.classifier.outputs[0].shape[-1]) if opened.architecture else None,
        "arrays": [[str(each.dtype), list(each.shape)] for each in data],
        "missing": missing,
    }
    return found, data


def _line(requests: int) -> bytes | None:
    """The next line, and nothing of what follows; None at the end."""
    read = b""
    while not read.endswith(b"\n"):
        letter = os.read(requests, 1)
        if not letter:
            return None
        read += letter
    return read[:-1]


def _say(replies: int, answer: dict[str, Any]) -> None:
    left = memoryview(json.dumps(answer).encode() + b"\n")
    while left:
        left = left[os.write(replies, left) :]


def _write(values: int, data: Any, at: int) -> int:
    left = memoryview(data.reshape(-1).view("u1"))
    while left:
        n_written = os.pwrite(values, left, at)
        left, at = left[n_written:], at + n_written
    return at


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
