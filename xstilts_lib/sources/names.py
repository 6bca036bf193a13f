"""The names of countries and languages in two hundred languages, as a bitext with English.

The Unicode CLDR project collects them, the package Babel brings them, and nothing has to be fetched. They are
short, many are spelt alike in all languages, and that is said beside every score: the floor is what spelling
alone finds, layer 0 of an encoder.

>>> rows("sw")[0]
{'id': 'sw-language-aa', 'side': 'source', 'sentence': 'Kiafar', 'mate': 'en-language-aa'}
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

TASK = "cldr_names"
FEWEST = 250  # names that a language must have
ALIKE = 0.6  # share of names spelt as in English, above which a language has not been translated into


@cache
def languages() -> tuple[str, ...]:
    """The languages that have enough names of their own, by code."""
    from babel import localedata

    codes = (code for code in localedata.locale_identifiers() if "_" not in code and code != "en")
    return tuple(sorted(code for code in codes if _translated(pairs(code))))


def _translated(found: dict[str, tuple[str, str]]) -> bool:
    alike = sum(english == name for english, name in found.values())
    return len(found) >= FEWEST and alike <= ALIKE * len(found)


@cache
def pairs(code: str) -> dict[str, tuple[str, str]]:
    """{what is named: (English name, name in the language)}: those that CLDR has in both, without names that
    stand for two things in either."""
    from babel import Locale

    english, other = Locale("en"), Locale(code)
    found = {
        f"{kind}-{key}": (getattr(english, plural)[key], name)
        for kind, plural in (("language", "languages"), ("territory", "territories"))
        for key, name in sorted(getattr(other, plural).items())
        if key in getattr(english, plural) and not key.isdigit()  # regions of the world have numbers
    }
    counts = [Counter(both[side].casefold() for both in found.values()) for side in (0, 1)]
    return {
        what: both
        for what, both in found.items()
        if all(counts[side][both[side].casefold()] == 1 for side in (0, 1))
    }


def rows(code: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Both sides of a language's bitext, as the bitext format has them: at most `limit` pairs, spread over
    all."""
    found = list(pairs(code).items())
    if limit is not None and limit < len(found):
        found = [found[place * len(found) // limit] for place in range(limit)]
    sides = (("source", code, 1), ("target", "en", 0))
    return [
        {
            "id": f"{own}-{what}",
            "side": side,
            "sentence": both[place],
            "mate": f"{'en' if own == code else code}-{what}",
        }
        for side, own, place in sides
        for what, both in found
    ]


def revision() -> str:
    """What identifies the names."""
    import babel

    return f"CLDR as in Babel {babel.__version__}"
