"""Span questions: SQuAD v1.1 (XQuAD and TyDiQA too, in every language), SQuAD v2.0, MLQA.

The normalisations differ, and the differences are worth points: SQuAD drops English articles and ASCII
punctuation whatever the language; MLQA drops each language's own articles, all Unicode punctuation, and
splits Chinese by character.

>>> mlqa_normalised("Das „alte“ Haus", "de"), squad_normalised("Das „alte“ Haus")
('alte haus', 'das „alte“ haus')
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.errors import UserError
from . import reading

if TYPE_CHECKING:
    import numpy as np

Gold = list[tuple[str, list[str]]]
Normalise = Callable[[str], str]

_ASCII = str.maketrans("", "", string.punctuation)
_ENGLISH = re.compile(r"\b(?:a|an|the)\b")
_HAN = re.compile(r"([\u4e00-\u9fa5])")
# What MLQA takes for an article. Arabic's is cut out of words wherever its two letters stand, as MLQA's own
# code does; Vietnamese's are classifiers and particles; Hindi and Chinese have none.
_ARTICLES = {
    "en": _ENGLISH,
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "ar": re.compile("ال"),
    "hi": None,
    "zh": None,
}


def squad_normalised(answer: str) -> str:
    """Lower case, no ASCII punctuation, no English articles, single spaces (SQuAD's own scripts)."""
    return " ".join(_ENGLISH.sub(" ", answer.lower().translate(_ASCII)).split())


def mlqa_normalised(answer: str, language: str) -> str:
    """Lower case, no Unicode punctuation, none of the language's articles, single spaces (MLQA's script)."""
    if language not in _ARTICLES:
        raise UserError(
            f"MLQA's scores are defined for {', '.join(sorted(_ARTICLES))}, not for {language!r}."
        )
    plain = answer.lower().translate(_unicode_punctuation())
    if (articles := _ARTICLES[language]) is not None:
        plain = articles.sub(" ", plain)
    if language == "zh":
        plain = _HAN.sub(r" \1 ", plain)
    return " ".join(plain.split())


@cache
def _unicode_punctuation() -> dict[int, None]:
    every = (code for code in range(sys.maxunicode) if unicodedata.category(chr(code)).startswith("P"))
    return dict.fromkeys([*every, *map(ord, string.punctuation)])


def overlap(answer: str, gold: str) -> float:
    """F1 of two normalised answers as bags of words; 0 where they share none, even if both are empty."""
    left, right = answer.split(), gold.split()
    common = sum((Counter(left) & Counter(right)).values())
    return 2 * common / (len(left) + len(right)) if common else 0.0


def overlap_v2(answer: str, gold: str) -> float:
    """The same in SQuAD v2.0, where two empty answers agree."""
    return overlap(answer, gold) if answer and gold else float(answer == gold)


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Gold, dict[str, str]]:
    """(gold, predicted); a question without a prediction scores 0, an answer to none is passed over.

    UserError for a question without a gold answer, and where no prediction answers any.
    """
    gold = reading.questions(labels)
    if lacking := [question for question, texts in gold if not texts]:
        raise UserError(f"{labels}: {lacking[0]!r} has no gold answer to score against.")
    predicted = reading.answers(predictions)
    reading.matching((question for question, _ in gold), predicted, labels, predictions)
    return gold, predicted


def squad(gold: Gold, predicted: dict[str, str], language: str) -> dict[str, float]:
    """Exact match and F1 of SQuAD v1.1, in percent, the best over the gold answers of each question."""
    return _metrics(_scores(gold, predicted, squad_normalised))


def mlqa(gold: Gold, predicted: dict[str, str], language: str) -> dict[str, float]:
    """Exact match and F1 of MLQA, in percent, for answers in `language`."""
    return _metrics(_scores(gold, predicted, partial(mlqa_normalised, language=language)))


def squad_examples(gold: Gold, predicted: dict[str, str], language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question, percent, float64 (n,)."""
    return _halves(_scores(gold, predicted, squad_normalised))


def mlqa_examples(gold: Gold, predicted: dict[str, str], language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question, percent, float64 (n,)."""
    return _halves(_scores(gold, predicted, partial(mlqa_normalised, language=language)))


def _scores(gold: Gold, predicted: dict[str, str], normalise: Normalise) -> list[tuple[float, float]]:
    """(exact match, F1) of each question, from 0 to 1."""
    rows = []
    for question, texts in gold:
        if question not in predicted:
            rows.append((0.0, 0.0))
            continue
        answer = normalise(predicted[question])
        normal = [normalise(each) for each in texts]
        rows.append((float(answer in normal), max(overlap(answer, each) for each in normal)))
    return rows


def _metrics(rows: Iterable[tuple[float, float]]) -> dict[str, float]:
    exact, f1 = zip(*rows, strict=True)
    return {"exact_match": 100.0 * sum(exact) / len(exact), "f1": 100.0 * sum(f1) / len(f1)}


def _halves(rows: list[tuple[float, float]]) -> np.ndarray:
    import numpy as np

    return 50.0 * np.array(rows, dtype=np.float64).sum(axis=1)
