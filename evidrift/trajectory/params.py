"""Parameters of the stage trajectory."""

from pathlib import Path

from evidrift.base.choices import Area, Batch, Choices, Distinct, Images
from evidrift.base.grid import Seed
from evidrift.base.section import Section, load_section
from evidrift.families.cam import Method


class Trajectory(Section):
    """Along which trainings drift is followed, epoch by epoch.

    Attributes:
        seeds: of the grid's, whose fine-tuning is followed; none switches it off.
        images_per_class: validation images of each class, as far as there are.
        methods: of the attribution family cam, at `penultimate`, of the centred logit of the image's label.
        area: share of the image's area for `moved_share`; its own, so that another drift.area runs no
            network.
        batch_size: images per pass.
    """

    seeds: Distinct[list[Seed]]
    images_per_class: Images
    methods: Choices[list[Method]]
    area: Area
    batch_size: Batch


def load_trajectory(path: Path) -> Trajectory:
    """The section `trajectory` of a parameter file."""
    return load_section(path, Trajectory, "trajectory")
