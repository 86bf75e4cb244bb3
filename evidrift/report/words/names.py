"""Names for people: attribution methods as papers write them, and names from outside made safe to show."""

import unicodedata
from functools import cache

from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font

METHOD_NAMES = {
    "grad_cam": "Grad-CAM",
    "grad_cam_pp": "Grad-CAM++",
    "grad_cam_pp_unit": "Grad-CAM++ unit",
    "layer_cam": "LayerCAM",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGrad-CAM",
    "eigen_cam": "EigenCAM",
    "score_cam": "Score-CAM",
    "ablation_cam": "Ablation-CAM",
    "gradient_input": "Gradient x input",
    "integrated_gradients": "Integrated gradients",
    "smooth_grad": "SmoothGrad",
    "occlusion": "Occlusion",
    "rise": "RISE",
}


def method_name(method: str) -> str:
    """An attribution method as papers write it."""
    return METHOD_NAMES.get(method) or safe_text(method.replace("_", " "), 24)


def safe_text(text: str, limit: int) -> str:
    """A name from outside as one short printable line.

    Control and formatting characters go (a bidirectional override would turn the words beside it), as do
    characters that the font cannot show; what is too long loses its middle.
    """
    # Cut first, with room for what goes: a name may be megabytes long.
    known = _glyphs()
    line = " ".join(text[: 100 * limit].split())
    visible = [character for character in line if not unicodedata.category(character).startswith("C")]
    shown = "".join(character if ord(character) in known else "\N{WHITE SQUARE}" for character in visible)
    if len(shown) <= limit:
        return shown
    head = limit // 2
    return f"{shown[:head]}…{shown[len(shown) - (limit - head - 1) :]}"


@cache
def _glyphs() -> frozenset[int]:
    """Code points that the figures' font has, upright and bold."""
    families = [FontProperties(family="DejaVu Sans", weight=weight) for weight in ("normal", "bold")]
    upright, bold = (FT2Font(findfont(family)).get_charmap() for family in families)
    return frozenset(upright) & frozenset(bold)
