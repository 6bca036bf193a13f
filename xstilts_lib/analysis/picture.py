"""A figure as a part of its page: the style of the house, and SVG that is fit to stand there.

>>> Picture(figure, alt="Gains over the untouched encoder ...")      # doctest: +SKIP
"""

from __future__ import annotations

import html
import io
import re
from typing import Any

import matplotlib
from matplotlib.figure import Figure

WIDTH = 4.8  # inches: at 390 pixels the smallest letters are nine pixels high
PIXELS_PER_INCH = 115  # of the page, where there is room
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY, BLACK, PALE = "#767676", "#000000", "#e5e5e5"  # grey letters keep a contrast of 4.5 on white
INK = "#111111"  # letters on a coloured ground, which is light on every page
# What the page decides: the book's theme, or JupyterLab's; elsewhere it is as it is written here.
PAGE = {
    BLACK: "currentColor",
    "#ffffff": "var(--pst-color-background, var(--jp-layout-color0, #ffffff))",
    GREY: f"var(--pst-color-text-muted, {GREY})",
    PALE: f"var(--pst-color-border, {PALE})",
    BLUE.lower(): f"color-mix(in srgb, {BLUE} 84%, currentColor)",  # lighter on a dark page
}
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": PALE,
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "xstilts",
}
HINT = "hint: "


def hint(text: str) -> str:
    """The id (`Artist.set_gid`) by which a part of a figure says `text` to whoever points at it."""
    return HINT + text


class Picture:
    """A figure with its description, as a notebook, a page and a screen reader need it.

    It is SVG that stands in the page itself: letters are text in the page's font, and black, white and grey
    are the page's. The description is computed from the data, so it travels with the image and not with the
    cell. The bytes depend on the figure alone: the same results give the same page.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        if not alt.strip():
            raise ValueError("a picture needs a description (alt)")
        self.alt = alt
        buffer = io.StringIO()
        with matplotlib.rc_context(STYLE):
            figure.savefig(buffer, format="svg", facecolor="none", metadata={"Date": None, "Creator": None})
        width = round(figure.get_figwidth() * PIXELS_PER_INCH)
        self.svg = _inline(buffer.getvalue(), alt, width)

    def show(self, name: str) -> None:
        """Show it under a name, by which a chapter of the book takes it in (`{drawn}`)."""
        from IPython.display import display

        display(self, metadata={"shown": name})

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"text/html": self.svg, "text/plain": self.alt}, {}


def _inline(svg: str, alt: str, width: int) -> str:
    """matplotlib's SVG as part of a page: described, no wider than the page, in its font and colours.

    What would reach beyond the image goes: its style sheet, and names that other images on the page have.
    A hint becomes what a pointer brings up. Hundredths of a point are as fine as anybody sees.
    """
    (box,) = re.findall(r'viewBox="([^"]+)"', svg)
    body = svg[svg.index("<g id=") :]
    for pattern, kept in (
        (r"<!--.*?-->\s*", ""),
        (rf'<g id="{HINT}([^"]*)">', r"<g>\n<title>\1</title>"),
        (r'(<(?:g|text|use)) id="[^"]*"', r"\1"),
        (r"font-family: [^;\"]+(; )?", ""),
        (r"<style.*?</style>", ""),
        (r"\n\s*", "\n"),
        (r"(\d\.\d\d)\d+", r"\1"),
    ):
        body = re.sub(pattern, kept, body, flags=re.DOTALL)
    for colour, of_page in PAGE.items():
        body = body.replace(colour, of_page)
    return (
        f'<svg viewBox="{box}" role="img" aria-label="{html.escape(alt)}" fill="currentColor" '
        'stroke-linejoin="round" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'style="width:100%;max-width:{width}px;height:auto">\n{body}'
    )
