"""Small classifiers and films to audit them on."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from tests.foreign.kinds import SHAPE, head, nested, trunk, with_weights
from tests.prepare.films import film, save


def write_films(root: Path) -> Path:
    """Twelve films of three classes, a, b and c."""
    for seed in range(12):
        save(root / "abc"[seed % 3] / f"{seed:02d}.png", film(seed, 80, 72))
    return root


def network(seed: int = 0, turned: bool = False) -> keras.Model:
    """A classifier with its scaling inside, whose head depends a little on the seed: most films keep it.

    With `turned` filters the evidence lies elsewhere.
    """
    inputs = keras.Input(SHAPE)
    x = nested(trunk)(keras.layers.Rescaling(1 / 255)(inputs))
    for layer in head("softmax"):
        x = layer(x)
    model = with_weights(keras.Model(inputs, x))
    if turned:
        body = next(layer for layer in model.layers if isinstance(layer, keras.Model))
        body.set_weights([w[::-1, ::-1, :, ::-1] if w.ndim == 4 else w for w in body.get_weights()])
    random = np.random.default_rng(seed)
    kernel, bias = model.layers[-1].get_weights()
    noise = random.normal(scale=0.1 * kernel.std(), size=kernel.shape)
    model.layers[-1].set_weights([kernel + bool(seed) * noise, bias])
    # so that no class is called everywhere
    films = [np.asarray(Image.fromarray(film(each, 80, 72)).resize(SHAPE[:2])) for each in range(12)]
    inputs = np.repeat(np.stack(films)[..., np.newaxis], 3, axis=-1)
    logits = np.log(model(inputs).numpy())
    model.layers[-1].set_weights([kernel + bool(seed) * noise, bias - logits.mean(axis=0)])
    return model
