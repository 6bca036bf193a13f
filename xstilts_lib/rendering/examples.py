"""Examples of every format on paper: a data frame with a row each, whatever source they were drawn from.

Text that others wrote is shown on a page when the page is made, from a copy at hand; none of it is kept in
this project.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..experiment import Experiment
from ..sources import open_source
from ..sources.miniature import MiniatureSource
from ..sources.miniature.grammar import CLOSING
from ..sources.real import RealSource
from ..tasks import FormatName, Task
from . import markup

if TYPE_CHECKING:
    from pandas import DataFrame

COPIES = "XSTILTS_COPIES"  # the folder that `xstilts book --data` names, for the notebook that draws from it
# Of the languages at hand so many are shown: English, one in its script, others in theirs.
PREFERRED = ("en", "de", "zh", "ar", "hi", "ru", "sw", "fi")
SHOWN = 3
SOUGHT = 200  # rows among which one of every label is looked for
CONTEXT = 140  # characters of a long text on each side of an answer


@dataclass(frozen=True)
class Drawn:
    """One example of a task, with what its row alone does not say."""

    row: Mapping[str, Any]
    language: str
    labels: tuple[str, ...]
    script: str = "Latin"
    partner: str = ""
    """The text of its mate, where two sides are matched."""

    def written(self, value: object) -> str:
        """`value` tagged as text in the language of the example."""
        return markup.foreign(value, self.language, self.script)


def world(experiment: Experiment) -> MiniatureSource:
    """The world of `experiment`, or the default one where its examples come from elsewhere."""
    generated = experiment.source["kind"] == "miniature"
    source = open_source(experiment.source if generated else {"kind": "miniature"})
    assert isinstance(source, MiniatureSource)
    return source


def at_hand(experiment: Experiment) -> RealSource | None:
    """The folder of real data to draw from: that of $XSTILTS_COPIES, the experiment's own, or none."""
    settings: Mapping[str, Any] = experiment.source
    if os.environ.get(COPIES):
        settings = {"kind": "files", "folder": os.environ[COPIES], "counts": "any"}
    if settings["kind"] != "files" or not settings.get("folder"):
        return None
    source = open_source(settings)
    assert isinstance(source, RealSource)
    return source


def from_miniature(world: MiniatureSource, task: Task, codes: Sequence[str], n: int = 1) -> list[Drawn]:
    """`n` development examples of `task` in each of `codes`, languages of the miniature; in the first of them
    as many more as show every label."""
    scripts = {row["code"]: row["script"] for row in world.language_table()}
    labels = world.labels(task.name)
    found, chosen = [], list(world.examples(task.name, codes, n, split="dev"))
    first = [row for row in chosen if row["language"] == codes[0]]
    more = lacking(first, world.rows(task.name, "dev", codes[0]), task)
    for row in chosen[: len(first)] + [{"language": codes[0], **row} for row in more] + chosen[len(first) :]:
        language = row["language"]
        mates = world.rows(task.name, "dev", language) if row.get("mate") else ()
        found.append(Drawn(row, language, labels, scripts[language], _partner(row, mates)))
    return found


def from_files(source: RealSource, task: Task) -> list[Drawn]:
    """The first example of `task` in several languages of a copy at hand, and in the first of these as many
    more as show every label; none where there is no copy.

    UserError where the copy is damaged.
    """
    for split in ("dev", "train", "test") if task.format != "text" else ():
        held = source.held(task.name, split) if split in source.splits(task.name) else ()
        codes = [code for code in (*PREFERRED, *held) if code in held]
        if codes:
            labels = source.labels(task.name)
            rows = {code: source.rows(task.name, split, code) for code in dict.fromkeys(codes[:SHOWN])}
            firsts = {
                code: next((row for row in found if row.get("mate", True)), found[0])
                for code, found in rows.items()
            }
            shown = {code: [first] for code, first in firsts.items()}
            shown[codes[0]] += lacking(shown[codes[0]], rows[codes[0]], task)
            return [
                Drawn(row, code, labels, partner=_partner(row, rows[code]))
                for code, chosen in shown.items()
                for row in chosen
            ]
    return []


