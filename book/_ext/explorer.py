"""An explorer: choose, guess, then look at intervals and the table under them.

    ```{explorer} runs/pages/49_explorers.ipynb::explorer-gains
    asked: {model: Study, recipe: Trained first on, target: Target, language: Language}
    question: What does training on {recipe} first do to {target}?
    told: Training on {recipe} first moves {target} by {told}.
    guesses: {up: It rises, down: It falls}
    findings: {up: The interval lies above zero.}
    ```

A notebook has computed all that may be shown (`markup.keep`): figures by the keys of the choices, in each a row
for each value of the last choice. A row is its key, its cells in the table, its marks (an estimate, or an
estimate with the two ends of its interval), what is told of it, and the answer that it gives. The page holds them
as JSON, drawn in the first state, so that it prints and can be read without a script; `_static/explorer.js`
draws the others, in the same way. Nothing is fetched.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
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
        if output.get("metadata", {}).get("shown") == name and "application/json" in output["data"]:
            return output["data"]["application/json"]
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
    """The axis of a figure, and its rows with marks in percent of the width: x, ends, and whether it excludes
    zero."""
    estimates = [mark[0] for row in rows for mark in row[2]]
    ends = [end for row in rows for mark in row[2] for end in mark]
    reach = BEYOND * max(*map(abs, estimates), max(map(abs, rows[-1][2][-1])))
    low, high = max(min(0.0, *ends), -reach), min(max(0.0, *ends), reach)
    step = _step((high - low or 1.0) / TICKS)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    high = high if high > low else low + step

    def x(value: float) -> float:
        inside = min(max((value - low) / (high - low), 0.0), 1.0)
        cut = 0 if value < low else 100 if value > high else None
        return round(EDGE + (100 - 2 * EDGE) * inside, 1) if cut is None else cut

    count = round((high - low) / step)
    ticks = [low + number * step for number in range(count + 1)]
    digits = max(0, -math.floor(math.log10(step)))
    axis = [[x(tick), f"{tick + 0.0:+.{digits}f}".replace("-", "−") if abs(tick) > step / 2 else "0"] for tick in ticks]
    marked = [
        [*row[:2], [[*map(x, mark), int(len(mark) > 1 and mark[1] * mark[2] > 0)] for mark in row[2]], *row[3:]]
        for row in rows
    ]
    return {"axis": axis, "rows": marked}


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
        f'<line class="{"zero" if text == "0" else "tick"}" x1="{x}%" x2="{x}%" y1="0" y2="{height}"></line>'
        f'<text class="scale" x="{x}%" y="{height + 16}">{text}</text>'
        for x, text in figure["axis"]
    )
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in (data["asked"][asked], *data["head"]))
    lines = "".join(
        f'<tr{" class=" + chr(34) + "chosen" + chr(34) if row[0] == chosen else ""}>'
        f'<th scope="row">{names[row[0]]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1])}</tr>'
        for row in figure["rows"]
    )
    return (
        f'<svg role="img" aria-label="{html.escape(data["alt"])}" width="100%" height="{height + FOOT}">{axis}{body}</svg>'
        f'<div class="table-scroll" tabindex="0" role="group" aria-label="The same as a table"><table class="table">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _marks(row: Row, name: str, top: int, chosen: bool) -> Iterator[str]:
    """A row of a figure: its name, and under it an interval with its estimate for each mark."""
    yield f'<g class="row{" chosen" if chosen else ""}"><text x="0" y="{top + 14}">{name}</text>'
    for number, (x, *ends, solid) in enumerate(row[2]):
        y = top + LINE + STEP * number
        if ends:
            yield f'<line x1="{ends[0]}%" x2="{ends[1]}%" y1="{y}" y2="{y}"></line>'
        yield f'<circle class="{"solid" if solid else "open"}" cx="{x}%" cy="{y}" r="{4 if len(row[2]) == 1 else 2.5}"></circle>'
    yield "</g>"
