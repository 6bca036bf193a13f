"""The executed notebooks of an experiment, gathered and made fit to stand side by side in one book.

A template that ran for ten recipes gives ten notebooks with the same title and the same labels. Here each
gets a title that says which run it is, and labels of its own; its outputs stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import nbformat

from ..common import places
from ..common.errors import UserError
from ..experiment import Experiment
from ..runs import results
from ..runs.run import TARGETS, Run, runs_of_model
from ..tasks import TASKS, task
from ..tasks.recipe import NONE, UNTRAINED, Ingredient, parse
from ..workflow import analyses
from ..workflow.notebook import INJECTED, PARAMETERS

OPENING = "What you will be able to do:"
_LABEL = re.compile(r"^\(([\w:-]+)\)=\s*$|^:name:\s*([\w:-]+)\s*$", re.MULTILINE)
_TITLE = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One executed notebook as a page of the book."""

    document: str
    """Its path below book/, without a suffix."""
    title: str
    short: str
    """What the table of contents calls it, where the recipe stands above it."""
    notebook: str
    """The notebook as JSON."""
    about: str = ""
    """What it is, in a sentence."""
    recipe: str | None = None
    """None for the analysis, which is about all of them."""
    part: str = ""
    """The part of the run that it made; of an analysis, the group it belongs to."""

    @property
    def template(self) -> str:
        """The name of the template of an analysis."""
        return self.document.rpartition("/")[2]


def gather(experiment: Experiment, anew: Mapping[str, Path] | None = None) -> list[Page]:
    """The pages of `experiment`: what reads results, then the runs of its first seed with its main encoder,
    recipe by recipe.

    `anew` are notebooks, by template, that stand in for those that the experiment left. UserError where it
    has not been run to its end, or where a notebook holds an error.
    """
    made = [page for _, page in runs(experiment)]
    return [*_analysis(experiment, anew or {}), *made]


def slug(name: str) -> str:
    """`name` as part of an address.

    >>> slug("mini_mnli+mini_squad-then-squad@de")
    'mini_mnli-and-mini_squad-then-squad-in-de'
    """
    return name.replace("+", "-and-").replace("@", "-in-")


def address(recipe: str) -> str:
    """The page of a recipe, below book/."""
    return f"runs/{slug(recipe)}/index"


def meaning(name: str) -> str:
    """A recipe in words.

    >>> meaning("mini_mnli+mini_squad-then-mini_ccg")
    'pretrained, then trained on mini_mnli and mini_squad jointly, then on mini_ccg'
    """
    roots = {UNTRAINED: "random weights: the floor", NONE: "pretrained, nothing else: the baseline"}
    steps = [step.name.replace("+", " and ") + " jointly" * ("+" in step.name) for step in parse(name).steps]
    return roots.get(name) or "pretrained, then trained on " + ", then on ".join(steps)


def plain(name: str, languages: Mapping[str, str] = MappingProxyType({})) -> str:
    """A recipe or a task as people call it; `languages` are the names of languages, by their codes.

    >>> plain("mini_mnli+mini_squad-then-mini_ccg"), plain("squad_v1@de", {"de": "German"})
    ('natural language inference + span question answering, then supertagging', 'SQuAD 1.1 in German')
    """

    def called(one: Ingredient) -> str:
        title = task(one.task).title
        # The miniature's tasks have descriptions for titles, the real ones have names.
        title = title[:1].lower() + title[1:] if one.task != task(one.task).counterpart else title
        return title if one.language == "en" else f"{title} in {languages.get(one.language, one.language)}"

    steps = [(Ingredient(name),)] if name in TASKS else [step.tasks for step in parse(name).steps]
    return ", then ".join(" + ".join(map(called, step)) for step in steps)


def _analysis(experiment: Experiment, anew: Mapping[str, Path]) -> Iterator[Page]:
    for group in analyses.groups(experiment):
        if not group.done():
            raise UserError(
                f"The {group.label} of experiment {experiment.name!r} have not been made, or are older than "
                f"its runs: run `xstilts run {experiment.name}` first."
            )
        for name, path in group.notebooks:
            node = _read(anew.get(name, path))
            title = short = _title(node, path)
            about = _first_sentence(node) or title
            document = f"runs/{analyses.FOLDERS[group.label]}/{name}"
            if group.label == "real":  # made from the same template as another page
                title = short = f"{title}: real languages"
                _rename(node, document.removeprefix("runs/").replace("/", "--"), title)
            _describe(node, about)
            yield Page(document, title, short, nbformat.writes(node) + "\n", about, part=group.label)


