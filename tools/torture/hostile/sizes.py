"""Files that ask for more memory or time than there is, by what they describe."""

import json
from typing import Any

from tools.torture.hostile.making import (
    Change,
    Config,
    Make,
    Place,
    become,
    h5_file,
    keras_file,
    layers,
    object_of,
    setting,
    write_keras,
)

FILM, SCALING, FIRST, SECOND, POOLING, HEAD = range(6)
BILLION = 10**9


def _layer(kind: str, **settings: Any) -> Change:
    return become(SCALING, object_of("keras.layers", kind, {"name": "scaling"} | settings))


def _input(*shape: int | None) -> Change:
    return setting(FILM, batch_shape=[None, *shape])


def _chain(make: Any, n_layers: int) -> Change:
    """So many layers more, one behind the other, at the beginning."""

    def change(config: Config, place: Place) -> None:
        own = layers(config)
        last = "film"
        new = []
        for number in range(n_layers):
            name = f"more_{number}"
            new.append(make(name, _tensor(last)) | {"name": name})
            last = name
        own[1]["inbound_nodes"] = [{"args": [_tensor(last)], "kwargs": {}}]
        own[1:1] = new

    return change


def _tensor(name: str) -> Config:
    config = {"shape": [None, 16, 16, 3], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def _of(kind: str, name: str, args: list[Any], **settings: Any) -> Config:
    return object_of("keras.layers", kind, {"name": name} | settings) | {
        "inbound_nodes": [{"args": args, "kwargs": {}}]
    }


def _nested(depth: int) -> Change:
    def change(config: Config, place: Place) -> None:
        inner = object_of("keras.layers", "Rescaling", {"name": "deepest", "scale": 1.0, "offset": 0.0})
        for number in range(depth):
            inner = object_of("keras", "Sequential", {"name": f"level_{number}", "layers": [inner]})
        inner["config"]["name"] = "scaling"
        become(SCALING, inner)(config, place)

    return change


def _sequential(n_layers: int, wide: int | None = None) -> Change:
    def change(config: Config, place: Place) -> None:
        start = object_of("keras.layers", "InputLayer", {"batch_shape": [None, 16, 16, 3], "name": "film"})
        middle = [
            object_of("keras.layers", "Conv2D", {"name": f"c{n}", "filters": 3, "kernel_size": [1, 1]})
            if wide
            else object_of("keras.layers", "Rescaling", {"name": f"r{n}", "scale": 1.0, "offset": 0.0})
            for n in range(n_layers)
        ]
        end = [
            object_of("keras.layers", "Conv2D", {"name": "conv", "filters": 3, "kernel_size": [3, 3]}),
            object_of("keras.layers", "GlobalAveragePooling2D", {"name": "pool"}),
            object_of("keras.layers", "Dense", {"name": "head", "units": 3}),
        ]
        config.update(object_of("keras", "Sequential", {"name": "stack", "layers": [start, *middle, *end]}))

    return change


def _listed(n_numbers: int) -> Change:
    return _layer("Normalization", mean=[0.5] * n_numbers, variance=[1.0] * n_numbers)


def _built(shape: list[Any]) -> Change:
    return lambda config, place: layers(config)[HEAD].update(build_config={"input_shape": shape})


def _described(data: bytes) -> Make:
    def make(place: Place) -> Any:
        write_keras(place.folder / "model.keras", data, b"\x89HDF\r\n\x1a\n" + bytes(1000))
        return place.folder / "model.keras"

    return make


def _both(*changes: Change) -> Change:
    def change(config: Config, place: Place) -> None:
        for each in changes:
            each(config, place)

    return change


def _wide(name: str, tensor: Config) -> Config:
    """Enlarged, to just below what is refused at once, and made small again."""
    if name == "more_0":
        return _of("UpSampling2D", name, [tensor], size=[6, 6])
    return _of("AveragePooling2D", name, [tensor], pool_size=[6, 6])


def _slow(name: str, tensor: Config) -> Config:
    return _of("AveragePooling2D", name, [tensor], pool_size=[101, 101], strides=[1, 1], padding="same")


def _add(name: str, tensor: Config) -> Config:
    return _of("Add", name, [[tensor, tensor]])


def _dense(name: str, tensor: Config) -> Config:
    return _of("Dense", name, [tensor], units=3)


def _rescaling(name: str, tensor: Config) -> Config:
    return _of("Rescaling", name, [tensor], scale=1.0, offset=0.0)


BOTH: dict[str, Change] = {
    "Dense(units=10**9)": setting(HEAD, units=BILLION),
    "a head of two thousand million units": setting(HEAD, units=2 * BILLION),
    "Dense(units=10**18)": setting(HEAD, units=10**18),
    "Dense(units=-5)": setting(HEAD, units=-5),
    "ten convolutions of 3.9 GiB": _chain(
        lambda name, tensor: _of(
            "Conv2D", name, [tensor], filters=3, kernel_size=[10_000, 11_000], padding="same"
        ),
        10,
    ),
    "a convolution of a million filters": setting(FIRST, filters=10**6),
    "a kernel of 100,000 x 100,000": setting(FIRST, kernel_size=[10**5, 10**5]),
    "a dilation of 10**9": setting(FIRST, dilation_rate=[BILLION, BILLION]),
    "strides of 10**9": setting(FIRST, strides=[BILLION, BILLION]),
    "an embedding of 10**9 words": _layer("Embedding", input_dim=BILLION, output_dim=64),
    "films of 10**9 px": _input(BILLION, BILLION, 3),
    "films of 2**31 px": _input(2**31, 2**31, 3),
    "films of 10**18 px": _input(10**18, 3, 3),
    "films of 60,000 px": _input(60_000, 60_000, 3),
    "films of -1 px": _input(-1, -1, 3),
    "films of 10**9 channels": _input(16, 16, BILLION),
    "built for 10**9 inputs": _built([None, BILLION]),
    "built for a shape that is none": _built(["x", {"a": 1}]),
    "enlarged 100,000 times": _layer("UpSampling2D", size=[10**5, 10**5]),
    "padded by 10**6": _layer("ZeroPadding2D", padding=[[10**6, 10**6], [10**6, 10**6]]),
    "padded by 2**31": _layer("ZeroPadding2D", padding=[[2**31, 2**31], [2**31, 2**31]]),
    "padded by a little less than nothing": _layer("ZeroPadding2D", padding=[[-9, -9], [-9, -9]]),
    "resized to 10**5": _layer("Resizing", height=10**5, width=10**5),
    "resized to 6,000 x 6,000": _layer("Resizing", height=6000, width=6000),
    "cropped by 10**9": _layer("Cropping2D", cropping=[[BILLION, 0], [0, 0]]),
    "a transposed convolution with strides of 10**4": _layer(
        "Conv2DTranspose", filters=3, kernel_size=[1, 1], strides=[10**4, 10**4]
    ),
    "pooling over 10**9": _layer("MaxPooling2D", pool_size=[BILLION, BILLION], padding="same"),
    "reshaped to 10**9": _layer("Reshape", target_shape=[BILLION, BILLION]),
    "a million heads of attention": become(
        SCALING,
        _of(
            "MultiHeadAttention",
            "scaling",
            [_tensor("film"), _tensor("film")],
            num_heads=10**6,
            key_dim=10**4,
        ),
    ),
    "attention of every place to every other": _chain(
        lambda name, tensor: _of("Attention", name, [[tensor, tensor]]), 2
    ),
    "a depth multiplier of 10**6": _layer("DepthwiseConv2D", kernel_size=[3, 3], depth_multiplier=10**6),
    "categories of 10**9": _layer("CategoryEncoding", num_tokens=BILLION),
    "a blur of 10**5": _layer("RandomGaussianBlur", kernel_size=[10**5, 10**5], factor=1.0),
    "repeated 10**9 times": become(
        SCALING,
        object_of(
            "keras.src.ops.numpy",
            "Repeat",
            {"repeats": BILLION},
            inbound_nodes=[{"args": [_tensor("film")], "kwargs": {}}],
        ),
    ),
    "tiled 10**5 x 10**5": become(
        SCALING,
        object_of(
            "keras.src.ops.numpy",
            "Tile",
            {"repeats": [1, 10**5, 10**5, 1]},
            inbound_nodes=[{"args": [_tensor("film")], "kwargs": {}}],
        ),
    ),
    "a constant of 10**9 numbers made in the graph": become(
        SCALING,
        object_of(
            "keras.src.ops.numpy",
            "Linspace",
            {"num": BILLION},
            inbound_nodes=[{"args": [_tensor("film"), 1.0], "kwargs": {}}],
        ),
    ),
    "432 MB of each film": _both(_input(1000, 1000, 3), _chain(_wide, 2)),
    "hours of computing, without a weight": _both(_input(2000, 2000, 3), _chain(_slow, 100)),
    "600 layers in a row": _chain(_rescaling, 600),
    "600 sums of a tensor and itself": _chain(_add, 600),
    "600 Dense layers in a row": _chain(_dense, 600),
    "5,000 layers in a row": _chain(_rescaling, 5000),
    "a Sequential of 600 layers": _sequential(600),
    "a Sequential of 600 convolutions": _sequential(600, 1),
    "nested 15 deep": _nested(15),
    "nested 28 deep": _nested(28),
    "nested 90 deep": _nested(90),
    "a mean of a million numbers": _listed(10**6),
    "an unknown layer's output": lambda config, place: layers(config)[HEAD].update(
        inbound_nodes=[{"args": [_tensor("nobody")], "kwargs": {}}]
    ),
    "a graph that loops": lambda config, place: layers(config)[SCALING].update(
        inbound_nodes=[{"args": [_tensor("second")], "kwargs": {}}]
    ),
    "a node of number 10**9": lambda config, place: config["config"].update(
        output_layers=["head", BILLION, BILLION]
    ),
    "names with terminal escapes": setting(FIRST, name="\x1b[2J\x1b]0;owned\x07first"),
    "a refused class with terminal escapes": become(
        SCALING, object_of("keras.layers", "Lambda\x1b[31m\u202egnp.exe", {"name": "\x1b[2Jscaling"})
    ),
    "names with HTML and marks of direction": _layer(
        "Rescaling", scale=1.0, offset=0.0, dtype="<script>alert(1)</script>\u202e"
    ),
}
MANY = b"[" * 100_000 + b"]" * 100_000
START = b'{"class_name":"Model","config":'
CASES: dict[str, Make] = {
    **{name: keras_file(change) for name, change in BOTH.items()},
    **{f"{name}, .h5": h5_file(change) for name, change in BOTH.items() if "million numbers" not in name},
    "60 MB of configuration": _described(b'{"a":[' + b'{"b":[]},' * 6_600_000 + b"0]}"),
    "15 MB of configuration": _described(b'{"a":[' + b'{"b":[]},' * 1_600_000 + b"0]}"),
    "15 MB of a name": _described(
        json.dumps({"class_name": "x" * 15_000_000, "config": {"name": "y"}}).encode()
    ),
    "a configuration nested 100,000 deep": _described(MANY),
    "a configuration nested 900 deep": _described(
        b'{"class_name":"Model","config":' + b"[" * 900 + b"]" * 900 + b"}"
    ),
    "a number of a million digits": _described(
        b'{"class_name":"Model","config":{"a":' + b"9" * 10**6 + b"}}"
    ),
    "a configuration that is a list": _described(b"[1, 2]"),
    "a configuration that is no JSON": _described(b"\xff\xfe\x00"),
    "two values of one key": _described(
        b'{"class_name":"Functional","class_name":"Lambda","module":"keras.layers","config":{"function":1}}'
    ),
}
