"""Where a notebook opens elsewhere: links to Colab, Binder and Kaggle, once a public copy is named.

`repository: {url: https://github.com/OWNER/NAME, branch: main}` in _config.yml names it. Then executed
notebooks get a launch button, and `{launch} notebooks/course` gives a table of links; until then, a sentence.
Jupyter Book's own `launch_buttons` would point at the executed pages under book/runs/, which are in no
repository: the links here lead to the templates that those pages were made from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HOME = Path(__file__).resolve().parents[2]
NOT_YET = (
    "This copy of the book names no public repository, so there is nothing to link to: set `repository.url` "
    "in `_config.yml`, and launch links stand here and a button over every executed notebook."
)


def repository(config: Path = HOME / "_config.yml") -> tuple[str, str] | None:
    """Owner/name on GitHub and the branch; None where none is named, or it is elsewhere."""
    found = yaml.safe_load(config.read_text(encoding="utf-8")).get("repository") or {}
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", str(found.get("url") or ""))
    return (match.group(1), str(found.get("branch") or "main")) if match else None


def links(place: tuple[str, str], notebook: str) -> dict[str, str]:
    """Addresses that open `notebook`, a path within the repository, by service."""
    name, branch = place
    file = f"github/{name}/blob/{quote(branch)}/{quote(notebook)}"
    return {
        "Colab": f"https://colab.research.google.com/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{name}/{quote(branch, safe='')}"
        f"?urlpath={quote(f'lab/tree/{notebook}', safe='')}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://{file.replace('github', 'github.com', 1)}",
    }


def template(page: str, home: Path = HOME) -> str | None:
    """The notebook that an executed page was made from, as a path within the repository."""
    if not page.startswith("runs/"):
        return None
    name = page.rpartition("/")[2]
    own = f"notebooks/{name}.ipynb"
    return own if (home / own).is_file() else "notebooks/20_target.ipynb"  # called after its task


class Launch(SphinxDirective):
    """A table of links for the notebooks of a folder, or a sentence that says why there is none."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(HOME / "_config.yml"))
        place, folder = repository(), self.arguments[0]
        lines = [NOT_YET]
        if place:
            lines = ["| Notebook | Opens in |", "|---|---|"]
            for path in sorted((HOME / folder).glob("*.ipynb")):
                found = links(place, f"{folder}/{path.name}").items()
                lines.append(f"| `{path.stem}` | {', '.join(f'[{name}]({url})' for name, url in found)} |")
        self.state._renderer.nested_render_text("\n".join(lines), self.lineno)
        return []


def add_button(
    app: Sphinx, page: str, template_name: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """A launch button over an executed notebook, in the theme's own form."""
    place, notebook = repository(), template(page)
    if doctree is None or not place or not notebook or Path(app.env.doc2path(page)).suffix != ".ipynb":
        return
    buttons = [
        {"type": "link", "text": name, "tooltip": f"Open the template in {name}", "url": url, "icon": ""}
        for name, url in links(place, notebook).items()
    ]
    group = {"type": "group", "tooltip": "Open the template elsewhere", "icon": "fas fa-rocket"}
    context.setdefault("header_buttons", []).append(group | {"buttons": buttons, "label": "launch-buttons"})


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("launch", Launch)
    app.connect("html-page-context", add_button, priority=900)  # after the theme has made its buttons
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
