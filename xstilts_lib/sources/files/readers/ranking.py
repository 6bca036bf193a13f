"""Retrieval of answers and entities with a trained encoder of queries and candidates: LAReQA, Mewsli-X."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ... import examples
from ...checks import Raw
from ...rows import member
from ..reading import read_json, read_json_lines
from . import Request, objects

mewslix_pairs = objects(examples.mewslix_pairs)


def lareqa(request: Request) -> Iterator[Raw]:
    """XQuAD-R, SQuAD's JSON with sentences."""
    articles = member(str(request.path), read_json(request.path), "data", list)
    return examples.lareqa(replace(request, given=enumerate(articles)))


def mewslix(request: Request) -> Iterator[Raw]:
    """The entities, then the mentions, as JSON lines."""
    mentions, entities = request.paths
    lines = ((path, *line) for path in (entities, mentions) for line in read_json_lines(path))
    given = ((f"{path.name}, line {number}", item) for path, number, item in lines)
    return examples.mewslix(replace(request, given=given))
