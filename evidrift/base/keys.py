"""What the parameter file calls the things that a user can set, by the library's names for them."""

from evidrift.base.sentence import Spelling

KEYS = {
    "layer": "explain.cam.layers",
    "images": "prepare.manifest",  # where a manifest of them is meant
    "manifest": "prepare.manifest",
    "min_patients": "compare.min_patients",
    "margin": "compare.margin",
}

# How the pipeline's terminal, tables and metrics spell a sentence.
PIPELINE = Spelling(parameter=lambda name: KEYS.get(name, name))
