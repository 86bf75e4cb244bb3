"""Put on PYTHONPATH by the tiny study: each stage's process leaves a list of the modules that it loaded."""

import atexit
import json
import os
import sys
from pathlib import Path


def _leave_modules() -> None:
    main = sys.modules["__main__"]
    name = getattr(getattr(main, "__spec__", None), "name", "") or ""
    if name.startswith("stages."):
        loaded = sorted(set(sys.modules) | {name})
        folder = Path(os.environ["EVIDRIFT_TRACE"])
        (folder / f"{name}-{os.getpid()}.json").write_text(json.dumps({"argv": sys.argv, "modules": loaded}))


if "EVIDRIFT_TRACE" in os.environ:
    atexit.register(_leave_modules)
