"""Write docs/audit.schema.json, the JSON schema of audit.json.

python -m tools.audit_schema
"""

from pathlib import Path

from evidrift.auditing.recording.filed import schema
from evidrift.base.json import write_json

FILE = Path(__file__).resolve().parent.parent / "docs" / "audit.schema.json"


def main() -> None:
    """Write it."""
    write_json(FILE, schema())


if __name__ == "__main__":
    main()
