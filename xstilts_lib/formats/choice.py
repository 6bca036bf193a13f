"""A prompt and several continuations, one of which is right: one sequence a choice, scored side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import IGNORED, Batch, Feature, Format, PooledHead, Rows, Segmenter, columns, head_dropout

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..tasks.settings import TrainSettings


@dataclass(slots=True)
class ChoiceFeature(Feature):
    label: int


class ChoiceFormat(Format):
    name = "choice"
    columns = ("id", "prompt", "choices", "label")

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """One feature a row, a sequence a choice; a prompt too long loses its front, as in jiant: its end is
        what the choice continues. A choice longer than the sequence is cut at its end and keeps one token of
        the prompt."""
        data = columns(rows, ("prompt", "choices", "label"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        counts = [len(choices) for choices in data["choices"]]
        choices = segmenter.pieces([choice for choices in data["choices"] for choice in choices]).cut(
            room - 1
        )
        prompts = segmenter.pieces(data["prompt"]).take(np.repeat(np.arange(len(counts)), counts))
        sequences = iter(segmenter.twos(prompts.without_front(room - choices.lengths), choices).views())
        return [
            ChoiceFeature(list(islice(sequences, count)), row, IGNORED if label < 0 else label)
            for row, (count, label) in enumerate(zip(counts, data["label"], strict=True))
        ]

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> nn.Module:
        return PooledHead(width, 1, head_dropout(settings, model), settings.pooling)

    def items(self, feature: ChoiceFeature) -> int:
        return int(feature.label != IGNORED)

    def targets(self, features: Sequence[ChoiceFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        counts = np.array([len(feature.sequences) for feature in features])
        columns = np.arange(counts.max())
        # Where each choice's score stands among all sequences; a row with fewer choices repeats its last one,
        # and `absent` takes it out again.
        first = np.concatenate([[0], counts.cumsum()[:-1]])
        return {
            "labels": np.array([feature.label for feature in features], dtype=np.int64),
            "places": first[:, None] + np.minimum(columns, counts[:, None] - 1),
            "absent": columns >= counts[:, None],
        }

    def _scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        """(rows, choices), float32."""
        scores = head(hidden, batch).squeeze(1)[batch.targets["places"]]
        return scores.masked_fill(batch.targets["absent"], -math.inf)

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        scores = self._scores(head, hidden, batch)
        total = functional.cross_entropy(
            scores, batch.targets["labels"], reduction="sum", ignore_index=IGNORED
        )
        return total, batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[int]:
        return torch.argmax(self._scores(head, hidden, batch), dim=1).tolist()

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[int], labels: Sequence[str]
    ) -> list[Any]:
        """The index of a choice per row."""
        return list(predictions)

    def chance(self, features: Sequence[ChoiceFeature]) -> float:
        return float(np.mean([math.log(len(feature.sequences)) for feature in features]))
