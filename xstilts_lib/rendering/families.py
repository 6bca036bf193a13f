"""The tasks on paper, family by family: sizes, languages, labels, metric, sources, licence, and an example.

All of it is computed from the table of tasks; examples come from the data at hand when a page is built.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ..sources.checks import TRANSLATED
from ..sources.files.layouts import LAYOUTS
from ..sources.hub.repositories import REPOSITORIES
from ..sources.miniature import MiniatureSource
from ..sources.real import SPLITS, RealSource
from ..tasks import TASKS, FormatName, Task
from . import examples, markup

# Page -> the formats of its tasks, and the miniature's task that shows what they ask.
FAMILIES: Mapping[str, tuple[tuple[FormatName, ...], str]] = {
    "pairs": (("pair",), "mini_xnli"),
    "tags": (("tags",), "mini_udpos"),
    "questions": (("span",), "mini_tydiqa"),
    "retrieval": (("bitext", "ranking"), "mini_tatoeba"),
    "choices": (("choice",), "mini_hellaswag"),
    "text": (("text",), "mini_text"),
}
METRICS = {
    "accuracy": "accuracy",
    "tag_f1": "tag F1",
    "squad": "F1, exact match",
    "squad_v2": "F1, exact match",
    "mlqa": "F1, exact match",
    "bucc": "mining F1",
    "tatoeba": "retrieval accuracy",
    "map@20": "MAP at 20",
    "perplexity": "perplexity",
}
_SHOWN = ("en", "qaa", "qad")  # of the miniature's languages: English, a near one, one of another script
_MANY = 12  # codes of languages that a cell still lists
_ROLES = {"intermediate": "intermediate task", "target": "target task", "text": "text to learn from"}


def parts(world: MiniatureSource, source: RealSource | None) -> dict[str, str]:
    """What the pages of the families include, by name; `source` is a copy of real data, if any."""
    found = {"translated": translated()}
    for name, (formats, shown) in FAMILIES.items():
        rows = [row for row in TASKS.values() if row.format in formats and "miniature" not in row.sources]
        found[f"family_{name}"] = overview(name, rows)
        found[f"family_{name}_example"] = _miniature_example(world, TASKS[shown], source is not None)
        found[f"family_{name}_tasks"] = "\n\n".join(_section(row, source) for row in rows)
    return found


def overview(family: str, rows: list[Task]) -> str:
    """The tasks of a family in a table: what they train on, and where and how they are evaluated."""
    body = [
        [f"[{markup.text(row.title)}](#{_label(row)})", _ROLES[row.role].split()[0], training(row) or "none",
         str(len(row.languages)), METRICS[row.metric]]
        for row in rows
    ]  # fmt: skip
    header = ["Task", "Role", "English training examples", "Languages", "Metric"]
    return markup.table(header, body, "The tasks of this family.", f"table-family-{family}")


def _miniature_example(world: MiniatureSource, row: Task, copies: bool) -> str:
    drawn = examples.from_miniature(world, row, [code for code in _SHOWN if code in row.languages])
    caption = f"An example of {markup.code(row.name)}, the miniature's, in several of its languages."
    shown = examples.table(drawn, row, caption, f"example-{row.name.replace('_', '-')}")
    drawn_from = "Real examples stand with the tasks below, as far as a copy of the data was at hand."
    if not copies:
        drawn_from = (
            "No copy of real data was at hand when this page was built. With one, "
            "`xstilts book EXPERIMENT --data FOLDER` shows real examples with the tasks below."
        )
    return f"{shown}\n\n{drawn_from}"


def _section(row: Task, source: RealSource | None) -> str:
    drawn = examples.from_files(source, row) if source and source.kind in row.sources else []
    shown = ""
    if drawn:
        caption = f"{row.title}: an example from the copy at hand."
        shown = examples.table(drawn, row, caption, f"example-{row.name.replace('_', '-')}")
    facts = markup.table(["What", "Which"], _facts(row))
    return f"({_label(row)})=\n### {row.title}: `{row.name}`\n\n{facts}\n\n{shown}".strip()


def _label(row: Task) -> str:
    return f"task-{row.name.replace('_', '-')}"


def _facts(row: Task) -> Iterator[list[str]]:
    yield ["Role", _ROLES[row.role] + (f" {{cite}}`{row.citation}`" if row.citation else "")]
    yield ["Languages", _codes(row.languages)]
    yield ["Training set", training(row) or "none"]
    for split in SPLITS[1:]:
        if stated := sizes(row, split):
            yield [{"dev": "Development set", "test": "Test set"}[split], stated]
    if row.labels:
        yield ["Labels, in order", ", ".join(map(markup.code, row.labels))]
    yield ["Metric", f"{METRICS[row.metric]} ({{ref}}`metrics`)"]
    yield ["Read from", _sources(row)]
    yield ["Licence", f"{markup.text(row.licence)} ({{ref}}`licences`)"]
    if row.parts:
        yield ["Made of", ", ".join(map(markup.code, row.parts))]
    if row.note:
        yield ["Mind", markup.text(row.note)]
    if f"mini_{row.name}" in TASKS:
        where = f"examples-mini-{row.name.replace('_', '-')}"
        yield ["In the miniature", f"{markup.code(f'mini_{row.name}')}, with examples in {{numref}}`{where}`"]


def _sources(row: Task) -> str:
    found = ["official files"] if "files" in row.sources else []
    for place in REPOSITORIES.get(row.name, ())[:1] if "hub" in row.sources else ():
        host = "on GitHub" if place.builder else "on the Hub"
        commit = markup.code(place.revision[:7]) if len(place.revision) == 40 else place.revision
        found.append(f"{markup.code(place.name)} {host}, at {commit}")
    if "hub" in row.sources and row.parts:
        found.append("the Hub, part by part")
    return "; ".join(found)


def training(row: Task) -> str:
    """The English training set of a task in words: its size, and whose it is if not its own."""
    if row.train is None:
        return ""
    lender = TASKS[row.train]
    size = lender.size("train", "en")
    stated = f"{size:,}" if size else "not stated"
    return stated if lender == row else f"{stated}, those of {markup.code(lender.name)}"


def sizes(row: Task, split: str) -> str:
    """The published numbers of rows of a split: one for all languages, or languages by their number.

    >>> from xstilts_lib.tasks import task
    >>> sizes(task("xnli"), "test")
    '5,010 in each language'
    """
    common = row.sizes.get(split)
    by_number: dict[int, list[str]] = defaultdict(list)
    for key, number in row.sizes.items():
        of, _, language = key.partition("/")
        if of == split and language:
            by_number[number].append(language)
    unit = " pairs" if row.format == "bitext" else ""
    stated = [
        f"{number:,}{unit} ({_codes(codes)})" for number, codes in sorted(by_number.items(), reverse=True)
    ]
    if common is None:
        return "; ".join(stated)
    if not stated:
        return f"{common:,}{unit}" + (" in each language" if len(row.languages) > 1 else "")
    return f"{common:,}{unit} in a language, but {'; '.join(stated)}"


def _codes(languages: list[str] | tuple[str, ...]) -> str:
    listed = " ".join(languages)
    return f"{len(languages)}: {listed}" if len(languages) > _MANY else listed


def translated() -> str:
    """The machine-translated training sets: how a recipe names them, and in which languages they exist."""
    rows = []
    for name, splits in LAYOUTS.items():
        codes = {
            code for form in splits.get("train", ()) if form.note == TRANSLATED for code in form.only or ()
        }
        if codes:
            stated = [f"{code} {number:,}" for code, number in sorted(_translated_sizes(name).items())]
            example = markup.code(f"{name}@{min(codes)}")
            rows.append(
                [markup.code(name), example, " ".join(sorted(codes)), ", ".join(stated) or "not stated"]
            )
    caption = "Training sets in machine translation, and how a recipe asks for one."
    header = ["Training set", "In a recipe", "Languages", "Examples"]
    return markup.table(header, rows, caption, "table-translated")


def _translated_sizes(name: str) -> Mapping[str, int]:
    return {
        key.removeprefix("train/"): number
        for form in LAYOUTS[name]["train"]
        if form.note == TRANSLATED and form.sizes
        for key, number in form.sizes.items()
    }
