"""Numbers and lists as a sentence has them.

>>> plural(3, "seed"), listed(["a", "b", "c"])
('3 seeds', 'a, b and c')
"""

from __future__ import annotations

import math
from collections.abc import Iterable

MINUS = "−"  # the sign itself: a screen reader says "minus", and a line never breaks after it
NOTHING = "·"  # a cell that does not exist


def number(value: float, digits: int = 1) -> str:
    """`value` with a proper minus sign, never "-0.0"; a dot where there is no value.

    >>> number(-0.01), number(float("nan"))
    ('0.0', '·')
    """
    if not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):.{digits}f}"
    return MINUS + text if value < 0 and float(text) else text


def duration(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> duration(42.3), duration(750), duration(9000)
    ('42.3 seconds', '12.5 minutes', '2.5 hours')
    """
    unit, name = time_unit(seconds)
    return f"{number(seconds / unit)} {name}"


def time_unit(seconds: float) -> tuple[int, str]:
    """The unit that suits a time: its length in seconds, and its name."""
    return next(
        (size, name)
        for size, name in ((3600, "hours"), (60, "minutes"), (1, "seconds"))
        if seconds >= 2 * size or size == 1
    )


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
