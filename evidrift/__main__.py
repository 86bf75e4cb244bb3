"""`python -m evidrift`, the same as the command `evidrift`."""

from evidrift.cli.main import main

main()
