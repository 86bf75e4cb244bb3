#!/bin/sh
# Put a retrained model into service, if its gate is passed:
#     docs/release/release.sh CANDIDATE.keras FILMS [GATE.yaml]
# The model in use is released.keras in the current folder. Exit code 0 only if it was replaced: a gate that
# could not be judged releases nothing.
set -u
candidate=$1
films=$2
gate=${3:-$(dirname "$0")/gate.yaml}

evidrift audit --before released.keras --after "$candidate" --images "$films" --gate "$gate" --out audit
case $? in
  0)
    cp "$candidate" released.keras
    echo "released: $candidate"
    ;;
  1)
    echo "stopped: the gate failed; audit/report.html shows the films behind it" >&2
    exit 1
    ;;
  *)
    echo "stopped: the gate could not be judged; a person must decide" >&2
    exit 1
    ;;
esac
