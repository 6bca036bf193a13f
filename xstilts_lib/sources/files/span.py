"""Question answering: SQuAD's JSON, as SQuAD, XQuAD, MLQA and TyDiQA publish it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError
from .. import examples, rows
from ..checks import Raw
from ..examples import Given
from ..rows import member, optional
from .reading import at, read_json


def squad(given: Given) -> Iterator[Raw]:
    """SQuAD JSON with ids; those of a parallel set are the same in every language."""
    for number, (place, context, question) in enumerate(_questions(given.path)):
        own = question.get("id")
        identifier = given.identify(number) if own in (None, "") else str(own)
        yield place, _row(given, place, identifier, context, question)


def squad_renumbered(given: Given) -> Iterator[Raw]:
    """SQuAD JSON whose ids are not unique, as in XTREME's copy of TyDiQA: examples are numbered."""
    for number, (place, context, question) in enumerate(_questions(given.path)):
        yield place, _row(given, place, given.identify(number), context, question)


def tydiqa_mixed(given: Given) -> Iterator[Raw]:
    """TyDiQA's own file of nine languages: those of one language alone."""
    return examples.tydiqa(squad(given), given)


def _questions(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, context, question) of every question of a SQuAD JSON file; UserError where a key is missing."""
    content = read_json(path)
    articles = content.get("data") if isinstance(content, dict) else None
    if not isinstance(articles, list):
        raise UserError(f"{path} is not SQuAD JSON: it has no list 'data'.")
    for article_number, article in enumerate(articles, start=1):
        paragraphs = member(at(path, f"article {article_number}"), article, "paragraphs", list)
        for paragraph_number, paragraph in enumerate(paragraphs, start=1):
            place = f"article {article_number}, paragraph {paragraph_number}"
            context = member(at(path, place), paragraph, "context", str)
            questions = member(at(path, place), paragraph, "qas", list)
            for question_number, question in enumerate(questions, start=1):
                here = f"{place}, question {question_number}"
                member(at(path, here), question, "question", str)
                yield here, context, question


def _row(given: Given, place: str, identifier: str, context: str, question: dict[str, Any]) -> dict[str, Any]:
    where = at(given.path, place)
    answers = optional(where, question, "answers", list, [])
    texts = [member(where, answer, "text", str) for answer in answers]
    starts = [member(where, answer, "answer_start", int) for answer in answers]
    impossible = optional(where, question, "is_impossible", bool, False)
    row = rows.span(where, identifier, context, question["question"], texts, starts, impossible)
    answered = bool(row["answers"]["text"])
    if impossible and answered:
        raise UserError(
            f"{where}: 'is_impossible' is true, and yet there is an answer: one of them is wrong."
        )
    if given.report.unanswerable and not impossible and not answered:
        raise UserError(
            f"{where}: there is no answer, and yet 'is_impossible' is not true: it was taken out, or lost."
        )
    return row
