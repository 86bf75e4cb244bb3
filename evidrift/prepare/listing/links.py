"""Links that are followed: those that stay in the source, and those into its own repository's DVC cache."""

import configparser
import os
import re
from functools import lru_cache
from pathlib import Path

# A file in a cache, named by the md5 of its content: `files/md5/12/3456...`, or `12/3456...` before DVC 3.
CACHED = re.compile(r"(files/md5/)?[0-9a-f]{2}/[0-9a-f]{30}")
CONFIGS = (".dvc/config", ".dvc/config.local")


def leaves(source: Path, path: str) -> bool:
    """Whether a path leads out of the source folder, itself or through a link.

    A link into the cache of the DVC repository that holds the source does not: with `cache.type symlink`,
    each of its files is one.
    """
    # Not Path.resolve, which raises where a link leads to itself.
    root, target = os.path.realpath(source), os.path.realpath(source / path)
    if Path(target).is_relative_to(root):
        return False
    # Only a link that itself lies in the source: never `../.dvc/cache/...` written out in a manifest.
    folder = os.path.realpath((source / path).parent)
    if not (Path(folder).is_relative_to(root) and os.path.islink(source / path)):  # noqa: PTH114 - never raises
        return True
    return not any(
        Path(target).is_relative_to(cache) and CACHED.fullmatch(Path(target).relative_to(cache).as_posix())
        for cache in caches(Path(root))
    )


@lru_cache
def caches(folder: Path) -> tuple[Path, ...]:
    """Where the DVC repository that holds a folder keeps its cache; none where there is no repository."""
    roots = [each for each in (folder, *folder.parents) if (each / ".dvc").is_dir()]
    if not roots:
        return ()
    home = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser()
    named = [home / "dvc/config", *(roots[0] / config for config in CONFIGS)]
    found = [roots[0] / ".dvc/cache", *(each for config in named for each in _cache_dir(config))]
    return tuple(Path(os.path.realpath(each)) for each in found)


def _cache_dir(config: Path) -> list[Path]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(config, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):  # DVC will say so; here it names no cache
        return []
    given = parser.get("cache", "dir", fallback="").strip().strip("\"'")
    return [config.parent / Path(given).expanduser()] if given else []  # relative to the file
