"""Write a trained checkpoint of the study in this folder as an ordinary Keras model.

It takes films as grey levels 0 to 255 in three equal channels, brings its preprocessing with it, ends in
softmax, and is read by plain Keras 3: keras.models.load_model(path). With evidence it also gives a map of
each class in the same pass, on the grid of the layer `last`: {"probabilities": (n, classes), "evidence":
(n, h, w, classes)}.
"""

import argparse
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.cli.options import whole

HELP = "write a trained checkpoint as an ordinary Keras model"
EPILOG = """\
examples:
  evidrift export densenet_mini 1 ft tuned.keras
  evidrift export densenet_mini 1 tl before.keras && \\
      evidrift audit --before before.keras --after tuned.keras --images films/ --out audit/

  For service, with the evidence of every film to watch (docs/howto.md#watch-the-evidence-in-service):
    evidrift export densenet_mini 1 ft service.keras --with-evidence
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("architecture", help="of the study's grid, e.g. densenet_mini")
    parser.add_argument("seed", type=whole(0, 2**32 - 1), help="of the training")
    parser.add_argument("checkpoint", choices=["tl", "ft"], help="transfer-learned, or fine-tuned")
    parser.add_argument("out", type=Path, help="file to write, .keras")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="default: params.yaml")
    parser.add_argument(
        "--with-evidence", action="store_true", help="give LayerCAM's maps too, in the same pass"
    )
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def run(args: argparse.Namespace) -> int:
    """Export one checkpoint."""
    from evidrift.base.files.writing import writing
    from evidrift.base.grid import load_grid
    from evidrift.images.store import STORE, ImageStore
    from evidrift.networks.files import BACKBONE, HEAD, NETWORK
    from evidrift.report.terminal.tables import console

    if args.out.suffix != ".keras":
        raise UserError(f"{args.out} must end in .keras, as Keras asks for.")
    if args.out.exists() and not args.force:
        raise UserError(f"{args.out} exists. Choose another name, or write over it: --force.")
    grid = load_grid(args.params)
    if args.architecture not in grid.architectures:
        raise UserError(f"{args.architecture} is not in the grid: {', '.join(grid.architectures)}.")
    if args.seed not in grid.seeds:
        raise UserError(f"Seed {args.seed} is not in the grid: {', '.join(map(str, grid.seeds))}.")
    models = Path("models") / args.architecture
    checkpoints, films = models / str(args.seed), Path("data/images") / STORE
    needed = {
        films: "prepare",
        models / BACKBONE: f"embed@{args.architecture}",
        checkpoints / "tl" / HEAD: f"train_tl@{args.architecture}-{args.seed}",
        checkpoints / "ft" / NETWORK: f"finetune@{args.architecture}-{args.seed}",
    }
    for path, stage in needed.items():
        if not path.is_file():
            raise UserError(
                f"{path} does not exist. `dvc repro {stage}` makes it, `dvc pull` fetches it from a remote. "
                "Run this where params.yaml lies."
            )
    import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
    from evidrift.foreign.export import exported
    from evidrift.networks.catalogue import find
    from evidrift.networks.checkpoint import load_plan, load_seeds

    store = ImageStore(films)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    classifier, weights = load_seeds(plan, models, [args.seed], [args.checkpoint])
    classifier.set_weights(weights[args.seed, args.checkpoint])
    model = exported(classifier, find(args.architecture), args.with_evidence)
    with writing(args.out) as partial:
        model.save(partial)
    to = console()
    to.print(f"{args.out}")
    if not args.quiet:
        to.print(f"Input: {store.size} x {store.size} x 3, grey levels 0 to 255.")
        to.print(f"Outputs: the probabilities of {','.join(store.classes)}.")
        if args.with_evidence:
            to.print("And under `evidence`, a map of each of them; see docs/howto.md.")
    return 0
