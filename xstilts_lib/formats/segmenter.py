"""Texts as arrays of ids, a whole data set at a time: read by the tokenizer, cut, and framed.

An operation a row, in Python, takes longer than the tokenizer does; so many short arrays are held as a long
one, and a few operations of numpy cut and join them.

>>> texts = Ragged.of([[7, 8, 9], [5]])
>>> [row.tolist() for row in joined([Ragged.constant([0], 2), texts.cut(np.array([2, 2]))]).views()]
[[0, 7, 8], [0, 5]]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..common.errors import UserError
from .plain import before, reader

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CHUNK = 8192  # texts that the tokenizer is given at once: work for every core, and little to hold in memory


class Ragged(NamedTuple):
    """Rows of any lengths: row i is `flat[starts[i] : starts[i] + lengths[i]]`."""

    flat: np.ndarray
    starts: np.ndarray
    """(rows,), int64."""
    lengths: np.ndarray
    """(rows,), int64."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> Ragged:
        """From lists of whole numbers, as int32."""
        rows = list(rows)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
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
    parts = parts or [Ragged.of([])]
    lengths = np.concatenate([part.lengths for part in parts])
    return Ragged(np.concatenate([part.flat for part in parts]), before(lengths), lengths)


def _places(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Every index from each start on, as many as the lengths say."""
    return np.repeat(starts - before(lengths), lengths) + np.arange(int(lengths.sum()))


class Segmenter:
    """A fast tokenizer as the formats use it: many texts in, arrays of ids out, special tokens kept apart.

    Texts are read as plain.py has it. Where the tokenizer carries a trimmed vocabulary
    (`encoder.build(vocabulary=...)`), ids are the trimmed ones.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._reader = reader(tokenizer)
        self._trimmed = getattr(tokenizer, "trimmed", None)
        self.size = len(tokenizer) if self._trimmed is None else int(self._trimmed.max()) + 1
        self.pad = self._special(tokenizer, "pad_token_id")
        self.unknown = self._special(tokenizer, "unk_token_id")
        self.mask = self._special(tokenizer, "mask_token_id")
        self.special = np.unique(self.trim(np.array(sorted(tokenizer.all_special_ids), dtype=np.int64)))
        self.single, self.pair = self._frames(tokenizer)

    def _special(self, tokenizer: PreTrainedTokenizerFast, name: str) -> int | None:
        number = getattr(tokenizer, name, None)
        return None if number is None else int(self.trim(np.array([number]))[0])

    def _frames(
        self, tokenizer: PreTrainedTokenizerFast
    ) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        """The special tokens around one text and around two, as the tokenizer's own template has them."""
        frames = []
        for texts in (("a",), ("a", "a")):
            encoding = tokenizer.backend_tokenizer.encode(*texts)
            parts: list[list[int]] = [[]]
            previous = None
            for token, text in zip(encoding.ids, encoding.sequence_ids, strict=True):
                if text is None:
                    parts[-1].append(token)
                elif text != previous:
                    parts.append([])
                previous = text
            frames.append(tuple(self.trim(np.array(part, dtype=np.int64)) for part in parts))
        if not len(frames[1][1]):
            raise UserError(
                f"{type(tokenizer).__name__} puts no separator between texts: give it a post-processor."
            )
        return frames[0], frames[1]

    def trim(self, ids: np.ndarray) -> np.ndarray:
        return (ids if self._trimmed is None else self._trimmed[ids]).astype(np.int32)

    def pieces(self, texts: Sequence[str]) -> Ragged:
        """Ids of each text, int32, without special tokens; a text that occurs again is read once."""
        place = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        parts = [Ragged.of(self._reader.ids(chunk)) for chunk in _chunks(list(place))]
        read = stacked(parts)
        read = read._replace(flat=self.trim(read.flat))
        if len(place) == len(texts):
            return read
        return read.take(np.fromiter(map(place.__getitem__, texts), np.int64, len(texts)))

    def pieces_and_offsets(self, texts: Sequence[str]) -> tuple[Ragged, np.ndarray]:
        """Ids of each text, and for each of these pieces, (pieces, 2), int32, the code points of its text
        that it covers (see `Reader.ids_and_offsets`)."""
        parts, offsets = [], [np.empty((0, 2), dtype=np.int32)]
        for chunk in _chunks(texts):
            ids, covered = self._reader.ids_and_offsets(chunk)
            parts.append(Ragged.of(ids))
            offsets.append(covered)
        read = stacked(parts)
        return read._replace(flat=self.trim(read.flat)), np.concatenate(offsets)

    def ones(self, texts: Ragged) -> Ragged:
        """`<s> a </s>` of every row."""
        before, after = (Ragged.constant(part, len(texts.starts)) for part in self.single)
        return joined([before, texts, after])

    def twos(self, firsts: Ragged, seconds: Ragged) -> Ragged:
        """`<s> a </s></s> b </s>` of every row, for XLM-R."""
        before, between, after = (Ragged.constant(part, len(firsts.starts)) for part in self.pair)
        return joined([before, firsts, between, seconds, after])

    def room(self, texts: int, max_length: int) -> int:
        """Tokens left for the texts in a sequence of `max_length`."""
        room = max_length - sum(len(part) for part in (self.single if texts == 1 else self.pair))
        least = max_length - room + texts
        if room < texts:
            raise UserError(f"max_length {max_length} leaves no room for text: give at least {least}.")
        return room

    def ones_or_twos(
        self, firsts: Sequence[str], seconds: Sequence[str], max_length: int, turned: np.ndarray | None = None
    ) -> tuple[list[np.ndarray], list[bool]]:
        """`twos` of rows whose second text has pieces, `ones` of the others, cut to `max_length`; and which
        are twos. Of those that are `turned`, (rows,) bool, the second text stands first."""
        single, double = self.room(1, max_length), self.room(2, max_length)
        rows = np.arange(len(firsts))
        pieces = self.pieces([*firsts, *seconds])
        first, second = pieces.take(rows), pieces.take(rows + len(rows))
        paired = second.lengths > 0
        alone = iter(self.ones(first.take(~paired).cut(single)).views())
        first, second = cut_pairs(first.take(paired), second.take(paired), double)
        if turned is not None:
            straight = ~turned[paired]
            first, second = first.exchanged(second, straight), second.exchanged(first, straight)
        beside = iter(self.twos(first, second).views())
        return [next(beside if pair else alone) for pair in paired], paired.tolist()


def cut_pairs(firsts: Ragged, seconds: Ragged, room: int) -> tuple[Ragged, Ragged]:
    """Both texts of every row cut at their ends until they fit into `room` together, the longer one first."""
    first, second = firsts.lengths, seconds.lengths
    cases = [first + second <= room, first <= room // 2, second <= room // 2]
    return (
        firsts.cut(np.select(cases, [first, first, room - second], room - room // 2)),
        seconds.cut(np.select(cases, [second, room - first, second], room // 2)),
    )


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """`texts` by the chunk: what a tokenizer makes of a text is a hundred times its size."""
    for start in range(0, len(texts), CHUNK):
        yield texts[start : start + CHUNK]
