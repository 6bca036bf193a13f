"""Names of countries and languages, out of the Unicode CLDR that the package Babel holds: a retrieval task
that every source offers, without a download.

>>> from xstilts_lib.sources import open_source
>>> rows = open_source({"kind": "miniature"}).load("cldr_names", "test", "zu", limit=1)
>>> sorted(rows["sentence"])
['Bosnia & Herzegovina', 'i-Bosnia ne-Herzegovina']

Of each language the 150 names that most languages translate, so that all are asked for much the same. A pair
counts as translated where it is not spelt as in English, which is what CLDR falls back to, and stands for one
thing alone in either language. The languages, in the table of tasks, are those that have as many, without
those whose names are for 90 % and more those of another one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ..common.errors import UserError, nearest
from ..tasks import Task, task
from .checks import LoadReport, Raw, limited

NAMES = "cldr_names"
LANGUAGES = task(NAMES).languages
COUNT = task(NAMES).sizes["test"]
# Codes of CLDR that name no country and no language, but the lack of one, a test, or a union of countries.
_NO_NAMES = {"EZ", "QO", "XA", "XB", "ZZ", "mis", "mul", "root", "und", "zxx"}


def revision() -> str:
    """Which edition of the names this is."""
    import babel

    return f"CLDR in Babel {babel.__version__}"


def about(language: str) -> dict[str, Any]:
    """code, name (in English), script (ISO 15924), names (that stand for one thing) and same: the share of
    them, in percent, that is spelt as in English."""
    from babel import Locale
    from babel.core import get_global

    found, copies = _pairs(language)
    locale = Locale.parse(language, sep="-")
    likely = get_global("likely_subtags")[locale.language].split("_")[1]
    total = len(found) + copies
    return {
        "code": language,
        "name": locale.get_display_name("en") or language,
        "script": locale.script or likely,
        "names": total,
        "same": 100 * copies / total,
    }


def iso3(language: str) -> tuple[str, ...]:
    """The codes of ISO 639-3 by which others may know a language, its macrolanguage's and its largest
    member's among them."""
    from babel.core import get_global

    plain = language.partition("-")[0]
    aliases = get_global("language_aliases").items()
    return (plain, *sorted(code for code, stands_for in aliases if stands_for == plain and len(code) == 3))


def rows(language: str) -> list[dict[str, Any]]:
    """The pairs of one language as rows of a bitext; UserError for a language without enough of them.

    Either side in an order of its own: where a name stands says nothing of its partner.
    """
    if language not in LANGUAGES:
        raise UserError(f"{NAMES} has no language {language!r}: {nearest(language, LANGUAGES)}")
    found, english = _pairs(language)[0], _names("en")
    chosen = [code for code in _by_coverage() if code in found][:COUNT]
    if len(chosen) < COUNT:
        raise UserError(
            f"{revision()} holds {len(chosen)} names in {language!r} that are not spelt as in English, where "
            f"{COUNT} are needed: install the version of requirements.lock."
        )
    sides = []
    for side, code, names, other in (("source", language, found, "en"), ("target", "en", english, language)):
        sides += [
            {"id": f"{code}-{key}", "side": side, "sentence": names[key], "mate": f"{other}-{key}"}
            for key in sorted(chosen, key=lambda key: (names[key], key))
        ]
    return sides


@cache
def _names(language: str) -> dict[str, str]:
    """{code of a country or a language: its name}, of the names that stand for one thing."""
    from babel.core import localedata

    data = localedata.load(language.replace("-", "_"))
    found = {
        code: name
        for kind in ("territories", "languages")
        for code, name in data.get(kind, {}).items()
        if code.isalpha() and code not in _NO_NAMES
    }
    counted = Counter(map(_spelling, found.values()))
    return {code: name for code, name in found.items() if counted[_spelling(name)] == 1}


@cache
def _pairs(language: str) -> tuple[dict[str, str], int]:
    """The names of a language that are not spelt as in English; and the number of those that are."""
    english = _names("en")
    both = {code: name for code, name in _names(language).items() if code in english}
    found = {code: name for code, name in both.items() if _spelling(name) != _spelling(english[code])}
    return found, len(both) - len(found)


@cache
def _by_coverage() -> list[str]:
    """What is named, from that which most of the languages translate to that which fewest do."""
    counted = Counter(code for language in LANGUAGES for code in _pairs(language)[0])
    return sorted(counted, key=lambda code: (-counted[code], code))


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def beside(source: type) -> type:
    """`source`, a class of sources, with this task besides its own: the same class otherwise."""
    said = _GENERATED if hasattr(source, "rows") and not hasattr(source, "open") else _PUBLISHED
    methods = {name: _either(getattr(source, name), answer) for name, answer in said.items()}
    return type(source.__name__, (source,), methods)


def _either(own: Callable[..., Any], answer: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose first argument is a task, by name or as its row: `answer` for this one, else `own`."""

    def method(self: Any, asked: str | Task, *rest: Any, **more: Any) -> Any:
        mine = asked in (NAMES, task(NAMES))
        return answer(asked, *rest, **more) if mine else own(self, asked, *rest, **more)

    return method


def _open(row: Task, split: str, language: str) -> tuple[list[Raw], LoadReport]:
    if split != "test":
        raise UserError(f"{NAMES} has no split {split!r}: it must be 'test'.")
    report = LoadReport(NAMES, split, language, revision(), revision())
    report.expect(row, None, "")
    return list(enumerate(rows(language))), report


def _limited(name: str, split: str, language: str = "en", limit: int | None = None) -> list[dict[str, Any]]:
    raw, _ = _open(task(name), split, language)
    return limited(task(name), [row for _, row in raw], limit)


# What a source says of this task, by the method that says it: MiniatureSource's, and RealSource's.
_GENERATED: Mapping[str, Callable[..., Any]] = {
    "_task": task,
    "languages": lambda name: LANGUAGES,
    "identify": lambda name, split, language: revision(),
    "rows": _limited,
}
_PUBLISHED: Mapping[str, Callable[..., Any]] = {
    "row": task,
    "open": _open,
    "splits": lambda name: ("test",),
    "find": lambda row, split, language: language if split == "test" else None,
    "identify_split": lambda row, split, language: revision(),
    "check_one": lambda row: None,
}
