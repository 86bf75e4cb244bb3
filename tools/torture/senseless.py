"""What parameters, recipes, gates and options cannot be."""

from typing import Any

NUMBERS: tuple[Any, ...] = (
    -1,
    10**15,
    10**29,
    1e30,
    1e308,
    -1e308,
    "1",
    "1; touch pwned",
    "../../x",
    "\u202e",
    True,
    [],
    {},
)
WORDS: tuple[Any, ...] = (
    7,
    None,
    True,
    [],
    {},
    "",
    "x" * 5000,
    "../../x",
    "a/b",
    "$(touch pwned)",
    "1; touch pwned",
    "no such",
)
SWITCHES: tuple[Any, ...] = ("yes", "true", 1, 0, None, [])
# What is more than a value: paths in the file, and what to put there.
MORE: dict[str, tuple[Any, ...]] = {
    "prepare.source": (
        ".",
        "/",
        "..",
        "models",
        "data",
        "data/images",
        "params.yaml",
        "metrics/x",
        ".git",
        "~",
    ),
    "prepare.manifest": ("../x.csv", "/etc/passwd", "films.csv", "", 7),
    "prepare.size": (31, 1025, 100.5),
    "prepare.split": (
        {"salt": "a", "train": 0.9, "validation": 0.2},
        {"salt": "a", "train": 0, "validation": 0.5},
    ),
    "grid.seeds": (
        [],
        [1, 1],
        [2**32],
        ["1"],
        [{"; touch pwned #": 1}],
        [[1]],
        [1.0],
        [None],
        1,
        "1",
        {"1": 1},
    ),
    "grid.architectures": (["../../evidrift"], ["densenet_mini/../x"], ["DENSENET_MINI"], [""], ["none"]),
    "grid.families": (["../zoo/vit_mini"], ["cam", "cam"], ["__init__"], [1]),
    "finetune.densenet_mini": ({}, None, []),
    "finetune.densenet_mini.warmup_epochs": (8, 1e9),
    "finetune.densenet_mini.keep_epochs": ([1, 1], [-1], [2]),
    "explain.cam.methods": ([], ["grad_cam", "grad_cam"], ["layercam"]),
    "explain.cam.layers": ([], ["a/b"], ["../x"], ["a\tb"], ["/"], [""]),
    "check.layers": (["none there"],),
    "reliance.boxes": (
        *({"a": [0, 0, 2, 1]}, {"a": [0.5, 0, 0.5, 1]}, {"../x": [0, 0, 1, 1]}, {"a": [0, 0, 1]}),
        *({"corners": [0, 0, 1, 1]}, {"A b": [0, 0, 1, 1]}),
    ),
    "drift.curve": ([0.1, 0.1], [0], [1e-9], [1], ["0.1"]),
    "embed.batch_size": (65_536,),  # more than memory holds, at 1024 px
    "architectures.densenet_mini.options": ({"alpha": 1}, {"x": "y"}),
    "drift.extra": (1,),
    "extra": ({}, 1, None),
}
FREE = (
    "prepare.split.salt",
    "grid.",
    "check.layers",
    "explain.cam.layers",
    "explain.gradients.images_per_class",
)
SIZE = "prepare.size"
TEXTS = (
    *("", "null", "7", "[]", "text", "\x00", "a: \x07", "\ud800", "%YAML 1.1\n---\n{}", "--- {}\n--- {}"),
    *("[" * 10_000, "- " * 5_000, "{" * 10_000, "a: " * 5_000, "a: [1", "a: 'x", "\ta: 1", "? [a]\n: 1"),
    *(
        "a: &a [1]\nb: *a",
        "a: !!python/object/apply:os.system ['touch pwned']",
        "a: !!binary aGk=",
        "a: !!str 1",
    ),
    *("a: {<<: {b: 1}}", "=: 1", "1: 2", "a: 1\na: 2", "x\u2028y: 1", "a" * 300_000),
)
SPELLINGS = (
    *("0777", "0o17", "0x10", "0b1", "1:30", "1_000", "yes", "on", ".inf", ".nan", "2026-01-01", "1e999"),
    *("007", "9" * 40, "1.2.3", "'1'", "!!int '1'", "&x 1", "*x", "~", ""),
)
RECIPE = {"seed": 1, "contrast": 1.0, "patients": {"train": 5, "validation": 5, "test": 5}}
RECIPES: tuple[dict[str, Any], ...] = (
    *({"seed": -1}, {"seed": 2**32}, {"contrast": 1e308}, {"contrast": 0}, {"contrast": -1}, {"size": 9}),
    *(
        {"patients": {"train": 10**12, "validation": 5, "test": 5}},
        {"patients": {"train": 4}},
        {"patients": 5},
    ),
    *(
        {"classes": ["normal"]},
        {"classes": ["normal", "normal"]},
        {"classes": ["normal", "no"]},
        {"classes": []},
    ),
    *({"shortcut": {"class": "covid19", "share": 1}}, {"shortcut": {"class": "normal", "share": 1e308}}),
)
GATES = (
    *(
        "drift: {mean_at_most: 1e308}",
        "drift: {mean_at_most: -1}",
        "drift: {mean_at_most: '0.1'}",
        "drift: {}",
    ),
    *(
        "drift: {mean_at_most: .nan}",
        "drift: {mean_at_most: 0.1}\ndrift: {mean_at_most: 0.9}",
        "drfit: {}",
        "{}",
    ),
    *("wrong_at_most: yes", "wrong_at_most: 1e30", "unusable_at_most: 2", "subgroups: {columns: 7}", "[]"),
    *("reliance: {corners: {at_most: 10}}", "border: {at_most: !!float 1}", "drift: {film_at_most: 0.1}"),
)
COMMANDS = (
    *("audit", "audit --before a.keras", "gate --out x", "explain", "export", "frobnicate", "--frobnicate"),
    *(
        "repro --jobs 0",
        "repro --jobs -1",
        "repro --jobs 1e9",
        "repro --jobs 99999999999999999999",
        "repro --jobs ٣",
    ),
    *("export densenet_mini -1 ft x.keras", "export densenet_mini 4294967296 ft x.keras"),
    *(
        "export densenet_mini 1_0 ft x.keras",
        "export densenet_mini 1 best x.keras",
        "export ../x 1 ft x.keras",
    ),
    *("export densenet_mini 1 ft x.txt", "report --params none.yaml", "report --out data/report", "report x"),
    *("explain film.png --model m.keras --size 0", "explain film.png --model m.keras --size 1e9"),
    *(
        "explain film.png --model m.keras --size 1000000000000",
        "explain film.png --model m.keras --methods ,",
    ),
    *("explain film.png --model m.keras --out x.txt", "explain film.png --model m.keras --methods none"),
    *("audit --before a --after b --images c --out d --batch-size 0",),
    *("audit --before a --after b --images c --out d --batch-size 1000000000000000",),
    *("audit --before a --after b --images c --out d --size -5",),
    *("audit --before a --after b --images c --out d --methods layer_cam,,rise",),
    *("audit --before a --after b --images c --out d --subgroups ,",),
    *(
        "gate --from a b --images c --out g --headroom nan",
        "gate --from a b --images c --out g --headroom 1e308",
    ),
    *("gate --from a b --images c --out g --headroom -1", "gate --from a b --images c --out g --headroom x"),
)
GRIDS: tuple[dict[str, list[Any]], ...] = (
    {"seeds": ["1; touch pwned"]},
    {"seeds": ["x'\ntouch pwned\n'"]},
    {"seeds": ["../../../../canary"]},
    {"architectures": ["../../canary"]},
    {"architectures": ["../../../canary"]},
    {"families": ["$(touch pwned)"]},
)
