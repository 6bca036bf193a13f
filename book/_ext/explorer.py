"""An explorer: choose, guess, then look at intervals and the table under them.

    ```{explorer} runs/pages/63_explorers.ipynb::explorer-gains
    asked: {model: Study, recipe: Trained first on, target: Target, language: Language}
    question: What does training on {recipe} first do to {target}?
    told: Training on {recipe} first moves {target} by {told}.
    guesses: {up: It rises, down: It falls}
    findings: {up: The interval lies above zero.}
    ```

A notebook has computed all that may be shown (`markup.keep`): figures by the keys of the choices, in each a
row for each value of the last choice. A row is its key, its cells in the table, its marks (an estimate, or an
estimate with the two ends of its interval), what is told of it, and the answer that it gives; where that is
empty, it cannot be chosen. The page holds them as JSON, drawn in the first state, so that it prints and reads
without a script; `_static/explorer.js` draws the others, in the same way. Nothing is fetched.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low
from typing import Any

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

LINE, STEP, FOOT = 20, 5, 22  # heights in pixels: of a name above its marks, of one mark more, of the axis
EDGE = 1.5  # percent of the width that stay free beside the axis
TICKS = 5  # steps of the axis, about
BEYOND = 2.5  # an axis reaches so much farther than the estimates; what goes on is cut at its edge

Row = list[Any]


class Explorer(SphinxDirective):
    """An explorer in its first state, with all of them as JSON."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        place, _, name = self.arguments[0].partition("::")
        _, path = self.env.relfn2path(f"/{place}")
        self.env.note_dependency(path)
        data = kept(path, name)
        if data is None:
            raise self.error(f"{place} keeps nothing under the name {name!r}")
        words = yaml.safe_load("\n".join(self.content))
        return [nodes.raw("", page(name, data | words), format="html")]


def kept(path: str, name: str) -> dict[str, Any] | None:
    """What a cell of a notebook kept under `name`; None where none did."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        if output.get("metadata", {}).get("shown") == name:
            return output["metadata"].get("kept")
    return None


def page(name: str, data: dict[str, Any]) -> str:
    """The explorer as HTML: its first state, and the JSON that the others are drawn from."""
    data["figures"] = {key: placed(rows) for key, rows in data["figures"].items()}
    data["names"] = {key: data["names"].get(key, {}) for key in data["asked"]}
    margin = data.pop("margin")
    data["findings"] = {key: text.replace("{margin}", margin) for key, text in data["findings"].items()}
    key, figure = next(iter(data["figures"].items()))
    row = figure["rows"][0]
    choices = dict(zip(data["asked"], [*key.split("|"), row[0]], strict=True))
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f"""<div class="explorer" id="{name}" role="group" aria-label="{html.escape(data["title"])}">
<div class="explorer-choices"></div>
<p class="explorer-told" aria-live="polite" tabindex="-1">{html.escape(sentence(data, choices, row))}</p>
<div class="explorer-guesses"></div>
<div class="explorer-shown">{drawn(data, figure, row[0])}</div>
<script type="application/json">{text}</script>
</div>"""


def sentence(data: Mapping[str, Any], choices: Mapping[str, str], row: Row) -> str:
    """What a state shows, in words."""
    words = {key: data["names"][key].get(value, value) for key, value in choices.items()}
    found = data["findings"].get(row[4], "")
    return f"{data['told'].format(**words, told=row[3])} {found}".strip()


def placed(rows: Sequence[Row]) -> dict[str, Any]:
    """The axis of a figure, and its rows with marks in percent of the width: x, the two ends, and whether
    they exclude zero."""
    every = [mark for row in rows for mark in row[2]]
    ends = [end for mark in every for end in mark]
    usual = median_low(min(max(map(abs, mark)) for mark in row[2]) for row in rows)
    reach = BEYOND * max(usual, *(abs(mark[0]) for mark in every)) or 1.0
    low, high = max(min(0.0, *ends), -reach), min(max(0.0, *ends), reach)
    step = _step((high - low) / TICKS or 1.0)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)

    def x(value: float) -> float:
        if not first * step <= value <= last * step:
            return 0 if value < 0 else 100
        return round(EDGE + (100 - 2 * EDGE) * (value / step - first) / (last - first), 1)

    digits = max(0, -math.floor(math.log10(step)))
    axis = [[x(at * step), _signed(at * step, digits)] for at in range(first, last + 1)]
    for row in rows:
        row[2] = [[*map(x, mark), int(len(mark) > 1 and mark[1] * mark[2] > 0)] for mark in row[2]]
    return {"axis": axis, "rows": rows}


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−") if value else "0"


def _step(rough: float) -> float:
    """The round number next above: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def drawn(data: Mapping[str, Any], figure: Mapping[str, Any], chosen: str) -> str:
    """A figure and its table. `_static/explorer.js` draws the same, to the letter."""
    asked = list(data["asked"])[-1]
    names = {row[0]: html.escape(data["names"][asked].get(row[0], row[0])) for row in figure["rows"]}
    body, height = "", 0
    for row in figure["rows"]:
        body += "".join(_marks(row, names[row[0]], height, row[0] == chosen))
        height += LINE + 8 + STEP * (len(row[2]) - 1)
    axis = "".join(
        f'<line class="{"tick" if text != "0" else "zero"}" x1="{x:g}%" x2="{x:g}%" y1="0" '
        f'y2="{height}"></line>'
        f'<text class="scale" x="{x:g}%" y="{height + 16}">{text}</text>'
        for x, text in figure["axis"]
    )
    columns = (data["asked"][asked], *data["head"])
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    lines = "".join(
        f"<tr{_chosen(row, chosen)}>"
        f'<th scope="row">{names[row[0]]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1])}</tr>'
        for row in figure["rows"]
    )
    return (
        f'<svg role="img" aria-label="{html.escape(data["alt"])}" width="100%" height="{height + FOOT}">'
        f'{axis}{body}</svg><div class="table-scroll" tabindex="0" role="group" '
        'aria-label="The same as a table">'
        f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def _chosen(row: Row, chosen: str) -> str:
    return ' class="chosen"' if row[0] == chosen else ""


def _marks(row: Row, name: str, top: int, chosen: bool) -> Iterator[str]:
    """A row of a figure: its name, and under it an interval with its estimate for each mark."""
    yield f'<g class="row{" chosen" if chosen else ""}"><text x="0" y="{top + 14}">{name}</text>'
    size = 4 if len(row[2]) == 1 else 2.5
    for number, (x, *ends, solid) in enumerate(row[2]):
        y, kind = top + LINE + STEP * number, "solid" if solid else "open"
        if ends:
            yield f'<line x1="{ends[0]:g}%" x2="{ends[1]:g}%" y1="{y}" y2="{y}"></line>'
        yield f'<circle class="{kind}" cx="{x:g}%" cy="{y}" r="{size}"></circle>'
    yield "</g>"
