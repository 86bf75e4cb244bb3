"""The process that reads model files of strangers: asked by lines, it answers by lines.

Three open files are all that it has: requests, a line of JSON each; replies, likewise; and a file without a
name, into which it writes the values of the models' variables, one after the other.
"""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidrift.foreign.apart.sealing import die_with_parent, limit, limits_for, seal

QUIET = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "HDF5_PLUGIN_PRELOAD": "::",  # HDF5's word for none
}


def serve(requests: int, replies: int, values: int) -> None:
    """Answer until there are no more requests; the arguments are open files."""
    die_with_parent()
    os.environ.update(QUIET)
    import evidrift.networks.start_tensorflow  # noqa: F401, I001 - first, before TensorFlow
    import keras

    keras.ops.convert_to_numpy(keras.ops.add(keras.ops.ones(1), 1))  # TensorFlow starts its threads
    missing = seal()
    written = 0
    with os.fdopen(requests, "rb") as asked, os.fdopen(replies, "wb") as answers:
        for line in asked:
            request = json.loads(line)
            answer, data = _answer(request, missing)
            answer["start"] = written
            for each in data:
                written = _write(values, each, written)
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()


def _answer(request: Mapping[str, Any], missing: list[str]) -> tuple[dict[str, Any], list[Any]]:
    import numpy as np

    from evidrift.base.errors import UserError
    from evidrift.base.sentence import as_json
    from evidrift.foreign.files import load_model_file
    from evidrift.foreign.opening import open_file

    path = Path(request["path"])
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        missing = [*missing, *limit(limits_for(size), request["to_write"])]
    try:
        opened = open_file(path, request["architecture"], request["size"])
        load_model_file(opened)  # all that is made of it: what does not end well shall not do so here alone
        data = [np.ascontiguousarray(variable) for variable in opened.classifier.variables]
    except UserError as error:
        return {"told": as_json(error.told)}, []
    except MemoryError:
        return {"memory": True}, []
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":
            return {"memory": True}, []
        return {"broke": type(error).__name__}, []
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


def _write(values: int, data: Any, at: int) -> int:
    left = memoryview(data.reshape(-1).view("u1"))
    while left:
        n_written = os.pwrite(values, left, at)
        left, at = left[n_written:], at + n_written
    return at


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
