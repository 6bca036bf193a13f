"""Span questions: SQuAD v1.1 (XQuAD and TyDiQA too, in every language), MLQA, SQuAD v2.0.

The normalisations differ, and the differences are worth points: SQuAD drops English articles and ASCII
punctuation whatever the language; MLQA drops each language's own articles, all Unicode punctuation, and
splits Chinese by character.

>>> mlqa_normalised("Das „alte“ Haus", "de"), squad_normalised("Das „alte“ Haus")
('alte haus', 'das „alte“ haus')

In SQuAD v2.0 a question may have no answer. A system may give, beside its answers, the probability that there
is none; "exact_match" and "f1" score the answers as they stand (those of a probability above 1, a score then,
as no answer), "best_exact_match" and "best_f1" at the threshold that serves each best (the official script's
"best").

>>> best([1.0, 0.0], [True, False], ["x", "y"], [0.1, 0.9], 1)
(100.0, 0.1)
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..common.errors import UserError
from . import reading

if TYPE_CHECKING:
    import numpy as np

Gold = list[tuple[str, list[str]]]
Normalise = Callable[[str], str]

CERTAIN = 1.0  # what a probability must exceed for the official script to take the answer back
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


class Row(NamedTuple):
    """A question, scored from 0 to 1."""

    question: str
    exact: float
    f1: float
    answerable: bool = True


class Prediction(NamedTuple):
    """What a system for SQuAD v2.0 gives."""

    answers: dict[str, str]
    """{question id: text, '' for no answer}"""
    no_answer: dict[str, float] | None
    """{question id: probability or score of there being none}; None where the system gives none."""


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Gold, dict[str, str]]:
    """(gold, predicted); a question without a prediction scores 0, an answer to none is passed over.

    UserError for a question without a gold answer, and where no prediction answers any.
    """
    gold = _questions(labels)
    if lacking := [question for question, texts in gold if not texts]:
        raise UserError(f"{labels}: {lacking[0]!r} has no gold answer to score against.")
    return gold, _answers(predictions, gold, labels)


def read_v2(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Gold, Prediction]:
    """(gold, predicted); beside `test-en.json` may stand `test-en.no_answer.json`, the probabilities.

    UserError where no question has a gold answer, and where no prediction answers any.
    """
    gold = _questions(labels)
    if not any(texts for _, texts in gold):
        raise UserError(f"{labels} holds no question that has an answer.")
    answers = _answers(predictions, gold, labels)
    beside = predictions.with_suffix(".no_answer.json")
    return gold, Prediction(answers, _probabilities(beside) if beside.exists() else None)


def _answers(path: Path, gold: Gold, labels: Path) -> dict[str, str]:
    """Predicted answers, {question id: text}, under a key "data" or at the top, as in XTREME's read_squad."""
    found = reading.json_object(path)
    if isinstance(found.get("data"), dict):
        found = found["data"]
    for question, answer in found.items():
        if not isinstance(answer, str):
            raise UserError(
                f"{path}: the answer to {question!r} is {answer!r}; write text, and '' for no answer."
            )
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


def _probabilities(path: Path) -> dict[str, float]:
    found = reading.json_object(path)
    for question, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{path}: {question!r} has {value!r} where a number is expected.")
    return found


def squad(gold: Gold, predicted: dict[str, str], language: str) -> dict[str, float]:
    """Exact match and F1 of SQuAD v1.1, in percent, the best over the gold answers of each question."""
    return _metrics(_rows(gold, predicted, squad_normalised))


def mlqa(gold: Gold, predicted: dict[str, str], language: str) -> dict[str, float]:
    """Exact match and F1 of MLQA, in percent, for answers in `language`."""
    return _metrics(_rows(gold, predicted, partial(mlqa_normalised, language=language)))


