"""Two texts and a label: natural language inference, paraphrases. `<s> first </s></s> second </s>`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from .base import (
    IGNORED,
    Batch,
    Feature,
    Format,
    PooledHead,
    Rows,
    Segmenter,
    columns,
    cut_pairs,
    entropy,
    head_dropout,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..tasks.settings import TrainSettings


@dataclass(slots=True)
class PairFeature(Feature):
    label: int


class PairFormat(Format):
    name = "pair"
    columns = ("id", "first", "second", "label")

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """One feature a row; of a pair too long, the longer text is cut at its end."""
        data = columns(rows, ("first", "second", "label"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        firsts, seconds = segmenter.pieces(data["first"]), segmenter.pieces(data["second"])
        sequences = segmenter.twos(*cut_pairs(firsts, seconds, room)).views()
        return [
            PairFeature([sequence], row, IGNORED if label < 0 else label)
            for row, (sequence, label) in enumerate(zip(sequences, data["label"], strict=True))
        ]

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> nn.Module:
        return PooledHead(width, len(labels), head_dropout(settings, model), settings.pooling)

    def items(self, feature: PairFeature) -> int:
        return int(feature.label != IGNORED)

    def targets(self, features: Sequence[PairFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        return {"labels": np.array([feature.label for feature in features], dtype=np.int64)}

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        logits = head(hidden, batch)
        total = functional.cross_entropy(
            logits, batch.targets["labels"], reduction="sum", ignore_index=IGNORED
        )
        return total, batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[int]:
        return head(hidden, batch).argmax(dim=1).tolist()

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[int], labels: Sequence[str]
    ) -> list[Any]:
        """A label's name per row."""
        return [labels[prediction] for prediction in predictions]

    def chance(self, features: Sequence[PairFeature]) -> float:
        return entropy(feature.label for feature in features if feature.label != IGNORED)
