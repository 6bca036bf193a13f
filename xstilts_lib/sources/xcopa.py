"""XCOPA's questions: whether a row asks for the cause or for the effect, held against its translations.

A row with one `idx` is the same item in every language, but the publisher's files do not always ask the same
of it: in Thai every row asks for the effect, and in Turkish and Swahili many ask for the wrong one. Most of
the languages are right, so the word that most of the others have is the right one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import rows
from .checks import LoadReport, Raw

Asked = Mapping[str, str]  # the id of a row -> "cause" or "effect"
_WITNESSES = 2  # languages that must agree before a row is mended


def asked(raw: Iterable[Raw]) -> Asked:
    """What each row asks for."""
    return {row["id"]: row["asked"] for _, row in raw}


def compared(raw: Iterable[Raw], report: LoadReport, others: Sequence[Asked], repair: bool) -> Iterator[Raw]:
    """The rows of one language, those counted that ask for another word than most of `others` do.

    With `repair` they ask for that word, where at least two other languages have it.
    """
    differing = 0
    for place, row in raw:
        votes = Counter(words[row["id"]] for words in others if row["id"] in words)
        word, number = max(votes.items(), key=lambda vote: vote[1], default=(row["asked"], 0))
        if word != row["asked"] and 2 * number > votes.total():
            if repair and number >= _WITNESSES:
                row |= {"prompt": rows.asking(*row["about"], word)}
                report.repaired += 1
            else:
                differing += 1
        yield place, row
    if report.repaired:
        report.notes.append(
            f"{report.repaired} questions put as in most of the {len(others)} other languages"
        )
    if differing:
        most = f"most of the {len(others)} other languages" if len(others) > 1 else "the one other language"
        report.notes.append(f"{differing} rows ask for another of cause and effect than in {most}")
