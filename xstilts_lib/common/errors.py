"""The one error that a user's mistake becomes: a sentence that says what, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input, in one sentence for the person who gave it; the command line prints it and exits with 2."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause naming the valid names closest to `word`, or all of them where none is close.

    >>> nearest("mini_sqaud", ["mini_squad", "mini_mnli"])
    "did you mean 'mini_squad'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "valid names: " + ", ".join(known)
