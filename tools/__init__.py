"""Tools for people and for make: Ctrl-C ends one as it ends a stage, also while it imports."""

import sys

from evidrift.base.process.stopping import AGAIN, stop_well

if sys.argv[0] == "-m":  # as long as `python -m tools.x` looks for x
    stop_well(AGAIN)
