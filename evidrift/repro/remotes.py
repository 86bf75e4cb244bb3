"""The packages that DVC needs for a kind of remote."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from dvc_objects.fs import known_implementations

from evidrift.base.errors import UserError

PINNED = ("dvc-s3", "dvc-ssh")  # in requirements-remotes.txt


def check_packages(name: str, url: str) -> None:
    """See that DVC can reach a remote of this kind.

    Args:
        name: DVC's name of the remote.
        url: where it is; a folder needs no package.

    Raises:
        UserError: the package for its kind is not installed.
    """
    known = known_implementations.get(urlsplit(url).scheme)
    module = known["class"].partition(".")[0] if known else "dvc"
    if find_spec(module) is None:
        package = module.replace("_", "-")
        pinned = "-r requirements-remotes.txt -c constraints.txt"
        wanted = pinned if package in PINNED else package
        raise UserError(
            f"The DVC remote {name} is {url}, for which DVC needs the package {package}. Install it with: "
            f"pip install {wanted}"
        )
