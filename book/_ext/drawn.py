"""Drawings that stand in a page itself, so that they have its letters, its ink and its ground.

    ```{drawn} figures/three_phases.svg               a file beside the page, described by its <title>
    ```{drawn} runs/pages/60_story.ipynb::opening     a picture that a notebook showed under a name

The content is the caption, and `:name:` the label by which pages refer to the figure's number.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Drawn(SphinxDirective):
    """A figure whose image is part of the page."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        place, _, name = self.arguments[0].partition("::")
        _, path = self.env.relfn2path(f"/{place}")
        self.env.note_dependency(path)
        image = picture(path, name) if name else drawing(path)
        if image is None:
            raise self.error(f"{place} shows no picture under the name {name!r}")
        figure = nodes.figure("", nodes.raw("", image, format="html"))
        self.set_source_info(figure)
        self.add_name(figure)
        caption = nodes.caption()
        self.set_source_info(caption)
        if self.content:
            read = nodes.Element()
            self.state.nested_parse(self.content, self.content_offset, read)
            caption += [child for paragraph in read.findall(nodes.paragraph) for child in paragraph.children]
            figure += caption
        return [figure]


def drawing(path: str) -> str:
    """A drawing by hand: described by its <title>, which is taken out because browsers show it as a hint."""
    text = Path(path).read_text(encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>\s*", text, re.DOTALL)
    if title is None:
        raise ValueError(f"{path}: a drawing needs a <title> that describes it")
    described = html.escape(" ".join(html.unescape(title[1]).split()))
    return text.replace(title[0], "").replace("<svg", f'<svg role="img" aria-label="{described}"', 1)


def picture(path: str, name: str) -> str | None:
    """The picture that a notebook showed under `name`."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        if output.get("metadata", {}).get("shown") == name:
            return "".join(output["data"]["text/html"])
    return None


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("drawn", Drawn)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
