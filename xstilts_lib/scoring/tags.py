"""Sequence tagging. XTREME scores both NER and POS with seqeval's micro-averaged F1, and so does this.

On POS tags that F1 is no token accuracy: seqeval takes a tag's first letter for a prefix and the rest for a
type, so that neighbours with the same tag merge into one. The token accuracy that people expect is given
beside it.

>>> token_accuracy([["DET", "NOUN", "NOUN"]], [["DET", "NOUN", "VERB"]], "en")
{'token_accuracy': 66.66666666666666}
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..common.errors import UserError
from .reading import lines

Sentences = list[list[str]]
Entity = tuple[str, int, int]  # type, first token, last token


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Sentences, Sentences]:
    """(gold, predicted) sentences; ill-formed sequences of known tags (I- without B-) are scored as they are.

    UserError for an unknown tag, and for labels without an entity, which nothing can be scored against.
    """
    gold, predicted = _sentences(labels, known), _sentences(predictions, known)
    if "O" in known and {tag for tags in gold for tag in tags} == {"O"}:
        raise UserError(f"{labels} holds no entity: every tag is O, as where the labels were taken out.")
    if len(gold) != len(predicted):
        raise UserError(f"{predictions} has {len(predicted)} sentences, {labels} has {len(gold)}.")
    for number, (right, tags) in enumerate(zip(gold, predicted, strict=True), 1):
        if len(right) != len(tags):
            raise UserError(f"{predictions}, sentence {number}: {len(tags)} tags for {len(right)} tokens.")
    return gold, predicted


def _sentences(path: Path, known: Collection[str]) -> list[list[str]]:
    """One tag a line, a blank line after each sentence; the last may go without (XTREME's read_tag).

    UserError for a tag that is not known, where any are.
    """
    found: list[list[str]] = []
    tags: list[str] = []
    for number, line in enumerate(lines(path), 1):
        if "\t" in line:
            raise UserError(f"{path}, line {number}, holds more than a tag: write one a line, no token.")
        if known and line and line not in known:
            raise UserError(f"{path}, line {number}: {line!r} is none of the tags, {', '.join(known)}.")
        if line:
            tags.append(line)
        else:
            found.append(tags)
            tags = []
    return [*found, tags] if tags else found


def entity_f1(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """seqeval 1.2.2, default mode, micro average, as XTREME calls it; in percent."""
    expected, found = entities(gold), entities(predicted)
    right = len(expected & found)
    if not right:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = right / len(found), right / len(expected)
    f1 = 2 * precision * recall / (precision + recall)
    return {"f1": 100 * f1, "precision": 100 * precision, "recall": 100 * recall}


def entities(sentences: Sentences) -> set[Entity]:
    """The entities that seqeval 1.2.2 finds in its default mode, which takes any sequence of tags.

    Its odd rules are kept: a tag's first letter is its prefix, its type what follows the first hyphen after
    that, or all of the rest, or "_"; and an end without a beginning takes the last beginning, of whatever
    sentence. The tokens of all sentences are numbered in one row, with one more after each sentence.
    """
    found: set[Entity] = set()
    begin, before, kind = 0, "O", ""
    for place, tag in enumerate(tag for tags in sentences for tag in (*tags, "O")):
        prefix, name = tag[0], tag[1:].split("-", maxsplit=1)[-1] or "_"
        other = name != kind
        ends = before in "ES" or (before in "BI" and prefix in "BSO") or (before not in "O." and other)
        if ends:
            found.add((kind, begin, place - 1))
        if prefix in "BS" or (before in "ESO" and prefix in "EI") or (prefix not in "O." and other):
            begin = place
        before, kind = prefix, name
    return found


def token_accuracy(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """Share of tokens whose tag is right, in percent."""
    right = sum(g == p for a, b in zip(gold, predicted, strict=True) for g, p in zip(a, b, strict=True))
    return {"token_accuracy": 100 * (right / sum(map(len, gold)))}


def pos(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """XTREME's POS score, and the token accuracy beside it."""
    return entity_f1(gold, predicted, language) | token_accuracy(gold, predicted, language)
