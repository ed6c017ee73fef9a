"""How a chart looks: colours that hold on their background, letters that a lecture hall can read, shapes for families.

The hues are those of Okabe and Ito that reach a contrast of 3:1 on the background, so a light and a dark theme differ.
"""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours as #rrggbb: `text` and `muted` for letters, `rule` for lines behind the data, `hues` for the data."""

    name: str
    background: str
    text: str
    muted: str
    rule: str
    hues: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A canvas in inches, the font in points (nothing is smaller than `font`) and the dots per inch of a PNG."""

    name: str
    width: float
    height: float
    font: float
    dpi: int


# Okabe and Ito (2008): blue, vermilion, green, purple; orange, sky blue and yellow are too pale for white
_LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#111111",
    muted="#595959",
    rule="#d9d9d9",
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"),
)
_DARK = Theme(
    name="dark",
    background="#111827",
    text="#f3f4f6",
    muted="#b6bcc8",
    rule="#374151",
    hues=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442"),
)
THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (_LIGHT, _DARK)})
SIZES: Mapping[str, Size] = MappingProxyType(
    {
        size.name: size
        for size in (
            Size(name="16:9", width=12.8, height=7.2, font=14, dpi=150),
            Size(name="4:3", width=9.6, height=7.2, font=14, dpi=150),
            Size(name="slide", width=13.333, height=7.5, font=18, dpi=144),
            Size(name="paper", width=7, height=4.2, font=7.5, dpi=300),
        )
    }
)
TITLE = 1.35  # times the font
LETTERS = ("DejaVu Sans", "Verdana", "Arial", "sans-serif")  # the first comes with matplotlib: the same everywhere


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a chart draws with: the figure, its theme and its size."""

    figure: Figure
    theme: Theme
    size: Size

    def write_title(self, text: str, source: str, *, wide: bool = False) -> None:
        """Set the headline, and below the chart the line that says where its figures come from.

        The headline leaves room for a legend beside it unless it may be `wide`.
        """
        width, font = 72 * self.size.width, self.size.font
        headline = _wrap_evenly(text, int((0.98 if wide else 0.76) * width / (0.7 * TITLE * font)))
        self.figure.suptitle(headline, x=0.012, ha="left", fontsize=TITLE * font, fontweight="bold")
        lines = _wrap_evenly(source, int(0.976 * width / (0.53 * font)))  # of DejaVu Sans, on average
        self.figure.supxlabel(lines, x=0.012, ha="left", fontsize=font, color=self.theme.muted, linespacing=1.25)

    @property
    def plate(self) -> dict[str, Any]:
        """What letters that lie on a grid stand on."""
        return {"facecolor": self.theme.background, "edgecolor": "none", "pad": 1}

    def add_axes(self, *place: Any, **options: Any) -> Axes:
        """Add axes with a quiet frame and a grid behind the data."""
        axes: Axes = self.figure.add_subplot(*place, **options)
        axes.set_axisbelow(True)
        axes.grid(visible=True, which="major", color=self.theme.rule, linewidth=0.8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return axes


def _wrap_evenly(text: str, width: int) -> str:
    """Break a text into as few lines as it needs, all of about one length: no word stands alone below the others."""
    lines = textwrap.wrap(text, width)
    while len(shorter := textwrap.wrap(text, width - 1)) == len(lines):
        lines, width = shorter, width - 1
    return "\n".join(lines)


def find_theme(name: str) -> Theme:
    """Return the theme of a name.

    Raises:
        ArgumentError: nothing has this name.
    """
    return _find_named("theme", name, THEMES)


def find_size(name: str) -> Size:
    """Return the size of a name.

    Raises:
        ArgumentError: nothing has this name.
    """
    return _find_named("size", name, SIZES)


def compute_contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2: 1 for none, 21 for black on white)."""
    lighter, darker = sorted((_compute_luminance(one), _compute_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def check_font(family: str) -> None:
    """Refuse a font that this machine does not have: letters of another width would not fit.

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
    """Give matplotlib our settings and no one else's: neither a user's matplotlibrc nor its state changes a chart."""
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
    ours |= {"font.family": "sans-serif", "font.sans-serif": LETTERS, "font.size": size.font}
    ours |= {"axes.labelsize": 1.1 * size.font, "axes.labelcolor": theme.text, "axes.edgecolor": theme.muted}
    ours |= {"axes.titlesize": 1.1 * size.font, "axes.titlelocation": "left"}
    ours |= {"legend.fontsize": size.font, "legend.frameon": False, "legend.title_fontsize": size.font}
    ours |= {"figure.figsize": (size.width, size.height), "figure.dpi": size.dpi}
    ours |= {
        "figure.constrained_layout.w_pad": 0.4 * size.font / 72,
        "figure.constrained_layout.h_pad": 0.4 * size.font / 72,
    }
    # text stays text in SVG and PDF; ids that would be random come from the salt
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
