"""Question answering: SQuAD's JSON, as SQuAD, XQuAD, MLQA and TyDiQA publish it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ....errors import UserError
from ... import rows
from ...checks import Raw
from ...rows import member
from ..reading import at, read_json
from . import Request

# TyDiQA names the language in the id of an example: `swahili-902381739-0`.
TYDIQA_LANGUAGES = {
    "arabic": "ar",
    "bengali": "bn",
    "english": "en",
    "finnish": "fi",
    "indonesian": "id",
    "korean": "ko",
    "russian": "ru",
    "swahili": "sw",
    "telugu": "te",
}


def squad(request: Request) -> Iterator[Raw]:
    """SQuAD JSON with ids; those of a parallel set are the same in every language."""
    for number, (place, context, question) in enumerate(_questions(request.path)):
        identifier = str(question.get("id") or request.identify(number))
        yield place, _row(at(request.path, place), identifier, context, question)


def squad_renumbered(request: Request) -> Iterator[Raw]:
    """SQuAD JSON whose ids are not unique, as in XTREME's copy of TyDiQA: examples are numbered."""
    for number, (place, context, question) in enumerate(_questions(request.path)):
        yield place, _row(at(request.path, place), request.identify(number), context, question)


def tydiqa_mixed(request: Request) -> Iterator[Raw]:
    """TyDiQA's own file of nine languages: those of one language alone, by the prefix of the id.

    To train on the undivided file is to train on nine languages and call it English.
    """
    for place, context, question in _questions(request.path):
        identifier = str(question.get("id", ""))
        prefix = identifier.split("-")[0]
        if prefix not in TYDIQA_LANGUAGES:
            raise UserError(
                f"{at(request.path, place)}: the id {identifier!r} does not begin with a language of TyDiQA."
            )
        if TYDIQA_LANGUAGES[prefix] == request.language:
            yield place, _row(at(request.path, place), identifier, context, question)
        else:
            request.report.dropped += 1


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


def _row(where: str, identifier: str, context: str, question: dict[str, Any]) -> dict[str, Any]:
    answers = [] if question.get("is_impossible") else question.get("answers") or []
    if not isinstance(answers, list):
        raise UserError(f"{where}: 'answers' is not a list.")
    texts = [member(where, answer, "text", str) for answer in answers]
    starts = [member(where, answer, "answer_start", int) for answer in answers]
    return rows.span(identifier, context, question["question"], texts, starts)
