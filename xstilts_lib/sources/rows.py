"""A row of each format from a publisher's fields, whether a file or the hub gave them; labels as names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from ..errors import UserError

T = TypeVar("T")
Row = dict[str, Any]

_KINDS = {str: "text", int: "number", list: "list", dict: "object"}
# Braces mark a mention; those of the text itself become parentheses.
_BRACES = re.compile(r"\{(.*?)\}")


def member(where: str, item: Any, key: str, kind: type[T]) -> T:
    """`item[key]`, of the type `kind`; UserError that begins with `where` if it is not there or not that."""
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise UserError(f"{where}: the {_KINDS.get(kind, kind.__name__)} {key!r} is missing.")
    return value


def pair(identifier: str, first: str, second: str, label: str | None) -> Row:
    """A row of the pair format; `label` is a name, or None where the publisher keeps it."""
    return {"id": identifier, "first": first.strip(), "second": second.strip(), "label": label}


def choice(identifier: str, prompt: str, choices: Sequence[str], label: int | None) -> Row:
    """A row of the choice format; `label` is the index of the right choice."""
    return {"id": identifier, "prompt": prompt.strip(), "choices": list(choices), "label": label}


def hellaswag(identifier: str, start: str, unfinished: str, endings: Sequence[str], label: int | None) -> Row:
    """The prompt is the finished part of the context; each choice goes on from the unfinished one."""
    return choice(identifier, start, [f"{unfinished} {ending}".strip() for ending in endings], label)


def copa(where: str, identifier: str, premise: str, asked: str, choices: Sequence[str], label: Any) -> Row:
    """COPA and XCOPA: what is asked for is put as XTREME-R puts it, in English whatever the language.

    `label` is 0, 1, or None or -1 where the publisher keeps it.
    """
    if asked not in ("cause", "effect"):
        raise UserError(f"{where}: a question asks for 'cause' or 'effect', not for {asked!r}.")
    if label not in (0, 1, -1, None):
        raise UserError(f"{where}: unknown label {label!r}: it must be 0 or 1.")
    return choice(
        identifier, f"{premise} What was the {asked}?", choices, None if label in (None, -1) else label
    )


def letter(where: str, answer: object, letters: str) -> int:
    """The index of an answer that is given as a letter."""
    if not isinstance(answer, str) or len(answer) != 1 or answer not in letters:
        raise UserError(f"{where}: unknown label {answer!r}: it must be one of {', '.join(letters)}.")
    return letters.index(answer)


def number(where: str, answer: str, first: int, last: int) -> int:
    """The index of an answer that is given as a number from `first` to `last`."""
    if answer not in (str(n) for n in range(first, last + 1)):
        raise UserError(f"{where}: unknown label {answer!r}: it must be a number from {first} to {last}.")
    return int(answer) - first


def span(identifier: str, context: str, question: str, texts: Sequence[str], starts: Sequence[int]) -> Row:
    """A row of the span format; an empty answer stands where the publisher took the answers out."""
    kept = [(text, start) for text, start in zip(texts, starts, strict=True) if text]
    return {
        "id": identifier,
        "context": context,
        "question": question,
        "answers": {"text": [text for text, _ in kept], "start": [start for _, start in kept]},
    }


def bitext(identifier: str, side: str, sentence: str, mate: str) -> Row:
    """A row of the bitext format; `side` is "source" (the language) or "target" (English)."""
    return {"id": identifier, "side": side, "sentence": sentence.strip(), "mate": mate}


def ranking(identifier: str, side: str, text: str, context: str, mate: str) -> Row:
    """A row of the ranking format: side "query" or "candidate"; the mate of a query is its candidate."""
    return {"id": identifier, "side": side, "text": text, "context": context, "mate": mate}


def lareqa_paragraph(where: str, language: str, number: int, paragraph: Row) -> tuple[list[Row], list[Row]]:
    """(candidates, queries) of a paragraph of XQuAD-R; a sentence that holds an answer is the mate.

    Candidates are named `language-paragraph-sentence`, questions by their ids, which all languages share.
    """
    context = member(where, paragraph, "context", str)
    sentences = member(where, paragraph, "sentences", list)
    breaks = member(where, paragraph, "sentence_breaks", list)
    if len(breaks) != len(sentences):
        raise UserError(f"{where}: {len(sentences)} sentences have {len(breaks)} sentence_breaks.")
    names = [f"{language}-{number}-{index}" for index in range(len(sentences))]
    candidates = [
        ranking(name, "candidate", sentence, context, "")
        for name, sentence in zip(names, sentences, strict=True)
    ]
    queries = []
    for question in member(where, paragraph, "qas", list):
        answers = member(where, question, "answers", list)
        if not answers:
            raise UserError(f"{where}: a question has no answer.")
        start = member(where, answers[0], "answer_start", int)
        holders = [name for name, (first, last) in zip(names, breaks, strict=True) if first <= start < last]
        if not holders:
            raise UserError(f"{where}: no sentence holds the answer at {start}.")
        text, identifier = member(where, question, "question", str), member(where, question, "id", str)
        queries.append(ranking(identifier, "query", text, "", holders[0]))
    return candidates, queries


def entity(where: str, item: Row) -> Row:
    """A candidate of Mewsli-X: an entity's description, which is all that XTREME-R reads of it."""
    description, name = (member(where, item, key, str) for key in ("description", "entity_id"))
    return ranking(name, "candidate", " ".join(description.split()), "", "")


def mention(where: str, context: Row, item: Any) -> Row:
    """A query of Mewsli-X: a mention, and as context the sentence that it stands in, braces around it."""
    place = member(where, item, "mention_span", dict)
    start, end = (member(where, place, key, int) for key in ("start", "end"))
    passage, text = member(where, context, "text", str), member(where, place, "text", str)
    if passage[start:end] != text:
        raise UserError(f"{where}: the mention {text[:60]!r} is not where its offsets say.")
    first, last = 0, len(passage)
    for sentence in context.get("sentence_spans") or []:
        if sentence["start"] <= start and end <= sentence["end"]:
            first, last = sentence["start"], sentence["end"]
    left, right = (_BRACES.sub(r"(\1)", part) for part in (passage[first:start], passage[end:last]))
    marked = " ".join(f"{left} {{ {text} }} {right}".split())
    identifier, gold = (member(where, item, key, str) for key in ("example_id", "entity_id"))
    return ranking(identifier, "query", text, marked, gold)
