"""Question answering: SQuAD's JSON, as SQuAD, XQuAD, MLQA and TyDiQA publish it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ....errors import UserError
from ...checks import Raw
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
        yield place, _row(str(question.get("id") or request.identify(number)), context, question)


def squad_renumbered(request: Request) -> Iterator[Raw]:
    """SQuAD JSON whose ids are not unique, as in XTREME's copy of TyDiQA: examples are numbered."""
    for number, (place, context, question) in enumerate(_questions(request.path)):
        yield place, _row(request.identify(number), context, question)


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
            yield place, _row(identifier, context, question)
        else:
            request.report.dropped += 1


def _questions(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, context, question) of every question of a SQuAD JSON file; UserError where a key is missing."""
    content = read_json(path)
    articles = content.get("data") if isinstance(content, dict) else None
    if not isinstance(articles, list):
        raise UserError(f"{path} is not SQuAD JSON: it has no list 'data'.")
    for article_number, article in enumerate(articles, start=1):
        for paragraph_number, paragraph in enumerate(
            _list(path, article, "paragraphs", f"article {article_number}"), start=1
        ):
            place = f"article {article_number}, paragraph {paragraph_number}"
            context = _string(path, paragraph, "context", place)
            for question_number, question in enumerate(_list(path, paragraph, "qas", place), start=1):
                here = f"{place}, question {question_number}"
                _string(path, question, "question", here)
                yield here, context, question


def _row(identifier: str, context: str, question: dict[str, Any]) -> dict[str, Any]:
    answers = [] if question.get("is_impossible") else question.get("answers") or []
    # An empty answer stands where the publisher took the answers out (XTREME's test sets).
    kept = [answer for answer in answers if answer.get("text")]
    return {
        "id": identifier,
        "context": context,
        "question": question["question"],
        "answers": {
            "text": [answer["text"] for answer in kept],
            "start": [int(answer.get("answer_start", -1)) for answer in kept],
        },
    }


def _list(path: Path, item: Any, key: str, place: str) -> list[Any]:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, list):
        raise UserError(f"{at(path, place)}: the list {key!r} is missing.")
    return value


def _string(path: Path, item: Any, key: str, place: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, str):
        raise UserError(f"{at(path, place)}: the text {key!r} is missing.")
    return value
