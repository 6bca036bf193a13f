"""The book, rendered: executed notebooks and computed pages go into book/runs/, then Jupyter Book builds.

Nothing is executed here.

>>> from xstilts_lib.rendering import build
>>> build("miniature")                                          # doctest: +SKIP
PosixPath('book/_build/html/index.html')

Every file under book/runs/ is written only where its content has changed, so that a second build reads next
to nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..common import places
from ..common.errors import UserError
from ..experiment import Experiment, load_experiment
from ..sources import open_source
from ..sources.real import RealSource
from . import pages
from .executed import Page, gather

GENERATED = "runs"  # the folder under book/ that this module owns


def build(experiment: str, output: Path | None = None, data: Path | None = None) -> Path:
    """Render the book with the results of `experiment`; returns the path of its first page.

    `output` is the folder that gets `_build/html/` (None: book/). `data` is a folder of official files, from
    which examples of the real tasks are drawn; they stay on this machine. UserError where the experiment has
    not been run, and where the build has warnings: a missing reference or number is an error.
    """
    loaded = load_experiment(experiment)
    notebooks = gather(loaded)
    stale = write(contents(loaded, notebooks, at_hand(loaded, data)))
    built = (output or places.book()) / "_build"
    for document in stale:
        (built / "html" / document).with_suffix(".html").unlink(missing_ok=True)
    _build_html(built)
    return built / "html" / "index.html"


def at_hand(experiment: Experiment, data: Path | None) -> RealSource | None:
    """The folder of real data to draw examples from: the one given, the experiment's own, or none."""
    settings: Mapping[str, Any] = {"kind": "files", "folder": str(data), "counts": "any"}
    if data is None:
        settings = experiment.source
        if settings["kind"] != "files" or not settings.get("folder"):
            return None
    source = open_source(settings)
    assert isinstance(source, RealSource)
    return source


def contents(experiment: Experiment, notebooks: list[Page], data: RealSource | None = None) -> dict[str, str]:
    """Everything that stands under book/runs/, by path below book/."""
    files = {f"{page.document}.ipynb": page.notebook for page in notebooks}
    for name, body in pages.parts(experiment, notebooks, data).items():
        files[f"{GENERATED}/generated/{name}.md"] = body.strip() + "\n"
    files |= {f"{document}.md": body for document, body in pages.whole(experiment, notebooks).items()}
    files[f"{GENERATED}/_toc.yml"] = table_of_contents(notebooks)
    return files


def write(files: dict[str, str]) -> list[str]:
    """Make book/runs/ hold exactly `files`; returns the paths below book/ of what was removed."""
    root = places.book()
    removed = []
    for path in sorted((root / GENERATED).rglob("*"), reverse=True):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in files:
            path.unlink()
            removed.append(name)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    for name, body in files.items():
        path = root / name
        if not path.is_file() or path.read_text(encoding="utf-8") != body:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
    return removed


def table_of_contents(notebooks: list[Page]) -> str:
    """The contents of book/_toc.yml, with the executed notebooks and the API's pages under their chapters."""
    toc = yaml.safe_load((places.book() / "_toc.yml").read_text(encoding="utf-8"))
    sections = {
        "results": [_entry(page) for page in notebooks if page.part == "tables"],
        "questions": [_entry(page) for page in notebooks if page.part == "chapters"],
        "runs/index": _runs(notebooks),
        "api": [{"file": document} for document in pages.api_documents()],
    }
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            found = sections.pop(chapter["file"], None)
            if found:
                chapter["sections"] = found
    if sections:
        raise UserError(
            f"book/_toc.yml lacks the chapter {next(iter(sections))!r}, under which pages are generated."
        )
    return yaml.safe_dump(toc, sort_keys=False, allow_unicode=True)


def _entry(page: Page) -> dict[str, str]:
    return {"file": page.document, "title": page.short}


def _runs(notebooks: list[Page]) -> list[dict[str, object]]:
    """One section a recipe, with its notebooks below."""
    recipes: dict[str, list[Page]] = {}
    for page in notebooks:
        if page.recipe is not None:
            recipes.setdefault(page.recipe, []).append(page)
    return [
        {"file": pages.recipe_document(name), "title": name, "sections": [_entry(page) for page in group]}
        for name, group in recipes.items()
    ]


def _build_html(built: Path) -> None:
    """Build strictly, from the state of an earlier build where there is one.

    What fails from such a state is built once more from nothing: where a label has moved between pages, an
    incremental build complains of both places. A build that failed leaves no state behind, because pages that
    have not changed would not warn a second time.
    """
    state, log = built / ".doctrees", built / "log.txt"
    built.mkdir(parents=True, exist_ok=True)
    for _ in range(2 if state.is_dir() else 1):
        if _jupyter_book(built, log):
            return
        shutil.rmtree(state, ignore_errors=True)
    why = _first_warning(log.read_text(encoding="utf-8"))
    raise UserError(f"The book was not built: {why} (all of it in {places.relative(log)}).")


def _jupyter_book(built: Path, log: Path) -> bool:
    """One run of Jupyter Book in a process of its own; what it says goes to `log`."""
    book = places.book()
    places_of = {"--config": places.home() / "_config.yml", "--toc": book / GENERATED / "_toc.yml"}
    options = [
        str(word) for option in (*places_of.items(), ("--path-output", built.parent)) for word in option
    ]
    program = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*program, "build", str(book), *options, "-n", "-W", "--keep-going", "-q"]
    with log.open("w", encoding="utf-8") as stream:
        environment = os.environ | {"NO_COLOR": "1"}
        done = subprocess.run(command, stdout=stream, stderr=stream, env=environment, check=False)
    return done.returncode == 0 and (built / "html" / "index.html").is_file()


def _first_warning(text: str) -> str:
    lines = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line or "rror:" in line]
    found = len([line for line in lines if "WARNING" in line])
    first = (lines or text.strip().splitlines()[-1:] or ["it gave no reason"])[0]
    first = first.replace(f"{places.book()}/", "").replace(f"{places.home()}/", "").strip()
    return f"{found} warnings, the first: {first}" if found > 1 else first
