"""Networks of keras.applications are built once for all tests that ask about them."""

import pytest

from evidrift.networks.backbone import build_backbone
from tests.full.sizes import SMALL, UNRECTIFIED


@pytest.fixture(scope="session")
def trunks():
    """ConvNeXt's and EfficientNetV2's trunks for small images; their weights are only to be read."""
    return {name: build_backbone(name, SMALL, {}) for name in UNRECTIFIED}
