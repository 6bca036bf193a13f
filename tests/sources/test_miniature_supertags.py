"""The supertags of mini_ccg as categories: a chart parser derives every tagged sentence."""

from __future__ import annotations

import re
from functools import cache

import pytest

from xstilts_lib.sources.miniature import MiniatureSource

# A category is an atom ("NP", "S[dcl]") or (result, slash, argument); "S" alone stands for a sentence of any
# kind.
Category = str | tuple


@cache
def parse(text: str) -> Category:
    """A category from its notation; slashes associate to the left."""
    parts = re.findall(r"[A-Za-z.]+(?:\[\w+\])?|[()/\\]", text)
    category, rest = _operand(parts)
    while rest:
        argument, remaining = _operand(rest[1:])
        category, rest = (category, rest[0], argument), remaining
    return category


def _operand(parts: list[str]) -> tuple[Category, list[str]]:
    if parts[0] != "(":
        return parts[0], parts[1:]
    depth = 0
    for i, part in enumerate(parts):
        depth += (part == "(") - (part == ")")
        if depth == 0:
            return parse("".join(parts[1:i])), parts[i + 1 :]
    raise ValueError(parts)


def unify(one: Category, other: Category) -> str | None:
    """What kind of sentence makes two categories equal: '' where none is needed, None where nothing does."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        kinds = [unify(one[0], other[0]), unify(one[2], other[2])]
        if one[1] != other[1] or None in kinds:
            return None
        return kinds[0] or kinds[1]
    if isinstance(one, tuple) or isinstance(other, tuple):
        return None
    if one == other:
        return ""
    if {one[:1], other[:1]} == {"S"} and "S" in (one, other):
        return max(one, other, key=len)[1:]
    return None


def filled(category: Category, kind: str) -> Category:
    """The category with sentences of any kind made sentences of this kind."""
    if isinstance(category, tuple):
        return filled(category[0], kind), category[1], filled(category[2], kind)
    return "S" + kind if category == "S" else category


def combine(left: Category, right: Category) -> list[Category]:
    """Application, composition forward, and crossed composition backward."""
    found = []
    if isinstance(left, tuple) and left[1] == "/":
        kind = unify(left[2], right)
        if kind is not None:
            found.append(filled(left[0], kind))
        if isinstance(right, tuple) and right[1] == "/" and (kind := unify(left[2], right[0])) is not None:
            found.append((filled(left[0], kind), "/", right[2]))
    if isinstance(right, tuple) and right[1] == "\\":
        kind = unify(right[2], left)
        if kind is not None:
            found.append(filled(right[0], kind))
        if isinstance(left, tuple) and left[1] == "/" and (kind := unify(right[2], left[0])) is not None:
            found.append((filled(right[0], kind), "/", left[2]))
    return found


def derives(tags: list[str]) -> set[Category]:
    """Every category that the whole sequence has, its final stop left out."""
    words = [parse(tag) for tag in tags[:-1]]
    size = len(words)
    chart: dict[tuple[int, int], set[Category]] = {
        (i, i + 1): {word} | ({"NP"} if word == "N" else set()) for i, word in enumerate(words)
    }
    for width in range(2, size + 1):
        for start in range(size - width + 1):
            cell: set[Category] = set()
            for middle in range(start + 1, start + width):
                for left in chart[start, middle]:
                    for right in chart[middle, start + width]:
                        cell.update(combine(left, right))
                        if left == "conj" and right == "S[dcl]":
                            cell.add(("S[dcl]", "\\", "S[dcl]"))
            chart[start, start + width] = cell | ({"NP"} if "N" in cell else set())
    return chart[0, size]


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        (["NP/N", "N", r"(S[dcl]\NP)/NP", "N", "."], "S[dcl]"),
        (["N", r"(S[dcl]\NP)/(S[pss]\NP)", r"S[pss]\NP", r"((S\NP)\(S\NP))/NP", "N", "."], "S[dcl]"),
        (["S[wq]/S[q]", r"(S[q]/(S[b]\NP))/NP", "N", r"(S[b]\NP)/NP", "N", "."], "S[wq]"),
    ],
)
def test_the_parser_derives_what_it_should(tags: list[str], sentence: str) -> None:
    assert sentence in derives(tags)
    assert sentence not in derives([*tags[:-2], "."])


def test_every_tagged_sentence_has_a_derivation() -> None:
    world = MiniatureSource()
    for row in world.rows("mini_ccg", "train", limit=250):
        expected = "S[wq]" if row["words"][-1] == "?" else "S[dcl]"
        assert expected in derives(row["tags"]), row