def squad_v2(gold: Gold, predicted: Prediction, language: str) -> dict[str, float]:
    """Exact match and F1 in percent, over the questions that have a prediction, as the official script."""
    rows = _rows_v2(gold, predicted)
    metrics = _metrics([_taken_back(row, predicted) for row in rows])
    if predicted.no_answer is None:
        return metrics
    # Questions of one probability are weighed in the order of the file that holds the probabilities.
    place = {question: number for number, question in enumerate(predicted.no_answer)}
    rows = sorted(rows, key=lambda row: place[row.question])
    answerable = [row.answerable for row in rows]
    texts = [predicted.answers[row.question] for row in rows]
    doubts = [predicted.no_answer[row.question] for row in rows]
    # Of all questions, as there, those without a prediction too.
    unanswerable = sum(not answers for answers in dict(gold).values())
    best_exact, exact_threshold = best([row.exact for row in rows], answerable, texts, doubts, unanswerable)
    best_f1, f1_threshold = best([row.f1 for row in rows], answerable, texts, doubts, unanswerable)
    return metrics | {
        "best_exact_match": best_exact,
        "best_exact_match_threshold": exact_threshold,
        "best_f1": best_f1,
        "best_f1_threshold": f1_threshold,
    }


def best(
    scores: Sequence[float],
    answerable: Sequence[bool],
    texts: Sequence[str],
    doubts: Sequence[float],
    unanswerable: int,
) -> tuple[float, float]:
    """(percent, threshold): the best that saying "no answer" above one threshold of doubt can reach.

    Starts where every question is left unanswered, which is right for those `unanswerable`, and takes the
    answers in order of growing doubt: each adds its score where there is an answer, and costs one point where
    there is none and the text is not empty.
    """
    total = best_total = float(unanswerable)
    threshold = 0.0
    for row in sorted(range(len(scores)), key=lambda each: doubts[each]):
        total += scores[row] if answerable[row] else -float(bool(texts[row]))
        if total > best_total:
            best_total, threshold = total, doubts[row]
    return 100.0 * best_total / len(scores), threshold


def squad_examples(gold: Gold, predicted: dict[str, str], language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question, percent, float64 (n,)."""
    return _halves(_rows(gold, predicted, squad_normalised))


def mlqa_examples(gold: Gold, predicted: dict[str, str], language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question, percent, float64 (n,)."""
    return _halves(_rows(gold, predicted, partial(mlqa_normalised, language=language)))


def squad_v2_examples(gold: Gold, predicted: Prediction, language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question that has a prediction, percent, float64 (n,)."""
    return _halves([_taken_back(row, predicted) for row in _rows_v2(gold, predicted)])


def _metrics(rows: Sequence[Row]) -> dict[str, float]:
    return {
        "exact_match": 100.0 * sum(row.exact for row in rows) / len(rows),
        "f1": 100.0 * sum(row.f1 for row in rows) / len(rows),
    }


def _halves(rows: Sequence[Row]) -> np.ndarray:
    import numpy as np

    return 50.0 * np.array([row.exact + row.f1 for row in rows])


def _rows(gold: Gold, predicted: dict[str, str], normalise: Normalise) -> list[Row]:
    rows = []
    for question, texts in gold:
        exact = f1 = 0.0
        if question in predicted:
            answer, normal = normalise(predicted[question]), [normalise(each) for each in texts]
            exact, f1 = float(answer in normal), max(overlap(answer, each) for each in normal)
        rows.append(Row(question, exact, f1))
    return rows


def _rows_v2(gold: Gold, predicted: Prediction) -> list[Row]:
    """Of each question with a prediction; of those with the same id the last, as the official script."""
    rows: dict[str, Row] = {}
    for question, texts in gold:
        if question not in predicted.answers:
            continue
        # An answer that normalises to nothing is none: the question counts as one without an answer.
        normal = [text for text in map(squad_normalised, texts) if text] or [""]
        answer = squad_normalised(predicted.answers[question])
        f1 = max(overlap_v2(answer, each) for each in normal)
        rows[question] = Row(question, float(answer in normal), f1, bool(texts))
    if not rows:
        raise UserError("None of the predictions answers a question of the labels: the ids differ.")
    if predicted.no_answer is not None:
        missing = [question for question in rows if question not in predicted.no_answer]
        if missing:
            raise UserError(
                f"{len(missing)} questions have no probability of having no answer, "
                f"the first is {missing[0]!r}."
            )
    return list(rows.values())


def _taken_back(row: Row, predicted: Prediction) -> Row:
    """The row, scored as no answer where the system is more than certain that there is none."""
    if predicted.no_answer is None or predicted.no_answer[row.question] <= CERTAIN:
        return row
    right = float(not row.answerable)
    return row._replace(exact=right, f1=right)
