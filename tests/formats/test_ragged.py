"""Many short arrays as one: the same as an operation a row; and encoding by the chunk."""

from __future__ import annotations

from dataclasses import fields
from itertools import product

import numpy as np
import pytest

from xstilts_lib.formats import FORMATS
from xstilts_lib.formats import segmenter as module
from xstilts_lib.formats.segmenter import Ragged, cut_pairs, joined, stacked

ROWS = [[1, 2, 3], [], [4], [5, 6]]


def lists(ragged: Ragged) -> list[list[int]]:
    return [row.tolist() for row in ragged.views()]


def test_rows_are_kept_taken_cut_and_exchanged():
    rows = Ragged.of(ROWS)
    assert lists(rows) == ROWS
    assert rows.flat.dtype == np.int32
    assert lists(rows.take(np.array([3, 0, 3]))) == [[5, 6], [1, 2, 3], [5, 6]]
    assert lists(rows.cut(2)) == [[1, 2], [], [4], [5, 6]]
    assert lists(rows.without_front(np.array([1, 1, 1, 5]))) == [[3], [], [4], [5, 6]]
    swapped = rows.exchanged(rows.take(np.array([3, 2, 1, 0])), np.array([True, False, False, True]))
    assert lists(swapped) == [[1, 2, 3], [4], [], [5, 6]]


def test_rows_are_joined_side_by_side_and_stacked():
    rows = Ragged.of(ROWS)
    both = joined([Ragged.constant([0], 4), rows.take(np.array([3, 2, 1, 0])), Ragged.constant([9, 9], 4)])
    assert lists(both) == [[0, 5, 6, 9, 9], [0, 4, 9, 9], [0, 9, 9], [0, 1, 2, 3, 9, 9]]
    assert both.flat.flags.owndata
    assert lists(stacked([rows, Ragged.of([[7]])])) == [*ROWS, [7]]
    assert lists(stacked([])) == []


def cut(first: np.ndarray, second: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Both cut at their ends until they fit into `room` together, the longer one first."""
    if len(first) + len(second) <= room:
        return first, second
    if len(first) <= room // 2:
        return first, second[: room - len(first)]
    if len(second) <= room // 2:
        return first[: room - len(second)], second
    return first[: room - room // 2], second[: room // 2]


@pytest.mark.parametrize("room", [2, 3, 7, 8])
def test_pairs_are_cut_as_one_pair_is(room):
    rows = [(np.arange(a), np.arange(b)) for a, b in product(range(10), repeat=2)]
    firsts, seconds = cut_pairs(Ragged.of([a for a, _ in rows]), Ragged.of([b for _, b in rows]), room)
    for (first, second), one, other in zip(rows, firsts.views(), seconds.views(), strict=True):
        assert [part.tolist() for part in cut(first, second, room)] == [one.tolist(), other.tolist()]
        assert len(one) + len(other) <= room


@pytest.mark.parametrize("form", ["pair", "choice", "tags", "span", "text"])
def test_chunks_and_repeated_texts_change_nothing(form, tokenizer, make_rows, labels_of, monkeypatch):
    """A row is encoded the same alone, in a chunk, and beside its like."""
    rows = make_rows(form, n=12)
    rows = {name: [*column, *column] for name, column in rows.items()}
    together = FORMATS[form].encode(rows, tokenizer, labels_of[form], 16)
    monkeypatch.setattr(module, "CHUNK", 5)
    chunked = FORMATS[form].encode(rows, tokenizer, labels_of[form], 16)
    # In running text every other row has its translation first: rows are encoded alone two by two.
    alone = [
        feature
        for row in range(0, 24, 2)
        for feature in FORMATS[form].encode(
            {name: column[row : row + 2] for name, column in rows.items()}, tokenizer, labels_of[form], 16
        )
    ]
    assert len(together) == len(chunked) == len(alone) >= 24
    for one, other, third in zip(together, chunked, alone, strict=True):
        assert one.row % 2 == third.row
        for name in (field.name for field in fields(one) if field.name not in ("row", "segmenter")):
            values = [getattr(feature, name) for feature in (one, other, third)]
            assert len({_plain(value) for value in values}) == 1, name


def _plain(value):
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.tolist().__repr__())
    return repr([part.tolist() for part in value]) if isinstance(value, list) else repr(value)
