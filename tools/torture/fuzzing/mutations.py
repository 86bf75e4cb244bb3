"""Valid files, changed: bytes anywhere, and, where a file has structure, its values, names and members."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import h5py
import numpy as np
import yaml

ODD_NUMBERS = (
    0,
    1,
    -1,
    7,
    127,
    128,
    255,
    256,
    32767,
    65535,
    1 << 31,
    (1 << 32) - 1,
    1 << 63,
    -(1 << 63),
    10**400,
)
ODD: tuple[Any, ...] = (
    *ODD_NUMBERS,
    *(None, True, "", [], {}, [[]], {"": ""}, 1e308, float("nan"), float("inf"), -0.0, 0.5),
    *("null", "../../x", "\x00", "\u202e", "yes", "1e9", "0x10", "~", "a" * 4000, "keras.layers.Lambda"),
)
Change = Callable[[bytes, Random], bytes]


def change_bytes(data: bytes, random: Random) -> bytes:
    """A few changes, anywhere."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = (
            random.randrange(len(changed) + 1)
            if random.random() < 0.5
            else random.randrange(min(len(changed) + 1, 600))
        )
        kind = random.randrange(7)
        length = random.choice((1, 2, 4, 8, 16, 200))
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            number = random.choice(ODD_NUMBERS[:-1]) & 0xFFFFFFFF
            changed[at : at + 4] = struct.pack(random.choice(("<I", ">I")), number)
        elif kind == 2:
            number = random.choice(ODD_NUMBERS[:-1]) & 0xFFFF
            changed[at : at + 2] = struct.pack(random.choice(("<H", ">H")), number)
        elif kind == 3:
            del changed[at : at + length]
        elif kind == 4:
            changed[at:at] = changed[at : at + length] * random.choice((1, 2, 50))
        elif kind == 5:
            changed[at : at + length] = bytes([random.choice((0, 255, 127, 32, 44, 34, 10))]) * length
        else:
            del changed[at:]
    return bytes(changed)


def change_yaml(data: bytes, random: Random) -> bytes:
    """A value, a key or an item of a YAML file; now and then its letters."""
    if random.random() < 0.3:
        return change_text(data, random)
    tree = change_tree(yaml.safe_load(data), random)
    return yaml.safe_dump(tree, sort_keys=False).encode("utf-8", "surrogatepass")


def change_text(data: bytes, random: Random) -> bytes:
    """Words and signs that mean something in YAML or CSV, put in or taken out; or bytes."""
    if random.random() < 0.3:
        return change_bytes(data, random)
    signs: tuple[bytes, ...] = (
        b"&a [*a]",
        b"!!python/object:os.system x",
        b"<<: *a",
        b"\t",
        b"? ",
        b"- ",
        b": ",
        b"{",
        b"|",
        b"%YAML 9",
    )
    signs += (
        b'"',
        b"'",
        b",,,",
        b"\n\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\0",
        b"---\n",
        b"...\n",
        b"\r",
        b"012:34",
    )
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(signs) + data[at + random.choice((0, 0, 1, 5)) :]


def change_tree(tree: Any, random: Random) -> Any:
    """One or two places of a tree of dictionaries, lists and values, changed."""
    tree = json.loads(json.dumps(tree, default=str))
    for _ in range(random.randint(1, 2)):
        places = list(_places(tree))
        if not places:
            return random.choice(ODD)
        holder, key = random.choice(places)
        kind = random.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[str(random.choice(ODD))[:50]] = holder.pop(key)
        elif kind == 2:
            holder[key] = [holder[key]] * random.choice((0, 1, 2, 30))
        elif kind == 3:
            other, name = random.choice(places)
            if name in other or isinstance(other, list):
                holder[key] = json.loads(json.dumps(_at(other, name)))
        else:
            holder[key] = random.choice(ODD)
    return tree


def _at(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def _places(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items):
        yield tree, key
        yield from _places(value)


def change_zip(data: bytes, random: Random) -> bytes:
    """A member of a .keras file: its JSON, its weights or its name; now and then the archive's own bytes."""
    if random.random() < 0.2:
        return change_bytes(data, random)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(sorted(members) + ["config.json"] * 3)
    content = members[name]
    if name.endswith(".json") and random.random() < 0.8:
        members[name] = json.dumps(change_tree(json.loads(content), random)).encode("utf-8", "replace")
    elif name.endswith(".h5"):
        members[name] = change_hdf5(content, random)
    elif random.random() < 0.5:
        members[name] = change_bytes(content, random)
    else:
        members[random.choice(("../x", "/x", "config.json", "x" * 300))] = members.pop(name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return buffer.getvalue()


def change_hdf5(data: bytes, random: Random) -> bytes:
    """An attribute, a data set or a group of an HDF5 file; now and then its bytes."""
    if random.random() < 0.4:
        return change_bytes(data, random)
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = random.choice(["/", *names])
        holder, kind = file[name], random.randrange(5)
        if kind <= 1 and len(holder.attrs):
            attribute = random.choice(sorted(holder.attrs))
            if kind == 0:
                del holder.attrs[attribute]
            else:
                holder.attrs[attribute] = _odd_attribute(holder.attrs[attribute], random)
        elif kind == 2 and name != "/":
            del file[name]
        elif kind == 3 and name != "/":
            file.move(name, f"{name}_")
        elif name != "/":
            del file[name]
            file[name] = random.choice(
                (np.zeros(0), np.zeros((2, 3), np.float64), np.array(b"x"), np.full(9, np.nan))
            )
    return buffer.getvalue()


def _odd_attribute(value: Any, random: Random) -> Any:
    if isinstance(value, str | bytes) and random.random() < 0.6:
        text = value if isinstance(value, str) else value.decode("utf-8", "replace")
        try:
            return json.dumps(change_tree(json.loads(text), random))[:60_000]
        except ValueError:
            return text[: random.randrange(len(text) + 1)]
    return random.choice((0, -1, 1 << 40, float("nan"), "", "x" * 999, np.zeros(3), np.zeros(0), b"\xff"))
