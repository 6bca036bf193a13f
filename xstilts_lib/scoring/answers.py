"""Span questions: SQuAD v1.1 (XQuAD and TyDiQA too, in every language), MLQA, SQuAD v2.0.

The normalisations differ, and the differences are worth points: SQuAD drops English articles and ASCII
punctuation whatever the language; MLQA drops each language's own articles, all Unicode punctuation, and
splits Chinese by character.

>>> mlqa_normalised("Das „alte“ Haus", "de"), squad_normalised("Das „alte“ Haus")
('alte haus', 'das „alte“ haus')

In SQuAD v2.0 a question may have no answer, and '' says so.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.errors import UserError
from ..tasks import NO_ANSWER
from . import reading

if TYPE_CHECKING:
    import numpy as np

Gold = list[tuple[str, list[str]]]
Scores = list[tuple[float, float]]  # exact match and F1 of each question, from 0 to 1

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
        raise UserError(f"MLQA has scores for {', '.join(sorted(_ARTICLES))}, not for {language!r}.")
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


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Gold, dict[str, str]]:
    """(gold, predicted); a question without a prediction scores 0, an answer to none is passed over.

    UserError for a question without a gold answer, where `known` does not allow that, and where no prediction
    answers any.
    """
    gold = _questions(labels)
    lacking = [question for question, texts in gold if not texts]
    if lacking and NO_ANSWER not in known:
        raise UserError(f"{labels}: {lacking[0]!r} has no gold answer to score against.")
    if len(lacking) == len(gold):
        raise UserError(f"{labels} holds no question that has an answer.")
    return gold, _answers(predictions, gold, labels)


def _answers(path: Path, gold: Gold, labels: Path) -> dict[str, str]:
    """Predicted answers, {question id: text}, under a key "data" or at the top, as in XTREME's read_squad."""
    found = reading.json_object(path)
    if isinstance(found.get("data"), dict):
        found = found["data"]
    for question, answer in found.items():
        if not isinstance(answer, str):
            raise UserError(f"{path}: the answer to {question!r} is {answer!r}; write text, '' for none.")
    reading.matching((question for question, _ in gold), found, labels, path)
    return found


def _questions(path: Path) -> Gold:
    """(id, gold answers) of every question of a file in SQuAD's layout, in its order; ids may repeat.

    UserError where there is no question, for an id that is no text, and for gold answers that are all blank,
    which is how XTREME takes the answers out of what it publishes.
    """
    try:
        found = [
            (question["id"], [answer["text"] for answer in question["answers"]])
            for article in reading.json_object(path)["data"]
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
        blank = [name for name, texts in found if texts and not any(text.strip() for text in texts)]
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is not in SQuAD's layout (data, paragraphs, qas, answers).") from None
    if not found:
        raise UserError(f"{path} holds no question.")
    if odd := [name for name, _ in found if not isinstance(name, str)]:
        raise UserError(f"{path}: the id {odd[0]!r} is no text, and no key of predictions can match it.")
    if blank:
        raise UserError(f"{path}: the gold answers of {blank[0]!r} are blank; take a file that has them.")
    return found


def squad(gold: Gold, predicted: dict[str, str], language: str) -> Scores:
    """Exact match and F1 of SQuAD v1.1, the best over the gold answers of each question."""
    return _scores(gold, predicted, squad_normalised)


def mlqa(gold: Gold, predicted: dict[str, str], language: str) -> Scores:
    """Exact match and F1 of MLQA, for answers in `language`."""
    return _scores(gold, predicted, partial(mlqa_normalised, language=language))


def _scores(gold: Gold, predicted: dict[str, str], normalise: Callable[[str], str]) -> Scores:
    scores = []
    for question, texts in gold:
        exact = f1 = 0.0
        if question in predicted:
            answer, normal = normalise(predicted[question]), [normalise(each) for each in texts]
            exact, f1 = float(answer in normal), max(overlap(answer, each) for each in normal)
        scores.append((exact, f1))
    return scores


def squad_v2(gold: Gold, predicted: dict[str, str], language: str) -> Scores:
    """Exact match and F1 of each question with a prediction; of those with the same id the last, as the
    official script."""
    scores: dict[str, tuple[float, float]] = {}
    for question, texts in gold:
        if question not in predicted:
            continue
        # An answer that normalises to nothing is none: the question counts as one without an answer, and two
        # empty answers agree.
        normal = [text for text in map(squad_normalised, texts) if text] or [""]
        answer = squad_normalised(predicted[question])
        exact = float(answer in normal)
        scores[question] = exact, max(exact, *(overlap(answer, each) for each in normal))
    if not scores:
        raise UserError("None of the predictions answers a question of the labels: the ids differ.")
    return list(scores.values())


def means(scores: Scores) -> dict[str, float]:
    """Exact match and F1 in percent."""
    columns = zip(("exact_match", "f1"), zip(*scores, strict=True), strict=True)
    return {name: 100.0 * sum(column) / len(scores) for name, column in columns}


def halves(scores: Scores) -> np.ndarray:
    """(exact match + F1) / 2 of each question, percent, float64 (n,)."""
    import numpy as np

    return 50.0 * np.array([exact + f1 for exact, f1 in scores])
