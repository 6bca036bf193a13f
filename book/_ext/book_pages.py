"""What this book asks of Sphinx beyond its extensions.

- A page takes in tables and sentences from an executed notebook, by the name that a cell showed them under.
- A page that glues a number from a notebook is read again when that notebook changes; otherwise a second
  build would keep the old one.
- "Next" leads through what is to be read; the API, and notebooks like one that was shown, are looked up.
- Entries of the bibliography have no roles that browsers no longer know.
- Search and index pages are written by Sphinx and carry no description; here they get one.
- Docstrings of the library are plain prose for an editor, not reStructuredText; here they become it.
- A page holds an explorer of what a notebook has computed (`explorer`).
- The architecture page shows the library's rooms as its imports draw them; the pages of the API show
  the modules of rooms, from their docstrings.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator

import explorer
import house
from docutils import nodes
from myst_nb.ext.glue.utils import PendingGlueReference
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

GENERATED = {
    "search": "Search this book.",
    "genindex": "Index of the names in this book.",
    "py-modindex": "Index of the modules of the library.",
}
READ = ("pages/", "chapters/")  # the notebooks under runs/ that are read one after the other
# A module with its reference: autodoc speaks reStructuredText.
MODULE = """## `{1}`

```{{eval-rst}}
.. automodule:: {0}
   :members:
   :ignore-module-all:
   :show-inheritance:
```"""


class House(SphinxDirective):
    """The picture of the library's rooms."""

    def run(self) -> list[nodes.Node]:
        for file in house.LIBRARY.rglob("*.py"):
            self.env.note_dependency(str(file))
        return [nodes.raw("", house.picture(), format="html")]


class Shown(SphinxDirective):
    """What a notebook showed under a name, in place: `{shown} runs/pages/44_tasks.ipynb::table-tasks`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        place, _, name = self.arguments[0].partition("::")
        _, path = self.env.relfn2path(f"/{place}")
        self.env.note_dependency(path)
        found = list(shown(path, name))
        if not found:
            raise self.error(f"{place} shows nothing under the name {name!r}")
        return markdown(self, "\n\n".join(found))


class Modules(SphinxDirective):
    """The reference of all modules of some rooms or, with `:summary:`, a table of them with links."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"summary": lambda _: True}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        found = [module for room in self.arguments[0].split() for module in modules(room)]
        if "summary" not in self.options:
            return markdown(
                self, "\n\n".join(MODULE.format(name, name.partition(".")[2]) for name, _ in found)
            )
        rows = [f"| {{py:mod}}`{name}` | {_cell(summary)} |" for name, summary in found]
        return markdown(self, "\n".join(["| Module | What it is |", "|---|---|", *rows]))


def shown(path: str, name: str) -> Iterator[str]:
    """The Markdown of the outputs of a notebook that were shown under `name`."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        if output.get("metadata", {}).get("shown") == name:
            yield "".join(output["data"]["text/markdown"])


def modules(room: str) -> Iterator[tuple[str, str]]:
    """The public modules of a room, and the first sentence of each one's docstring."""
    place = house.LIBRARY / room
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        parts = path.relative_to(house.LIBRARY.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in parts):
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            yield ".".join(parts), " ".join(docstring.split("\n\n")[0].split())


def _cell(text: str) -> str:
    return re.sub(r"(?<!`)([\\*_{}|<>\[\]])(?!`)", r"\\\1", text)


def markdown(directive: SphinxDirective, text: str) -> list[nodes.Node]:
    """Read `text` as if it stood on the page in place of the directive, headings included."""
    directive.state._renderer.nested_render_text(text, directive.lineno)
    return []


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


def reading_path(documents: Iterable[str]) -> Iterator[str]:
    """The documents that "next" leads through, in their order: of the notebooks of runs, the first of each
    kind that trains more than the floor, and no page of the API."""
    kinds = set()
    for document in documents:
        folder, _, rest = document.partition("/")
        if folder == "runs" and not rest.startswith(READ):
            name = rest.rpartition("/")[2]
            kind = name if name[0].isdigit() else "target"
            if name == "index" or kind in kinds or rest.startswith("untrained/"):
                continue
            kinds.add(kind)
        if not document.startswith("api"):
            yield document


def lead(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Point "previous" and "next" along the reading path; from a page beside it they lead nowhere."""
    if page not in app.env.titles:
        return
    documents = [document for document in app.env.collect_relations() if document in app.env.titles]
    path = list(reading_path(documents))
    at = path.index(page) if page in path else None
    for name, step in (("prev", -1), ("next", 1)):
        there = at is not None and 0 <= at + step < len(path)
        context[name] = _link(app, page, path[at + step]) if there else None


def _link(app: Sphinx, page: str, other: str) -> dict[str, str]:
    title = app.builder.render_partial(app.env.titles[other])["title"]
    return {"link": app.builder.get_relative_uri(page, other), "title": title}


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


def open_citation(writer: HTML5Translator, node: nodes.citation) -> None:
    """An entry of the bibliography without the roles that docutils gives it, which are no longer in use."""
    writer.body.append(writer.starttag(node, "div", classes=["citation"]))


def close_citation(writer: HTML5Translator, node: nodes.citation) -> None:
    writer.body.append("</div>\n")


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("house", House)
    app.add_directive("shown", Shown)
    app.add_directive("modules", Modules)
    app.add_directive("explorer", explorer.Explorer)
    app.add_node(nodes.citation, override=True, html=(open_citation, close_citation))
    app.connect("doctree-read", note_sources)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", lead)
    app.connect("autodoc-process-docstring", plain_docstring)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