def runs(experiment: Experiment) -> Iterator[tuple[Run, Page]]:
    """The runs of the first seed with the main encoder, recipe by recipe, and the pages of their parts.

    UserError where any run of the experiment is not done.
    """
    missing = [run.part_directory(part) for run, part in results.missing(experiment)]
    if missing:
        raise UserError(
            f"Experiment {experiment.name!r} has not been run to its end: {len(missing)} parts are missing, "
            f"the first of them {places.relative(missing[0])}; run `xstilts run {experiment.name}` first."
        )
    for run in runs_of_model(experiment):
        if run.seed == experiment.seeds[0]:
            for part in run.parts:
                yield run, _run_page(run, part)


def _run_page(run: Run, part: str) -> Page:
    path, recipe = run.notebook(part), run.recipe.name
    node = _read(path)
    general = _title(node, path)
    target = part.removeprefix(f"{TARGETS}/") if part.startswith(TARGETS) else ""
    title = f"{general}: {recipe}" + (f", {target}" if target else "")
    document = f"runs/{slug(recipe)}/{slug(target) or path.stem}"
    _rename(node, document.removeprefix("runs/").replace("/", "--"), title)
    about = f"{title}, seed {run.seed}: the executed notebook, with its settings and outputs."
    _describe(node, about)
    return Page(document, title, target or general, nbformat.writes(node) + "\n", about, recipe, part)


def _read(path: Path) -> nbformat.NotebookNode:
    node = nbformat.read(path, as_version=4)
    for number, cell in enumerate(node.cells, start=1):
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            raise UserError(
                f"{places.relative(path)}: cell {number} ended in an error; run the experiment again."
            )
    _hide_defaults(node)
    kept = {key: node.metadata[key] for key in ("kernelspec", "language_info") if key in node.metadata}
    node.metadata = nbformat.from_dict(kept)
    return node


def _hide_defaults(node: nbformat.NotebookNode) -> None:
    """Show the parameters that a notebook ran with; its defaults too where some of them still count."""
    tagged = {tag: cell for cell in node.cells for tag in cell.metadata.get("tags", [])}
    if PARAMETERS in tagged and INJECTED in tagged:
        default, injected = (_names(tagged[tag].source) for tag in (PARAMETERS, INJECTED))
        if default <= injected:
            cell = tagged[PARAMETERS]
            cell.metadata["tags"] = [*cell.metadata["tags"], "remove-cell"]


def _names(source: str) -> set[str]:
    """The names that a parameters cell assigns."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _title(node: nbformat.NotebookNode, path: Path) -> str:
    for cell in node.cells:
        found = _TITLE.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            return found.group(1)
    raise UserError(f"{places.relative(path)}: the notebook has no title (a line that begins with '# ').")


def _first_sentence(node: nbformat.NotebookNode) -> str:
    """The first sentence of prose, without markup and without the words that open every chapter."""
    for cell in node.cells:
        if cell.cell_type != "markdown":
            continue
        for paragraph in cell.source.split("\n\n"):
            if paragraph[:1].isalpha() or paragraph[:1] in "*_":
                plain = re.sub(r"\{[\w:]+\}|[`*_]", "", " ".join(paragraph.split()))
                first = re.split(r"(?<=[.?!]) ", plain.removeprefix(OPENING).lstrip())[0]
                return first[:1].upper() + first[1:]
    return ""


def _describe(node: nbformat.NotebookNode, description: str) -> None:
    node.metadata["myst"] = {"html_meta": {"description": description.replace('"', "'")}}


def _rename(node: nbformat.NotebookNode, suffix: str, title: str) -> None:
    """Give the notebook its own title, and every label in it an ending that no other page has."""
    labels = set()
    for cell in node.cells:
        if cell.cell_type == "markdown":
            labels |= {found.group(1) or found.group(2) for found in _LABEL.finditer(cell.source)}
        for place in cell.metadata.get("mystnb", {}).values():
            if isinstance(place, dict) and "name" in place:
                labels.add(place["name"])
                place["name"] = f"{place['name']}--{suffix}"
    titled = False
    for cell in node.cells:
        if cell.cell_type != "markdown":
            continue
        if not titled and _TITLE.search(cell.source):
            cell.source, titled = _TITLE.sub(lambda _: f"# {title}", cell.source, count=1), True
        for label in labels:
            # As a target, as the option of a directive, in a role, in a link; elsewhere it is just a word.
            places_of_it = rf"(?:(?<=[(`<#])|(?<=^:name: )){re.escape(label)}(?=[)`>]|\s*$)"
            own = f"{label}--{suffix}"
            cell.source = re.sub(places_of_it, lambda _, own=own: own, cell.source, flags=re.MULTILINE)
