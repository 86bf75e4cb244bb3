"""The CAM family, map by map, against the packages tf-keras-vis and grad-cam (requirements-bench.txt).

Both make one map a call: as their users do, each method and layer is asked for in turn, a batch of images at
a time, with the same score. They bring every map to the size of the image as well, a small part of what they
take; evidrift stores the layer's own grid.
"""

from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from benchmarks.performance.explaining import BOTH, Explained
from benchmarks.performance.measuring import Line, Side, require_close, side_by_side
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from evidrift.networks.target.layers import TargetLayer

NETWORKS = (MINIATURES[0], LARGE)
TF_KERAS_VIS, GRAD_CAM = {1: 20, 2: 30}, {1: 4, 2: 4}


def against_tf_keras_vis(rounds: int, networks: Sequence[Measured] = NETWORKS) -> Iterator[Line]:
    """Grad-CAM, Grad-CAM++ and LayerCAM of its own; maps of the first and the last are ours."""
    for measured in networks:
        yield from _against_tf_keras_vis(measured, rounds)
        keras.backend.clear_session()


def _against_tf_keras_vis(measured: Measured, rounds: int) -> Iterator[Line]:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam

    classifier = measured.classifier()
    inputs, labels = measured.inputs(measured.pixels()), measured.labels()

    def centred(logits: tf.Tensor) -> tf.Tensor:
        return tf.gather(logits, labels, batch_dims=1) - tf.reduce_mean(logits, axis=1)

    def maps(method: type, layer: TargetLayer, **options: bool) -> np.ndarray:
        cam = method(classifier, clone=False)
        return cam(
            centred,
            inputs,
            penultimate_layer=layer.name,
            seek_penultimate_conv_layer=False,
            **options,
        )

    as_stored = {"expand_cam": False, "normalize_cam": False}
    same = {"grad_cam": Gradcam, "layer_cam": Layercam}
    yield from _by_layers(
        "tf_keras_vis",
        "tf-keras-vis",
        measured,
        classifier,
        every=lambda layer: [maps(method, layer) for method in (Gradcam, GradcamPlusPlus, Layercam)],
        reference=lambda name, layer: np.asarray(maps(same[name], layer, **as_stored)),
        same=tuple(same),
        wanted=TF_KERAS_VIS,
        rounds=rounds,
    )


def against_grad_cam(rounds: int, networks: Sequence[Measured] = NETWORKS) -> Iterator[Line]:
    """Grad-CAM, Grad-CAM++, LayerCAM and HiResCAM on a twin of the network in PyTorch."""
    for measured in networks:
        yield from _against_grad_cam(measured, rounds)
        keras.backend.clear_session()


def _against_grad_cam(measured: Measured, rounds: int) -> Iterator[Line]:
    import torch

    from benchmarks.performance.torch_twin import Twin
    from tests.peers.grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, raw_maps
    from tests.peers.twins import CentredLogit

    torch.set_num_threads(1)
    same = {"grad_cam": GradCAM, "layer_cam": LayerCAM, "hires_cam": HiResCAM}
    classifier = measured.classifier()
    twin = Twin(classifier)
    inputs = torch.tensor(np.moveaxis(measured.inputs(measured.pixels()), -1, 1))
    scores = [CentredLogit(label) for label in measured.labels()]

    def maps(method: type, layer: TargetLayer) -> np.ndarray:
        with method(twin, [twin.calls[layer.position]]) as cam:
            return cam(inputs, scores)

    def reference(name: str, layer: TargetLayer) -> np.ndarray:
        return np.maximum(raw_maps(same[name], twin, f"calls.{layer.position}", inputs, scores), 0)

    yield from _by_layers(
        "grad_cam",
        "grad-cam (PyTorch)",
        measured,
        classifier,
        every=lambda layer: [maps(method, layer) for method in (*same.values(), GradCAMPlusPlus)],
        reference=reference,
        same=tuple(same),
        wanted=GRAD_CAM,
        rounds=rounds,
    )


def _by_layers(
    row: str,
    package: str,
    measured: Measured,
    classifier: keras.Model,
    *,
    every: Callable[[TargetLayer], list[np.ndarray]],
    reference: Callable[[str, TargetLayer], np.ndarray],
    same: tuple[str, ...],
    wanted: dict[int, float],
    rounds: int,
) -> Iterator[Line]:
    """A line for `last` and one for both layers.

    Args:
        row: its name.
        package: its name.
        measured: the network.
        classifier: the same, built.
        every: the package's pictures at a layer, one a method.
        reference: the package's maps by a method of ours, rectified, on the layer's own grid.
        same: methods that it defines as evidrift does.
        wanted: by number of layers.
        rounds: how many.
    """
    for layers in (["last"], BOTH):
        explained = Explained(measured, classifier, layers)
        found = explained.maps()
        for layer in explained.network.layers:
            for method in same:
                ours = np.maximum(found.layers[layer.label].methods[method], 0)
                require_close(f"{method}, {layer.label}", ours, reference(method, layer), 1e-3)

        def all_of_them(layers: tuple[TargetLayer, ...] = explained.network.layers) -> list:
            return [every(layer) for layer in layers]

        n_theirs = measured.n * sum(map(len, all_of_them()))
        yield side_by_side(
            row,
            f"explain, per map, {'at `last`' if len(layers) == 1 else 'at both layers'}: {measured}",
            package,
            Side(explained.maps, explained.n_maps),
            Side(all_of_them, n_theirs),
            rounds,
            wanted[len(layers)],
        )
