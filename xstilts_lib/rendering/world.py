"""The miniature world on paper: its languages, one event in all of them, and examples of every task."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiment import Experiment
from ..sources import open_source
from ..sources.miniature import MiniatureSource
from ..tasks import TASKS, Task
from . import markup
from .examples import SHAPES, annotated, from_miniature

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
    columns = {  # soft hyphens: so many columns fit beside each other where their names may be broken
        "Code": lambda row: markup.code(row["code"]),
        "Name": lambda row: row["name"],
        "Order": lambda row: row["order"],
        "Ad&shy;posi&shy;tions": lambda row: row["adposition"],
        "Case": lambda row: "suffix" if row["case"] else "none",
        "Ar&shy;ticles": lambda row: "yes" if row["articles"] else "none",
        "Ad&shy;jec&shy;tives": lambda row: row["adjective"],
        "Script": lambda row: row["script"],
        "Cog&shy;nates": lambda row: f"{row['cognates']:.2f}",
        "Re&shy;sources": lambda row: f"{row['resources']:.2f}",
        "Dis&shy;tance": lambda row: f"{row['distance']:.2f}",
    }
    rows = [[show(row) for show in columns.values()] for row in world.language_table()]
    caption = (
        "The languages of the miniature world. Adpositions and adjectives stand before or after their noun. "
        "Cognates: share of the words written as in English. "
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


def examples(world: MiniatureSource) -> str:
    """A section a task with examples of its dev split."""
    rows = [row for row in TASKS.values() if "miniature" in row.sources]
    rows.sort(key=lambda row: ORDER.index(row.role))
    return "\n\n".join(_section(world, row) for row in rows)


def _section(world: MiniatureSource, row: Task) -> str:
    several = row.role != "intermediate"
    codes = [code for code in SHOWN if code in row.languages] if several else ["en"]
    names = {language["code"]: language["name"] for language in world.language_table()}
    header, cells = SHAPES[row.format]
    body = [
        [_label(names, one.language), *cells(one)]
        for one in from_miniature(world, row, codes, 1 if several else 2)
    ]
    kind = {"intermediate": "intermediate task", "target": "target task", "text": "text for pretraining"}[
        row.role
    ]
    where = "in several languages" if several else "in English, the only one that it is evaluated in"
    caption = f"{row.title} ({markup.code(row.name)}), {kind}: development examples {where}."
    name = f"examples-{row.name.replace('_', '-')}"
    return f"### {row.title}: `{row.name}`\n\n{markup.table(['Language', *header], body, caption, name)}"


def _label(names: Mapping[str, str], code: str) -> str:
    return f"{names[code]} ({markup.code(code)})"
