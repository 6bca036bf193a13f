"""A label for two texts, and the right one of several continuations: one vector a sequence is read.

Natural language inference and paraphrases, `<s> first </s></s> second </s>`; and a prompt with each of its
continuations, `<s> prompt </s></s> choice </s>`, scored side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..tasks.settings import TrainSettings
from .base import (
    IGNORED,
    Batch,
    Feature,
    Format,
    Labels,
    Model,
    Rows,
    Tokenizer,
    columns,
    entropy,
    head_dropout,
    initialise,
    pool,
)  # fmt: skip
from .plain import before
from .segmenter import Segmenter, cut_pairs


@dataclass(slots=True)
class LabelFeature(Feature):
    label: int
    """Index of the label or of the right choice; IGNORED where the row has none."""


class PooledHead(nn.Module):
    """Dropout, dense, tanh, dropout, output: the classification head of RoBERTa, on a pooled vector."""

    def __init__(self, width: int, outputs: int, dropout: float, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(width, width)
        self.out = nn.Linear(width, outputs)
        initialise(self)

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(sequences, outputs), float32."""
        pooled = self.dropout(pool(hidden, batch, self.pooling))
        return self.out(self.dropout(torch.tanh(self.dense(pooled)))).float()


class Labelled(Format):
    """What formats with one label an example share."""

    def items(self, feature: LabelFeature) -> int:
        return int(feature.label != IGNORED)

    def targets(self, features: Sequence[LabelFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        return {"labels": np.array([feature.label for feature in features], dtype=np.int64)}

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[int]:
        return self.scores(head, hidden, batch).argmax(dim=1).tolist()


class PairFormat(Labelled):
    name = "pair"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """One feature a row; of a pair too long, the longer text is cut at its end."""
        data = columns(rows, ("first", "second", "label"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        firsts, seconds = segmenter.pieces(data["first"]), segmenter.pieces(data["second"])
        sequences = segmenter.twos(*cut_pairs(firsts, seconds, room)).views()
        return [
            LabelFeature([sequence], row, IGNORED if label < 0 else label)
            for row, (sequence, label) in enumerate(zip(sequences, data["label"], strict=True))
        ]

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        return PooledHead(width, len(labels), head_dropout(settings, model), settings.pooling)

    def scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        return head(hidden, batch)

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[int], labels: Labels
    ) -> list[Any]:
        """A label's name per row."""
        return [labels[prediction] for prediction in predictions]

    def chance(self, features: Sequence[LabelFeature]) -> float:
        return entropy(feature.label for feature in features if feature.label != IGNORED)


class ChoiceFormat(Labelled):
    """Predictions are the indices of choices."""

    name = "choice"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """One feature a row, a sequence a choice; a prompt too long loses its front, as in jiant: its end is
        what the choice continues. A choice longer than the sequence is cut at its end and keeps one token of
        the prompt."""
        data = columns(rows, ("prompt", "choices", "label"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        counts = [len(choices) for choices in data["choices"]]
        texts = [choice for choices in data["choices"] for choice in choices]
        choices = segmenter.pieces(texts).cut(room - 1)
        prompts = segmenter.pieces(data["prompt"]).take(np.repeat(np.arange(len(counts)), counts))
        sequences = iter(segmenter.twos(prompts.without_front(room - choices.lengths), choices).views())
        return [
            LabelFeature(list(islice(sequences, count)), row, IGNORED if label < 0 else label)
            for row, (count, label) in enumerate(zip(counts, data["label"], strict=True))
        ]

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        return PooledHead(width, 1, head_dropout(settings, model), settings.pooling)

    def targets(self, features: Sequence[LabelFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        counts = np.array([len(feature.sequences) for feature in features])
        columns = np.arange(counts.max())
        # Where each choice's score stands among all sequences; a row with fewer choices repeats its last one,
        # and `absent` takes it out again.
        first = before(counts)
        return super().targets(features, starts) | {
            "places": first[:, None] + np.minimum(columns, counts[:, None] - 1),
            "absent": columns >= counts[:, None],
        }

    def scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        """(rows, choices), float32."""
        scores = head(hidden, batch).squeeze(1)[batch.targets["places"]]
        return scores.masked_fill(batch.targets["absent"], -math.inf)

    def chance(self, features: Sequence[LabelFeature]) -> float:
        return float(np.mean([math.log(len(feature.sequences)) for feature in features]))
