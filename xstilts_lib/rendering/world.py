"""The miniature world on paper: its languages, one event in all of them, and examples of every task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..experiment import Experiment
from ..sources import open_source
from ..sources.miniature import MiniatureSource
from ..sources.miniature.grammar import CLOSING
from ..tasks import TASKS, Task
from . import markup

# English, its near neighbour, word order alone, script alone, far away, and another script still.
SHOWN = ("en", "qaa", "qac", "qad", "qae", "qag")
ORDER = ("intermediate", "target", "text")


def source(experiment: Experiment) -> MiniatureSource:
    """The world of `experiment`, or the default one where its examples come from elsewhere."""
    generated = experiment.source["kind"] == "miniature"
    world = open_source(experiment.source if generated else {"kind": "miniature"})
    assert isinstance(world, MiniatureSource)
    return world


def languages(world: MiniatureSource) -> str:
    """What each language declares, as a numbered table."""
    columns = {
        "Code": lambda row: markup.code(row["code"]),
        "Name": lambda row: row["name"],
        "Order": lambda row: row["order"],
        "Adpositions": lambda row: f"{row['adposition']} noun",
        "Case": lambda row: "suffix" if row["case"] else "none",
        "Articles": lambda row: "yes" if row["articles"] else "none",
        "Adjectives": lambda row: f"{row['adjective']} noun",
        "Script": lambda row: row["script"],
        "Cognates": lambda row: f"{row['cognates']:.2f}",
        "Resources": lambda row: f"{row['resources']:.2f}",
        "Distance": lambda row: f"{row['distance']:.2f}",
    }
    rows = [[show(row) for show in columns.values()] for row in world.language_table()]
    caption = (
        "The languages of the miniature world. Cognates: share of the words written as in English. "
        "Resources: lines of pretraining text as a share of the English ones. Distance from English: 0 (the "
        "same) to 1."
    )
    return markup.table(list(columns), rows, caption, "table-languages")


def sentences(world: MiniatureSource) -> str:
    """One event in every language, word by word, each word with its part in the event."""
    event = world.world.event(
        world.world.rng("book"), "train", kind="thing", names=0, general=0, adjective=1, place=1, time=1
    )
    names = {row["code"]: row for row in world.language_table()}
    rows = []
    for code, grammar in world.grammars.items():
        words = [
            (word.text, word.slot or ("verb" if word.upos == "VERB" else ""))
            for word in grammar.statement(event)
        ]
        words[0] = (words[0][0][0].title() + words[0][0][1:], words[0][1])
        rows.append(
            [
                _label({code: names[code]["name"]}, code),
                names[code]["order"],
                annotated(*zip(*words, strict=True), code, names[code]["script"]),
            ]
        )
    caption = (
        "One event in every language, in its plainest form; above the words, what they stand for: agent (who "
        "does it), patient (what it is done to), place, time. Articles and adpositions carry no mark."
    )
    return markup.table(["Language", "Order", "Sentence"], rows, caption, "table-sentence")


def annotated(words: Sequence[str], marks: Sequence[str], language: str, script: str) -> str:
    """Words with a small annotation above each that has one; annotations are in English."""
    parts = []
    for word, mark in zip(words, marks, strict=True):
        written = markup.text(word)
        if mark and mark != "O":
            written = f'<ruby>{written}<rt lang="en">{markup.text(mark)}</rt></ruby>'
        parts.append(written if word in CLOSING or not parts else f" {written}")
    return markup.tagged("".join(parts), language, script)


def examples(world: MiniatureSource) -> str:
    """A section a task with examples of its dev split."""
    scripts = {row["code"]: row["script"] for row in world.language_table()}
    rows = [row for row in TASKS.values() if "miniature" in row.sources]
    rows.sort(key=lambda row: ORDER.index(row.role))
    return "\n\n".join(_section(world, row, scripts) for row in rows)


def _section(world: MiniatureSource, row: Task, scripts: Mapping[str, str]) -> str:
    several = row.role != "intermediate"
    codes = [code for code in SHOWN if code in row.languages] if several else ["en"]
    found = world.examples(row.name, codes, 1 if several else 2, split="dev")
    header, show = _SHAPES[row.format]
    names = {row["code"]: row["name"] for row in world.language_table()}
    context = {"labels": world.labels(row.name), "scripts": scripts, "world": world, "task": row}
    body = [[_label(names, item["language"]), *show(item, context)] for item in found]
    kind = {"intermediate": "intermediate task", "target": "target task", "text": "text for pretraining"}[
        row.role
    ]
    where = "in several languages" if several else "in English, the only language it has"
    caption = f"{row.title} ({markup.code(row.name)}), {kind}: development examples {where}."
    name = f"examples-{row.name.replace('_', '-')}"
    return f"### {row.title}: `{row.name}`\n\n{markup.table(['Language', *header], body, caption, name)}"


def _label(names: Mapping[str, str], code: str) -> str:
    return f"{names[code]} ({markup.code(code)})"


Item = Mapping[str, Any]


def _written(item: Item, key: str, context: Item) -> str:
    return markup.foreign(item[key], item["language"], context["scripts"][item["language"]])


def _pair(item: Item, context: Item) -> list[str]:
    return [
        _written(item, "first", context),
        _written(item, "second", context),
        markup.text(context["labels"][item["label"]]),
    ]


def _choice(item: Item, context: Item) -> list[str]:
    choices = [
        markup.marked(choice) + " (right)" if number == item["label"] else markup.text(choice)
        for number, choice in enumerate(item["choices"])
    ]
    return [_written(item, "prompt", context), "<br>".join(choices)]


def _tags(item: Item, context: Item) -> list[str]:
    return [annotated(item["words"], item["tags"], item["language"], context["scripts"][item["language"]])]


def _span(item: Item, context: Item) -> list[str]:
    text, answer, start = item["context"], item["answers"]["text"][0], item["answers"]["start"][0]
    parts = markup.text(text[:start]) + markup.marked(answer) + markup.text(text[start + len(answer) :])
    script = context["scripts"][item["language"]]
    return [_written(item, "question", context), markup.tagged(parts, item["language"], script)]


def _bitext(item: Item, context: Item) -> list[str]:
    rows = context["world"].rows(context["task"].name, "dev", item["language"])
    mate = next(row["sentence"] for row in rows if row["id"] == item["mate"])
    return [_written(item, "sentence", context), markup.text(mate)]


def _text(item: Item, context: Item) -> list[str]:
    return [_written(item, "text", context), markup.text(item["pair"] or "none: a line of its own")]


_SHAPES: Mapping[str, tuple[list[str], Callable[[Item, Item], list[str]]]] = {
    "pair": (["First sentence", "Second sentence", "Label"], _pair),
    "choice": (["Sentence", "Choices"], _choice),
    "tags": (["Words with their tags"], _tags),
    "span": (["Question", "Context, with the answer marked"], _span),
    "bitext": (["Sentence", "Its English partner"], _bitext),
    "text": (["Line", "Translation beside it"], _text),
}
