"""The book, rendered: executed notebooks and the pages that list them go into book/runs/, then Jupyter Book
builds.

Nothing is executed here, but for the one notebook that draws from a folder of real data, where `--data` names
one.

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
from pathlib import Path
from typing import Any

import yaml

from ..analysis import study
from ..common import places
from ..common.errors import UserError
from ..experiment import Experiment, load_experiment
from ..runs import records
from ..tasks.recipe import parse
from ..workflow import analyses
from ..workflow.notebook import JobFailed, execute
from . import examples, markup
from .executed import Page, address, gather, meaning, slug

GENERATED = "runs"  # the folder under book/ that this module owns
TOC = f"{GENERATED}/_toc.yml"
LOOKS = "48_copies"  # the notebook that draws from a folder of real data
NO_CHAPTERS = """```{admonition} Not answered here
:class: note
When this book was rendered, the experiment `questions` had not been run on this machine, and the project
kept no record of its results. Run it with `xstilts run questions`, keep its results with
`xstilts results questions --record`, then run and render any experiment again.
```"""


def build(experiment: str, output: Path | None = None, data: Path | None = None) -> Path:
    """Render the book with the results of `experiment`; returns the path of its first page.

    `output` is the folder that gets `_build/html/` (None: book/). `data` is a folder of official files, from
    which examples of the real tasks are drawn; they stay on this machine. UserError where the experiment has
    not been run, and where the build has warnings: a missing reference or number is an error.
    """
    loaded = load_experiment(experiment)
    notebooks = gather(loaded, {LOOKS: look(loaded, data)} if data else {})
    files, built = contents(loaded, notebooks), (output or places.book()) / "_build"
    if not _holds(
        TOC, files[TOC]
    ):  # every page shows it, and pages that have not changed are not written again
        shutil.rmtree(built / ".doctrees", ignore_errors=True)
    stale = write(files)
    for document in stale:
        (built / "html" / document).with_suffix(".html").unlink(missing_ok=True)
    _build_html(built)
    return built / "html" / "index.html"


def look(experiment: Experiment, data: Path) -> Path:
    """Execute the notebook that draws from real data on the folder `data`, beside the experiment's own.

    UserError where what lies there is damaged.
    """
    os.environ[examples.COPIES] = str(data.resolve())
    try:
        output = experiment.root / "copies" / f"{LOOKS}.ipynb"
        return execute(LOOKS, output, {"experiment": experiment.name})
    except JobFailed as failure:
        raise UserError(failure.error) if failure.kind == "user" else failure from None
    finally:
        del os.environ[examples.COPIES]


def contents(experiment: Experiment, notebooks: list[Page]) -> dict[str, str]:
    """Everything that stands under book/runs/, by path below book/."""
    files = {f"{page.document}.ipynb": page.notebook for page in notebooks}
    files[f"{GENERATED}/generated/questions.md"] = chapters(experiment, notebooks).strip() + "\n"
    recipes = _by_recipe(notebooks)
    for name, group in recipes.items():
        files[f"{address(name)}.md"] = _recipe_page(experiment, name, group)
    files[TOC] = table_of_contents(notebooks)
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
        if not _holds(name, body):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
    return removed


def _holds(name: str, body: str) -> bool:
    path = places.book() / name
    return path.is_file() and path.read_text(encoding="utf-8") == body


def table_of_contents(notebooks: list[Page]) -> str:
    """The contents of book/_toc.yml, with what differs from experiment to experiment: chapters and runs."""
    toc = yaml.safe_load((places.book() / "_toc.yml").read_text(encoding="utf-8"))
    written = {chapter["file"]: chapter for part in toc["parts"] for chapter in part["chapters"]}
    real = [page for page in notebooks if page.part == "real"]
    tables = [_entry(page) for page in real if page.template not in _chapters(notebooks)]
    found = {
        "results": [*tables, *written.get("results", {}).get("sections", [])],
        "questions": [_question(*pages) for pages in _chapters(notebooks).values()],
        "notebooks": [
            {"file": address(name), "title": name, "sections": [_entry(page) for page in group]}
            for name, group in _by_recipe(notebooks).items()
        ],
    }
    for name, sections in found.items():
        if name not in written:
            raise UserError(f"book/_toc.yml lacks the chapter {name!r}, under which pages are generated.")
        if sections:
            written[name]["sections"] = sections
    return yaml.safe_dump(toc, sort_keys=False, allow_unicode=True)


def _entry(page: Page) -> dict[str, Any]:
    return {"file": page.document, "title": page.short}


def _question(first: Page, *others: Page) -> dict[str, Any]:
    """A chapter about real languages, with the laboratory's beneath it; or the only one that there is."""
    beneath = [{"file": page.document, "title": "The same in the laboratory"} for page in others]
    return _entry(first) | ({"sections": beneath} if beneath else {})


