"""The look of charts: colours with enough contrast, letters readable in a lecture hall, shapes for families.

The hues are close to Okabe and Ito's. They reach a contrast of 3:1 on the background, so the light and the dark theme
differ. Any two hues, including the grey of the rest, are 20 apart in CIELAB for every kind of colour blindness.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours as #rrggbb: `text` and `muted` for letters, `rule` for lines behind the data, `hues` for the data.

    `rest` is the grey of data without a hue of its own and of data that is not highlighted.
    """

    name: str
    background: str
    text: str
    muted: str
    rule: str
    hues: tuple[str, ...]
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A canvas in inches, the font in points (nothing is smaller than `font`) and the dots per inch of a PNG.

    `family` is the font's family, None for the default.
    """

    name: str
    width: float
    height: float
    font: float
    dpi: int
    family: str | None = None


# after Okabe and Ito (2008): blue, vermilion, green, purple, black; their orange and yellow are too pale for white
_LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#111111",
    muted="#595959",
    rule="#d9d9d9",
    hues=("#0072b2", "#d65f01", "#0ea966", "#b973f9", "#000000", "#8c1110", "#5a34c9"),
    rest="#949494",
)
_DARK = Theme(
    name="dark",
    background="#111827",
    text="#f3f4f6",
    muted="#b6bcc8",
    rule="#374151",
    hues=("#56b4e9", "#e39c00", "#009065", "#965ba7", "#f8ec4b", "#cc3e29", "#965bff"),
    rest="#7d8796",
)
THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (_LIGHT, _DARK)})
SIZES: Mapping[str, Size] = MappingProxyType(
    {
        size.name: size
        for size in (
            Size(name="16:9", width=12.8, height=7.2, font=14, dpi=150),
            Size(name="4:3", width=9.6, height=7.2, font=14, dpi=150),
            Size(name="slide", width=13.333, height=7.5, font=18, dpi=144),
            Size(name="body", width=12.667, height=5.7, font=18, dpi=144),  # the part of a slide below its title
            Size(name="paper", width=7, height=4.2, font=7.5, dpi=300),
        )
    }
)
TITLE = 1.35  # times the font
SMALLEST, LARGEST = 4, 40  # points of a font
LETTERS = ("DejaVu Sans", "Verdana", "Arial", "sans-serif")  # matplotlib brings the first: the same everywhere


def find_theme(name: str) -> Theme:
    """Return the theme with a name.

    Raises:
        ArgumentError: nothing has this name.
    """
    return _find_named("theme", name, THEMES)


def find_size(name: str, font: str | None = None) -> Size:
    """Return the size with a name, with the user's font: "20" (points), "Arial", or both, "Arial 20".

    Raises:
        ArgumentError: no size has this name, the font is not installed, or its letters are too small or too large.
    """
    size = _find_named("size", name, SIZES)
    if font is None:
        return size
    family, _, points = font.strip().rpartition(" ")
    if not points.replace(".", "", 1).isdecimal():
        family, points = font.strip(), f"{size.font}"
    if not SMALLEST <= float(points) <= LARGEST:
        raise ArgumentError(f"--font {font}: letters have {SMALLEST} to {LARGEST} points")
    return replace(size, font=float(points), family=_find_family(family.strip()) if family else None)


def _find_family(name: str) -> str:
    """Return the name of an installed font with its own upper and lower case."""
    from matplotlib.font_manager import fontManager

    known = {family.lower(): family for family in fontManager.get_font_names()}
    if name.lower() not in known:
        hint = closest(name, known.values(), f"there are {', '.join(sorted(known.values()))}")
        raise ArgumentError(f"--font {name}: this font is not installed; {hint}")
    return known[name.lower()]


def compute_contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2: 1 for none, 21 for black on white)."""
    lighter, darker = sorted((_compute_luminance(one), _compute_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def check_font(family: str) -> None:
    """Refuse a font that is not installed: letters of another width would not fit.

    Raises:
        ArgumentError: no font has this name.
    """
    from matplotlib.font_manager import fontManager

    known = sorted({each.name for each in fontManager.ttflist})
    if family not in known:
        hint = closest(family, known, f"there are {', '.join(known[:5])} and others; leave --font out for {LETTERS[0]}")
        raise ArgumentError(f"there is no font {family!r} on this machine; {hint}")


@contextmanager
def use_settings(theme: Theme, size: Size, font: str | None = None) -> Iterator[None]:
    """Use only our settings of matplotlib: neither a user's matplotlibrc nor current settings change a chart."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_build_settings(theme, size))  # type: ignore[arg-type]  # its keys are a Literal
        if font is not None:
            mpl.rcParams["font.sans-serif"] = [font, *LETTERS]
        yield


def _build_settings(theme: Theme, size: Size) -> dict[str, Any]:
    ours: dict[str, Any] = {f"{part}.color": theme.text for part in ("text", "xtick", "ytick")}
    ours |= {f"{part}.facecolor": theme.background for part in ("figure", "axes", "legend")}
    ours |= {f"{part}.labelsize": size.font for part in ("xtick", "ytick")}
    ours |= {"font.family": [size.family, *LETTERS[:1]] if size.family else "sans-serif"}
    ours |= {"font.sans-serif": LETTERS, "font.size": size.font}
    ours |= {"axes.labelsize": 1.1 * size.font, "axes.labelcolor": theme.text, "axes.edgecolor": theme.muted}
    ours |= {"axes.titlesize": 1.1 * size.font, "axes.titlelocation": "left"}
    ours |= {"legend.fontsize": size.font, "legend.frameon": False, "legend.title_fontsize": size.font}
    ours |= {"figure.figsize": (size.width, size.height), "figure.dpi": size.dpi}
    ours |= {
        "figure.constrained_layout.w_pad": 0.4 * size.font / 72,
        "figure.constrained_layout.h_pad": 0.4 * size.font / 72,
    }
    # text stays text in SVG and PDF; the salt makes ids reproducible
    ours |= {"svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "archcost", "pdf.fonttype": 42}
    return ours


def _find_named(what: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        hint = closest(name, known, f"there are {', '.join(known)}")
        raise ArgumentError(f"there is no {what} {name!r}; {hint}")
    return known[name]


def _compute_luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG 2
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