def lacking(shown: Iterable[Mapping[str, Any]], rows: Iterable[Any], task: Task) -> list[Mapping[str, Any]]:
    """Those of the first `SOUGHT` rows that show, beside the rows `shown`, every label that stands in any."""
    rows = list(islice(rows, SOUGHT))
    missing = set().union(*map(partial(_labels, task), rows)).difference(*map(partial(_labels, task), shown))
    found = []
    while missing:
        found.append(max(rows, key=lambda row: len(missing & _labels(task, row))))
        missing -= _labels(task, found[-1])
    return found


def _labels(task: Task, row: Mapping[str, Any]) -> set[object]:
    """What a row shows of the answers that its task knows; of a question, whether it has one."""
    if task.format == "pair":
        return {row["label"]}
    if task.format == "tags":
        return set(row["tags"])
    return {bool(row["answers"]["text"])} if task.format == "span" else set()


def _partner(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    if not row.get("mate"):
        return ""
    mate = next(other for other in rows if other["id"] == row["mate"])
    return str(mate.get("sentence") or mate.get("text"))


def frame(drawn: Iterable[Drawn], task: Task, languages: Mapping[str, str] | None = None) -> DataFrame:
    """The examples, a row each; the language leads, with its name where `languages` gives names by code."""
    import pandas

    names, (header, cells) = languages or {}, SHAPES[task.format]
    leads = [(f"{names[one.language]} (%s)" if names else "%s", one) for one in drawn]
    rows = [[lead % markup.code(one.language), *cells(one)] for lead, one in leads]
    return pandas.DataFrame(rows, columns=["Language" if names else "In", *header])


def annotated(words: Sequence[str], marks: Sequence[str], language: str, script: str) -> str:
    """Words with a small annotation above each that has one; annotations are in English."""
    parts = []
    for word, mark in zip(words, marks, strict=True):
        written = markup.text(word)
        if mark and mark != "O":
            written = f'<ruby>{written}<rt lang="en">{markup.text(mark)}</rt></ruby>'
        parts.append(written if word in CLOSING or not parts else f" {written}")
    return markup.tagged("".join(parts), language, script)


def _pair(one: Drawn) -> list[str]:
    label = one.row["label"]
    said = markup.text(one.labels[label]) if label >= 0 else "kept by the publisher"
    return [one.written(one.row["first"]), one.written(one.row["second"]), said]


def _choice(one: Drawn) -> list[str]:
    choices = [
        markup.tagged(markup.marked(choice), one.language) + " (right)"
        if number == one.row["label"]
        else one.written(choice)
        for number, choice in enumerate(one.row["choices"])
    ]
    return [one.written(one.row["prompt"]), "<br>".join(choices)]


def _tags(one: Drawn) -> list[str]:
    return [annotated(one.row["words"], one.row["tags"], one.language, one.script)]


def _span(one: Drawn) -> list[str]:
    text, answers = one.row["context"], one.row["answers"]
    if answers["text"]:
        answer, start = answers["text"][0], answers["start"][0]
        before, after = text[:start], text[start + len(answer) :]
        shown = markup.text(_end(before)) + markup.marked(answer) + markup.text(_beginning(after))
    else:
        shown = markup.text(_beginning(text)) + " (no answer)"
    return [one.written(one.row["question"]), markup.tagged(shown, one.language, one.script)]


def _end(text: str) -> str:
    return text if len(text) <= CONTEXT else "… " + text[-CONTEXT:].lstrip()


def _beginning(text: str) -> str:
    return text if len(text) <= CONTEXT else text[:CONTEXT].rstrip() + " …"


# The columns of each format's table, and what fills them.
SHAPES: Mapping[FormatName, tuple[list[str], Callable[[Drawn], list[str]]]] = {
    "pair": (["First sentence", "Second sentence", "Label"], _pair),
    "choice": (["Sentence", "Choices"], _choice),
    "tags": (["Words with their tags"], _tags),
    "span": (["Question", "Context, with the answer marked"], _span),
    "bitext": (
        ["Sentence", "Its English partner"],
        lambda one: [one.written(one.row["sentence"]), markup.text(one.partner)],
    ),
    "ranking": (
        ["Query", "Its right candidate"],
        lambda one: [one.written(one.row["text"]), one.written(_beginning(one.partner))],
    ),
    "text": (
        ["Line", "Translation beside it"],
        lambda one: [one.written(one.row["text"]), markup.text(one.row["pair"] or "none: a line of its own")],
    ),
}
