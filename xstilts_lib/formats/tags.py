"""Words and a tag for each: parts of speech, names, supertags. A word's first sub-token speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UserError, nearest
from .base import (
    IGNORED,
    Batch,
    Feature,
    Format,
    Rows,
    Segmenter,
    columns,
    entropy,
    head_dropout,
    initialise,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..settings import TrainSettings


@dataclass(slots=True)
class TagFeature(Feature):
    positions: np.ndarray
    """(words,): where each word's first sub-token stands in the sequence."""
    labels: np.ndarray
    """(words,): index of each word's tag, int64."""


class TagHead(nn.Module):
    """Dropout and a linear layer."""

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, outputs)
        initialise(self)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.out(self.dropout(hidden)).float()


class TagsFormat(Format):
    name = "tags"
    columns = ("id", "words", "tags")

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """A row too long is split between words into several features, so that every word has a prediction.

        A word that the tokenizer makes nothing of stands as the unknown token, as in XTREME's scripts.
        UserError for a tag that is not among `labels`.
        """
        data = columns(rows, ("words", "tags"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(1, max_length)
        spelling = self._spelling(data["words"], segmenter, room)
        number = {label: index for index, label in enumerate(labels)}
        features: list[Feature] = []
        for row, (words, tags) in enumerate(zip(data["words"], data["tags"], strict=True)):
            pieces = [spelling[word] for word in words]
            try:
                numbers = np.array([number[tag] for tag in tags], dtype=np.int64)
            except KeyError as missing:
                tag = missing.args[0]
                raise UserError(
                    f"Row {row} has the tag {tag!r}, which is no label: {nearest(tag, labels)}"
                ) from None
            features += self._windows(row, pieces, numbers, segmenter, room)
        return features

    @staticmethod
    def _spelling(
        sentences: Sequence[Sequence[str]], segmenter: Segmenter, room: int
    ) -> dict[str, np.ndarray]:
        """Each word once: texts repeat their words, and the tokenizer is the slow part."""
        words = list(dict.fromkeys(word for sentence in sentences for word in sentence))
        unknown = np.array([segmenter.unknown], dtype=np.int32)
        return {
            word: ids[:room] if len(ids) else unknown
            for word, ids in zip(words, segmenter.ids(words), strict=True)
        }

    @staticmethod
    def _windows(
        row: int, pieces: list[np.ndarray], labels: np.ndarray, segmenter: Segmenter, room: int
    ) -> list[TagFeature]:
        lead = len(segmenter.single[0])
        features, begin, used = [], 0, 0
        for word in range(len(pieces) + 1):
            if word == len(pieces) or used + len(pieces[word]) > room:
                inside = pieces[begin:word]
                if inside:
                    ends = np.cumsum([len(piece) for piece in inside])
                    positions = lead + np.concatenate([[0], ends[:-1]])
                    sequence = segmenter.one(np.concatenate(inside))
                    features.append(TagFeature([sequence], row, positions, labels[begin:word]))
                begin, used = word, 0
            if word < len(pieces):
                used += len(pieces[word])
        return features

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> nn.Module:
        return TagHead(width, len(labels), head_dropout(settings, model))

    def items(self, feature: TagFeature) -> int:
        return len(feature.labels)

    def targets(self, features: Sequence[TagFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "places": np.concatenate(
                [start + f.positions for start, f in zip(starts, features, strict=True)]
            ),
            "labels": np.concatenate([feature.labels for feature in features]),
        }

    def _scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        """(words, labels): the head reads the words' first sub-tokens alone."""
        return head(hidden.flatten(0, 1).index_select(0, batch.targets["places"]))

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        scores = self._scores(head, hidden, batch)
        return functional.cross_entropy(scores, batch.targets["labels"], reduction="sum"), batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[np.ndarray]:
        best = self._scores(head, hidden, batch).argmax(dim=1).cpu().numpy()
        ends = np.cumsum([len(feature.labels) for feature in batch.features])
        return np.split(best, ends[:-1])

    def decode(
        self,
        rows: Rows,
        features: Sequence[Feature],
        predictions: Sequence[np.ndarray],
        labels: Sequence[str],
    ) -> list[Any]:
        """A list of tags per row, as long as its words."""
        (words,) = columns(rows, ("words",)).values()
        tags: list[list[str]] = [[] for _ in words]
        for feature, prediction in zip(features, predictions, strict=True):
            tags[feature.row] += [labels[index] for index in prediction]
        return tags

    def chance(self, features: Sequence[TagFeature]) -> float:
        return entropy(int(label) for feature in features for label in feature.labels if label != IGNORED)
