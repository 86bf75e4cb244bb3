"""What the tests of networks in which nothing is rectified share."""

SMALL = 64  # px
UNRECTIFIED = ("convnext_tiny", "efficientnetv2_b0")
