"""What a branch of the study asks of a node of a cluster."""

from pathlib import Path

from pydantic import NonNegativeFloat, PositiveFloat

from evidrift.base.section import Section, load_section


class Cluster(Section):
    """What a branch of the study asks of a node, beside `compute.threads` cores."""

    gpus: NonNegativeFloat
    memory_gb: PositiveFloat


def load_cluster(path: Path) -> Cluster:
    """The section `cluster` of a parameter file."""
    return load_section(path, Cluster, "cluster")
