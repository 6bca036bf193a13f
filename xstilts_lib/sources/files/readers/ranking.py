"""Retrieval of answers and entities with a trained encoder of queries and candidates: LAReQA, Mewsli-X."""

from __future__ import annotations

from collections.abc import Iterator

from ... import rows
from ...checks import Raw
from ...rows import member, optional
from ..reading import at, read_json, read_json_lines
from . import Request


def lareqa(request: Request) -> Iterator[Raw]:
    """XQuAD-R: every sentence of every paragraph as a candidate, then the questions."""
    queries: list[Raw] = []
    number = 0
    for article in member(str(request.path), read_json(request.path), "data", list):
        for paragraph in member(str(request.path), article, "paragraphs", list):
            place = f"paragraph {number + 1}"
            candidates, asked = rows.lareqa_paragraph(
                at(request.path, place), request.language, number, paragraph
            )
            yield from ((place, row) for row in candidates)
            queries += [(place, row) for row in asked]
            number += 1
    yield from queries


def mewslix(request: Request) -> Iterator[Raw]:
    """Mewsli-X: mentions of one language in WikiNews, and the entities, as JSON lines."""
    mentions, entities = request.paths
    for line, item in read_json_lines(entities):
        where = at(entities, line)
        yield f"{entities.name}, line {line}", rows.entity(where, item)
    for line, item in read_json_lines(mentions):
        where = at(mentions, line)
        if member(where, member(where, item, "context", dict), "language", str) == request.language:
            for found in optional(where, item, "mentions", list, []) or [
                member(where, item, "mention", dict)
            ]:
                yield f"{mentions.name}, line {line}", rows.mention(where, item["context"], found)
        else:
            request.report.dropped += 1


def mewslix_pairs(request: Request) -> Iterator[Raw]:
    """Mewsli-X's training pairs of English Wikipedia: a mention in its context, and its entity."""
    seen: set[str] = set()
    for line, item in read_json_lines(request.path):
        where = at(request.path, line)
        candidate = rows.entity(where, member(where, item, "entity", dict))
        if candidate["id"] not in seen:
            seen.add(candidate["id"])
            yield line, candidate
        both = member(where, item, "contextual_mention", dict)
        yield (
            line,
            rows.mention(where, member(where, both, "context", dict), member(where, both, "mention", dict)),
        )
