"""Retrieval of answers and entities with a trained encoder of queries and candidates: LAReQA, Mewsli-X."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ....errors import UserError
from ...checks import Raw
from ..reading import at, member, read_json, read_json_lines
from . import Request

# Braces mark a mention; those of the text itself become parentheses.
_BRACES = re.compile(r"\{(.*?)\}")


def row(identifier: str, side: str, text: str, context: str, mate: str) -> dict[str, Any]:
    """A row of the ranking format: side "query" or "candidate"; the mate of a query is its candidate."""
    return {"id": identifier, "side": side, "text": text, "context": context, "mate": mate}


def lareqa(request: Request) -> Iterator[Raw]:
    """XQuAD-R: questions, and every sentence of every paragraph; a question's answer is the sentence that holds it.

    Candidates are named `language-paragraph-sentence`, questions by their ids, which all languages share.
    """
    content = read_json(request.path)
    queries: list[Raw] = []
    paragraph_number = 0
    for article in member(str(request.path), content, "data", list):
        for paragraph in member(str(request.path), article, "paragraphs", list):
            place = f"paragraph {paragraph_number + 1}"
            where = at(request.path, place)
            context = member(where, paragraph, "context", str)
            sentences = member(where, paragraph, "sentences", list)
            breaks = member(where, paragraph, "sentence_breaks", list)
            if len(breaks) != len(sentences):
                raise UserError(f"{where}: {len(sentences)} sentences have {len(breaks)} sentence_breaks.")
            names = [f"{request.language}-{paragraph_number}-{number}" for number in range(len(sentences))]
            for name, sentence in zip(names, sentences, strict=True):
                yield place, row(name, "candidate", sentence, context, "")
            for question in member(where, paragraph, "qas", list):
                answers = member(where, question, "answers", list)
                if not answers:
                    raise UserError(f"{where}: a question has no answer.")
                answer = answers[0]
                start = member(where, answer, "answer_start", int)
                text = member(where, question, "question", str)
                mate = names[_sentence_of(where, breaks, start)]
                queries.append((place, row(member(where, question, "id", str), "query", text, "", mate)))
            paragraph_number += 1
    yield from queries


def _sentence_of(where: str, breaks: list[list[int]], start: int) -> int:
    for number, (first, last) in enumerate(breaks):
        if first <= start < last:
            return number
    raise UserError(f"{where}: no sentence holds the answer at {start}.")


def mewslix(request: Request) -> Iterator[Raw]:
    """Mewsli-X: mentions of one language in WikiNews, and the entities, as JSON lines."""
    mentions, entities = request.paths
    for line, item in read_json_lines(entities):
        where = at(entities, line)
        yield f"{entities.name}, line {line}", entity(where, item)
    for line, item in read_json_lines(mentions):
        where = at(mentions, line)
        if member(where, member(where, item, "context", dict), "language", str) == request.language:
            for found in item.get("mentions") or [item.get("mention")]:
                yield f"{mentions.name}, line {line}", mention(where, item["context"], found)
        else:
            request.report.dropped += 1


def mewslix_pairs(request: Request) -> Iterator[Raw]:
    """Mewsli-X's training pairs of English Wikipedia: a mention in its context, and its entity."""
    seen: set[str] = set()
    for line, item in read_json_lines(request.path):
        where = at(request.path, line)
        candidate = entity(where, member(where, item, "entity", dict))
        if candidate["id"] not in seen:
            seen.add(candidate["id"])
            yield line, candidate
        both = member(where, item, "contextual_mention", dict)
        yield line, mention(where, member(where, both, "context", dict), member(where, both, "mention", dict))


def entity(where: str, item: dict[str, Any]) -> dict[str, Any]:
    """A candidate: an entity's title, and its description as context."""
    title, description, name = (
        member(where, item, key, str) for key in ("title", "description", "entity_id")
    )
    return row(name, "candidate", title, " ".join(description.split()), "")


def mention(where: str, context: dict[str, Any], item: Any) -> dict[str, Any]:
    """A query: a mention, and the sentence that it stands in with braces around it."""
    span = member(where, item, "mention_span", dict)
    start, end = (member(where, span, key, int) for key in ("start", "end"))
    passage = member(where, context, "text", str)
    text = member(where, span, "text", str)
    if passage[start:end] != text:
        raise UserError(f"{where}: the mention {text[:60]!r} is not where its offsets say.")
    first, last = _sentence_around(context.get("sentence_spans") or [], start, end, len(passage))
    left, right = (_BRACES.sub(r"(\1)", part) for part in (passage[first:start], passage[end:last]))
    marked = " ".join(f"{left} {{ {text} }} {right}".split())
    return row(
        member(where, item, "example_id", str), "query", text, marked, member(where, item, "entity_id", str)
    )


def _sentence_around(spans: list[dict[str, int]], start: int, end: int, length: int) -> tuple[int, int]:
    for span in spans:
        if span["start"] <= start and end <= span["end"]:
            return span["start"], span["end"]
    return 0, length
