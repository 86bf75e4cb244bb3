"""What the files of models/<architecture> are called. Needs no TensorFlow.

models/<architecture>/backbone.weights.h5, and for each seed two folders, the checkpoints:
models/<architecture>/<seed>/tl with the head's weights, .../ft with the whole network's; each with its logits
of the test split.
"""

BACKBONE = "backbone.weights.h5"
HEAD = "head.weights.h5"
NETWORK = "network.weights.h5"
PREDICTIONS = "predictions.parquet"
