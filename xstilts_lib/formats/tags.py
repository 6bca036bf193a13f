"""Words and a tag for each: parts of speech, names, supertags. A word's first sub-token speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from ..common.errors import UserError, nearest
from ..tasks.settings import TrainSettings
from .base import (
    Batch,
    Feature,
    Labels,
    Model,
    Rows,
    TokenFormat,
    TokenHead,
    Tokenizer,
    columns,
    entropy,
    head_dropout,
)
from .plain import before
from .segmenter import Ragged, Segmenter, joined


@dataclass(slots=True)
class TagFeature(Feature):
    positions: np.ndarray
    """(words,): where each word's first sub-token stands in the sequence."""
    labels: np.ndarray
    """(words,): index of each word's tag, int64."""


class TagsFormat(TokenFormat):
    name = "tags"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """A row too long is split between words into several features, so that every word has a prediction.

        A word that the tokenizer makes nothing of stands as the unknown token, as in XTREME's scripts.
        UserError for a tag that is not among `labels`.
        """
        data = columns(rows, ("words", "tags"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(1, max_length)
        tags = self._numbers(data["tags"], labels)
        words = self._spelling([word for row in data["words"] for word in row], segmenter, room)
        counts = np.fromiter(map(len, data["words"]), np.int64, len(data["words"]))
        rows_of, starts, ends = self._windows(words.lengths, counts, room)
        # All pieces one after another, and where each word's first one stands among them.
        pieces = joined([words])
        borders = np.append(pieces.starts, len(pieces.flat))
        sequences = segmenter.ones(Ragged(pieces.flat, borders[starts], borders[ends] - borders[starts]))
        lead = len(segmenter.single[0])
        positions = pieces.starts - np.repeat(borders[starts], ends - starts) + lead
        return [
            TagFeature([sequence], row, positions[start:end], tags[start:end])
            for row, sequence, start, end in zip(
                rows_of, sequences.views(), starts.tolist(), ends.tolist(), strict=True
            )
        ]

    @staticmethod
    def _numbers(tags: Sequence[Sequence[str]], labels: Labels) -> np.ndarray:
        """The index of every tag among the labels, all rows' one after another, int64."""
        number = {label: index for index, label in enumerate(labels)}
        try:
            return np.array([number[tag] for row in tags for tag in row], dtype=np.int64)
        except KeyError as missing:
            tag = missing.args[0]
            row = next(row for row, own in enumerate(tags) if tag in own)
            raise UserError(f"Row {row}: the tag {tag!r} is no label: {nearest(tag, labels)}") from None

    @staticmethod
    def _spelling(words: Sequence[str], segmenter: Segmenter, room: int) -> Ragged:
        """The pieces of every word, at most `room`; of a word that has none the unknown token."""
        pieces = segmenter.pieces(words).cut(room)
        nothing = pieces.lengths == 0
        if not nothing.any():
            return pieces
        flat = np.append(pieces.flat, np.int32(segmenter.unknown))
        starts = np.where(nothing, len(flat) - 1, pieces.starts)
        return Ragged(flat, starts, np.where(nothing, 1, pieces.lengths))

    @staticmethod
    def _windows(
        lengths: np.ndarray, counts: np.ndarray, room: int
    ) -> tuple[list[int], np.ndarray, np.ndarray]:
        """The row of each window, and its first word and its end, counted over all rows' words.

        `lengths` holds the pieces of each word, `counts` the words of each row.
        """
        borders = np.append(0, np.cumsum(lengths))
        rows, starts, ends = [], [], []
        for row, (begin, count) in enumerate(zip(before(counts).tolist(), counts.tolist(), strict=True)):
            last = begin + count
            while begin < last:
                # As many words as have room together; each has room alone.
                end = int(np.searchsorted(borders, borders[begin] + room, side="right")) - 1
                rows.append(row)
                starts.append(begin)
                ends.append(min(end, last))
                begin = ends[-1]
        return rows, np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        return TokenHead(width, len(labels), head_dropout(settings, model))

    def scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        """(words, labels): the head reads the words' first sub-tokens alone."""
        return head(self.states(hidden, batch))

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[np.ndarray]:
        return self.split(self.scores(head, hidden, batch).argmax(dim=1), batch)

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[np.ndarray], labels: Labels
    ) -> list[Any]:
        """A list of tags per row, as long as its words."""
        (words,) = columns(rows, ("words",)).values()
        tags: list[list[str]] = [[] for _ in words]
        for feature, prediction in zip(features, predictions, strict=True):
            tags[feature.row] += [labels[index] for index in prediction]
        return tags

    def chance(self, features: Sequence[TagFeature]) -> float:
        return entropy(int(label) for feature in features for label in feature.labels)
