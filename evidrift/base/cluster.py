"""What a branch of the study asks of a node of a cluster."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.section import Section, load_section


class Cluster(Section):
    """What a branch of the study asks of a node, beside `compute.threads` cores."""

    gpus: Annotated[float, Field(ge=0, le=64)]
    memory_gb: Annotated[float, Field(gt=0, le=65_536)]


def load_cluster(path: Path) -> Cluster:
    """The section `cluster` of a parameter file."""
    return load_section(path, Cluster, "cluster")
