"""Sequence tagging. XTREME scores both NER and POS with seqeval's micro-averaged F1, and so does this.

On POS tags that F1 is no token accuracy: seqeval reads a tag without a prefix as inside an entity, so that
neighbours with the same tag merge into one. The token accuracy that people expect is given beside it.

>>> token_accuracy([["DET", "NOUN", "NOUN"]], [["DET", "NOUN", "VERB"]], "en")
{'token_accuracy': 66.66666666666666}
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from . import reading

if TYPE_CHECKING:
    import numpy as np

Sentences = list[list[str]]


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Sentences, Sentences]:
    """(gold, predicted) sentences; ill-formed sequences of tags (I- without B-) are scored as they are."""
    gold, predicted = reading.sentences(labels), reading.sentences(predictions)
    if len(gold) != len(predicted):
        raise UserError(f"{predictions} has {len(predicted)} sentences, {labels} has {len(gold)}.")
    for number, (right, tags) in enumerate(zip(gold, predicted, strict=True), 1):
        if len(right) != len(tags):
            raise UserError(
                f"{predictions}, sentence {number}, has {len(tags)} tags for {len(right)} tokens."
            )
    used = {tag for tags in predicted for tag in tags}
    if known and used and used.isdisjoint(known):
        raise UserError(
            f"{predictions} holds no known tag, but {min(used)!r} and the like; known: {', '.join(known)}."
        )
    return gold, predicted


def entity_f1(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """seqeval 1.2.2, default mode, micro average, as XTREME calls it; in percent."""
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

    with warnings.catch_warnings():  # on tags without a prefix, and on languages where nothing is right
        warnings.simplefilter("ignore")
        precision, recall, f1, _ = precision_recall_fscore_support(gold, predicted, average="micro")
    return {"f1": 100 * float(f1), "precision": 100 * float(precision), "recall": 100 * float(recall)}


def token_accuracy(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """Share of tokens whose tag is right, in percent."""
    right = sum(g == p for a, b in zip(gold, predicted, strict=True) for g, p in zip(a, b, strict=True))
    return {"token_accuracy": 100 * (right / sum(map(len, gold)))}


def pos(gold: Sentences, predicted: Sentences, language: str) -> dict[str, float]:
    """XTREME's POS score, and the token accuracy beside it."""
    return entity_f1(gold, predicted, language) | token_accuracy(gold, predicted, language)


def entity_counts(gold: Sentences, predicted: Sentences, language: str) -> np.ndarray:
    """Per sentence (right, predicted, gold) entities, float64 (n, 3): sums over a sample give its F1."""
    import numpy as np
    from seqeval.metrics.sequence_labeling import get_entities

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, found = set(get_entities(gold)), set(get_entities(predicted))
    # seqeval numbers the tokens of all sentences in one row, with one more after each sentence.
    ends = np.cumsum([len(tags) + 1 for tags in gold])
    counts = [_by_sentence(entities, ends) for entities in (expected & found, found, expected)]
    return np.stack(counts, axis=1).astype(np.float64)


def _by_sentence(entities: Iterable[tuple[str, int, int]], ends: np.ndarray) -> np.ndarray:
    """How many entities (type, first token, last token) end in each sentence."""
    import numpy as np

    last = np.array([end for _, _, end in entities], dtype=np.int64)
    return np.bincount(np.searchsorted(ends, last, side="right"), minlength=len(ends))


def token_counts(gold: Sentences, predicted: Sentences, language: str) -> np.ndarray:
    """Per sentence (right, tokens, tokens), float64 (n, 3): F1 of these counts is the token accuracy."""
    import numpy as np

    pairs = zip(gold, predicted, strict=True)
    rows = [(sum(g == p for g, p in zip(a, b, strict=True)), len(a), len(a)) for a, b in pairs]
    return np.array(rows, dtype=np.float64)
