"""Many short arrays as one long one: a whole data set is cut and joined by a few operations of numpy.

An operation a row, in Python, takes longer than the tokenizer does.

>>> texts = Ragged.of([[7, 8, 9], [5]])
>>> [row.tolist() for row in joined([Ragged.constant([0], 2), texts.cut(np.array([2, 2]))]).views()]
[[0, 7, 8], [0, 5]]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np


class Ragged(NamedTuple):
    """Rows of any lengths: row i is `flat[starts[i] : starts[i] + lengths[i]]`."""

    flat: np.ndarray
    starts: np.ndarray
    """(rows,), int64."""
    lengths: np.ndarray
    """(rows,), int64."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]], dtype: type = np.int32) -> Ragged:
        """From lists of whole numbers."""
        rows = list(rows)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter(chain.from_iterable(rows), dtype, int(lengths.sum()))
        return cls(flat, before(lengths), lengths)

    @classmethod
    def constant(cls, row: Sequence[int] | np.ndarray, rows: int) -> Ragged:
        """The same row over and over."""
        flat = np.asarray(row, dtype=np.int32)
        return cls(flat, np.zeros(rows, dtype=np.int64), np.full(rows, len(flat), dtype=np.int64))

    def take(self, places: np.ndarray) -> Ragged:
        """The rows at `places`, in that order; nothing is copied."""
        return Ragged(self.flat, self.starts[places], self.lengths[places])

    def exchanged(self, other: Ragged, kept: np.ndarray) -> Ragged:
        """These rows where `kept` says so, elsewhere those of `other`, which must have the same `flat`."""
        assert self.flat is other.flat, "rows are indices into one array"
        starts = np.where(kept, self.starts, other.starts)
        return Ragged(self.flat, starts, np.where(kept, self.lengths, other.lengths))

    def cut(self, longest: np.ndarray | int) -> Ragged:
        """Each row without what stands beyond its `longest` entries."""
        return Ragged(self.flat, self.starts, np.minimum(self.lengths, longest))

    def without_front(self, longest: np.ndarray | int) -> Ragged:
        """Each row's last `longest` entries."""
        gone = np.maximum(self.lengths - longest, 0)
        return Ragged(self.flat, self.starts + gone, self.lengths - gone)

    def views(self) -> list[np.ndarray]:
        """Each row as an array, a view of `flat`."""
        flat, ends = self.flat, self.starts + self.lengths
        return [flat[start:end] for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True)]


def before(lengths: np.ndarray) -> np.ndarray:
    """The sum of the lengths before each one: where rows begin that stand one after another."""
    return np.cumsum(lengths) - lengths


def joined(parts: Sequence[Ragged]) -> Ragged:
    """Row by row the parts' rows, one after the other, in an array of their own."""
    lengths = np.sum([part.lengths for part in parts], axis=0)
    flat = np.empty(int(lengths.sum()), dtype=parts[0].flat.dtype)
    starts = before(lengths)
    place = starts
    for part in parts:
        flat[_places(place, part.lengths)] = part.flat[_places(part.starts, part.lengths)]
        place = place + part.lengths
    return Ragged(flat, starts, lengths)


def stacked(parts: Sequence[Ragged]) -> Ragged:
    """All rows of parts whose rows stand one after another, the parts one below the other."""
    if len(parts) == 1:
        return parts[0]
    empty = Ragged.of([])
    lengths = np.concatenate([part.lengths for part in parts or [empty]])
    return Ragged(np.concatenate([part.flat for part in parts or [empty]]), before(lengths), lengths)


def _places(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Every index from each start on, as many as the lengths say."""
    return np.repeat(starts - before(lengths), lengths) + np.arange(int(lengths.sum()))
