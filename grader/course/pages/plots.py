"""Draw the plots of the class report as inline SVG: in the colours of the page, the same for the same numbers."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grader.errors import ExportError, Fault
from grader.installed import install_command

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#010203"  # stands for the page's text colour
_FEW = 20  # bars
_BAR = "#3f7fbf"  # 4 to 1 against white and against the dark page


def histogram(totals: Sequence[float], points: float) -> str:
    """Draw how many students have how many points; a bar is a whole point where that makes few enough bars."""
    edges, is_whole = bins(totals, points)

    def draw(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.hist(totals, bins=edges, color=_BAR, rwidth=0.9)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_xlabel(f"points of {points:g}")
        axes.set_ylabel("students")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        if is_whole:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))

    return _svg("totals", draw, height=2.6)


def bins(totals: Sequence[float], points: float) -> tuple[list[float], bool]:
    """Return the edges of the bars, and whether each is a whole number of points. Totals above `points` have a bar, too."""
    most = max(points, *totals)
    if points == int(points) and most <= _FEW:
        return [place - 0.5 for place in range(max(math.ceil(most) + 2, 3))], True
    return [most * place / _FEW for place in range(_FEW + 1)], False


def shares(names: Sequence[str], values: Sequence[float]) -> str:
    """Draw a bar for each target: the mean share of its points."""

    def draw(axes: Axes) -> None:
        places = range(len(names))
        axes.barh(places, values, color=_BAR, height=0.7)
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("mean share of the points")
        for place, value in zip(places, values, strict=True):
            axes.text(min(value, 0.93) + 0.01, place, f"{value:.2f}", va="center", color=_INK)

    return _svg("shares", draw, height=0.8 + 0.3 * len(names))


def _svg(name: str, draw: Any, *, height: float) -> str:
    try:
        import matplotlib as mpl
    except ImportError:
        what = "The class report draws with matplotlib, which is not installed."
        raise ExportError(Fault("", what, f"Install it: {install_command('class')}")) from None
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",  # text stays text: it can be read, searched and takes the page's font
        "svg.hashsalt": name,
        "font.family": "sans-serif",
        "font.size": 10.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    }
    with mpl.rc_context(settings):
        figure: Figure = Figure(figsize=(5.6, height), layout="constrained")
        draw(figure.subplots())
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace(_INK, "currentColor").replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)  # two plots share one page
