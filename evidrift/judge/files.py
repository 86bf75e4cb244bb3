"""What the folders of data/judged/<architecture>/<strategy>-<strength> are called. Needs no TensorFlow.

maps/<seed>-<family>.h5 are map files, see `maps.mapfile`; checks/ holds the tables of `check.tables`.
"""

MAPS, CHECKS = "maps", "checks"
STAGE = "judge"