def _chapters(notebooks: list[Page]) -> dict[str, list[Page]]:
    """The chapters by template, in its order: the one about real languages first, where it is there."""
    asked = [page for page in notebooks if page.part == "chapters"]
    real = {page.template: page for page in notebooks if page.part == "real"}
    found = {page.template: [page] for page in asked}
    return {name: [real[name], *pages] if name in real else pages for name, pages in found.items()}


def _by_recipe(notebooks: list[Page]) -> dict[str, list[Page]]:
    recipes: dict[str, list[Page]] = {}
    for page in notebooks:
        if page.recipe is not None:
            recipes.setdefault(page.recipe, []).append(page)
    return recipes


def chapters(experiment: Experiment, notebooks: list[Page]) -> str:
    """Links to the chapters, and where their numbers come from; or what to do where there are none."""
    about, found = analyses.studies(experiment), _chapters(notebooks)
    if not found or "chapters" not in about:
        return NO_CHAPTERS
    lines = []
    for name, (first, *others) in found.items():
        design = analyses.design_of(name)
        line = f"- [{markup.text(first.title)}](/{first.document}): {markup.text(first.about)}"
        if others:
            line += f" [The same in the laboratory](/{others[0].document})."
        elif "real" in about and design != analyses.CLAIMS:
            line += f" {study.lacking(about['real'], design)}"
        lines.append(line)
    origins = [f"*{one.title}* ({one.name}). {records.origin(one)}" for one in about.values()]
    return "\n\n".join(["\n".join(lines), *origins])


def _recipe_page(experiment: Experiment, name: str, notebooks: list[Page]) -> str:
    described = f"The executed notebooks of the recipe {name}, seed {experiment.seeds[0]}."
    head = f'---\nmyst:\n  html_meta:\n    description: "{described}"\n---\n\n(recipe-{slug(name)})=\n'
    links = "\n".join(f"- [{markup.text(page.title)}](/{page.document})" for page in notebooks)
    about = f"The encoder of this recipe: {markup.text(meaning(name))}."
    body = f"# Recipe {markup.code(name)}\n\n{about}\n\n{links}\n"
    if parse(name).steps:
        before = parse(name).prefix.name
        link = f"[{markup.text(before)}](/{address(before)})"
        body += f"\nIt starts from the encoder of {link}, with the same seed.\n"
    return head + body


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
    program = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(book)]
    options = ["--config", str(places.home() / "_config.yml"), "--toc", str(book / TOC),
               "--path-output", str(built.parent), "-n", "-W", "--keep-going", "-q"]  # fmt: skip
    with log.open("w", encoding="utf-8") as stream:
        environment = os.environ | {"NO_COLOR": "1"}
        done = subprocess.run(
            [*program, *options], stdout=stream, stderr=stream, env=environment, check=False
        )
    return done.returncode == 0 and (built / "html" / "index.html").is_file()


def _first_warning(text: str) -> str:
    lines = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line or "rror:" in line]
    found = len([line for line in lines if "WARNING" in line])
    first = (lines or text.strip().splitlines()[-1:] or ["it gave no reason"])[0]
    first = first.replace(f"{places.book()}/", "").replace(f"{places.home()}/", "").strip()
    return f"{found} warnings, the first: {first}" if found > 1 else first
