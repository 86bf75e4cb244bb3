"""What the files of models/<architecture> are called. Needs no TensorFlow.

models/<architecture>/backbone.weights.h5, and for each seed two folders, the checkpoints:
models/<architecture>/<seed>/tl with the head's weights, .../ft with the whole network's; each with its logits
of the test split. A treated checkpoint, data/treated/<architecture>/<strategy>-<strength>/<seed>, is a folder
like .../ft.
"""

from pathlib import Path

from evidrift.base.schema import Schema, columns

BACKBONE = "backbone.weights.h5"
HEAD = "head.weights.h5"
NETWORK = "network.weights.h5"
PREDICTIONS = "predictions.parquet"
# And a column a class, its logit: `logit_<class>`, float32.
PREDICTION_COLUMNS: Schema = columns(str, "", "image_id", "label")
LOGIT = "logit_"
# By checkpoint, the stage that writes its folder.
STAGES = {"tl": "train_tl", "ft": "finetune"}
TREAT = "treat"
# In the metrics of a training: the checksum of its history, the only one of a list.
HISTORY = "history_sha256"


def written_by(folder: Path) -> str:
    """The stage that writes a checkpoint's folder: `tl`, `ft`, or that of a treated one, a seed."""
    return STAGES.get(folder.name, TREAT)
