"""How far the visual evidence behind an image classifier moves when it is fine-tuned."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidrift.auditing.audit import audit

__all__ = ["audit"]


def __getattr__(name: str) -> Any:
    """`from evidrift import audit`, without importing TensorFlow for anything else."""
    if name == "audit":
        from evidrift.auditing.audit import audit

        return audit
    raise AttributeError(f"module 'evidrift' has no attribute {name!r}")
