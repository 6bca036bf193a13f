"""Text to learn languages from: lines of Wikipedia that no evaluation set holds, drawn by a seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..overlap import normalised, sentences

Line = tuple[str, str]  # its key in the stream, and its text

_LONG_ENOUGH = 40  # characters of a paragraph of Wikipedia
_SHORTEST = 12  # letters and digits, below which a line teaches little
_DEV_SHARE = 50  # one line in fifty is held back as the dev split


def paragraphs(articles: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """The lines that articles offer."""
    for article in articles:
        for number, paragraph in enumerate(article["text"].split("\n")):
            if len(paragraph) >= _LONG_ENOUGH:
                yield f"{article['id']}-{number}", paragraph


def select(
    offered: Sequence[Line], language: str, excluded: frozenset[str], lines: int, seed: int
) -> list[dict[str, str]]:
    """At most `lines` rows of the text format, unlike one another, none with an excluded sentence."""
    drawn = list(offered)
    random.Random(f"{seed}-{language}").shuffle(drawn)
    rows: list[dict[str, str]] = []
    seen: set[str] = set()
    for key, text in drawn:
        if len(rows) == lines:
            break
        text = " ".join(text.split())
        letters = normalised(text)
        if len(letters) < _SHORTEST or letters in seen or not excluded.isdisjoint(sentences(text)):
            continue
        seen.add(letters)
        rows.append({"id": f"wikipedia-{language}-{key}", "language": language, "text": text, "pair": ""})
    return rows


def is_dev(row: Mapping[str, str]) -> bool:
    """Whether a row is held back as the dev split, by its key alone."""
    key = row["id"].replace(f"-{row['language']}-", "-", 1)
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _DEV_SHARE == 0
