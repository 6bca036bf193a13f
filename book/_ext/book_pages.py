"""What this book asks of Sphinx beyond its extensions.

- A page that glues a number from a notebook is read again when that notebook changes; otherwise a second
  build would keep the old one.
- Search and index pages are written by Sphinx and carry no description; here they get one.
- Docstrings of the library are plain prose for an editor, not reStructuredText; here they become it.
- The architecture page shows the library's rooms as its imports draw them.
"""

from __future__ import annotations

import re

import house
from docutils import nodes
from myst_nb.ext.glue.utils import PendingGlueReference
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

GENERATED = {
    "search": "Search this book.",
    "genindex": "Index of the names in this book.",
    "py-modindex": "Index of the modules of the library.",
}


class House(SphinxDirective):
    """The picture of the library's rooms."""

    def run(self) -> list[nodes.Node]:
        for file in house.LIBRARY.rglob("*.py"):
            self.env.note_dependency(str(file))
        return [nodes.raw("", house.picture(), format="html")]


def note_sources(app: Sphinx, doctree: nodes.document) -> None:
    """Remember which notebooks the page just read glues from."""
    found = {node.refdoc for node in doctree.findall(PendingGlueReference)}
    app.env.metadata[app.env.docname]["glued_from"] = sorted(found)


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages whose glued numbers come from a notebook that is new, changed or gone."""
    touched = added | changed | removed
    return [page for page, data in env.metadata.items() if touched.intersection(data.get("glued_from", ()))]


def describe(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give Sphinx's own pages their description."""
    if page in GENERATED:
        context["metatags"] = (
            context.get("metatags", "") + f'\n<meta name="description" content="{GENERATED[page]}" />'
        )


def plain_docstring(
    app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]
) -> None:
    """Turn a plain docstring into reStructuredText: code stays code, indented blocks stay as typed."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    lines[:] = []
    for block in filter(None, blocks):
        lines += [*_render(block), ""]


def _render(block: list[str]) -> list[str]:
    if block[0].lstrip().startswith(">>>"):
        return block
    if block[0].startswith(" "):
        return ["::", "", *("    " + line for line in block)]
    rendered: list[str] = []
    for line in block:
        # A list item, or a further line of one; what else is indented under a paragraph stays as typed.
        item = re.match(r"\s*- ", line)
        if item and rendered and not rendered[-1].startswith(("- ", "  ")):
            rendered.append("")
        elif line.startswith(" ") and not (rendered and rendered[-1].startswith(("- ", "  "))):
            return ["::", "", *("    " + each for each in block)]
        rendered.append(_inline(line.strip() if item else line))
    return rendered


def _inline(text: str) -> str:
    """Backticks become literals; characters that reStructuredText would read as markup are escaped."""
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(
        f"``{part.strip('`')}``"
        if part.startswith("`") and part.endswith("`") and len(part) > 1
        else _escape(part)
        for part in parts
    )


def _escape(text: str) -> str:
    head = "- " if text.startswith("- ") else ""
    return head + re.sub(r"([\\*|`]|(?<=\w)_(?!\w))", r"\\\1", text[len(head) :])


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("house", House)
    app.connect("doctree-read", note_sources)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", describe)
    app.connect("autodoc-process-docstring", plain_docstring)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
