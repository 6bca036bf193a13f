"""What the formats share: features, batches, and how a head reads them.

A format is all that depends on the shape of an example, in one class: `encode` rows into features, the
`head` that reads the encoder's output, the `loss` (a sum, with the number of its items), `predict` (reduced
on the device), and `decode` back into what a person would write.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..common.errors import UserError
from ..tasks.settings import TrainSettings

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

IGNORED = -100  # the label of a position that has none, as torch's cross entropy has it
Rows: TypeAlias = "Dataset | Mapping[str, Sequence[Any]]"
Labels: TypeAlias = Sequence[str]
Model: TypeAlias = "PreTrainedModel"
Tokenizer: TypeAlias = "PreTrainedTokenizerFast"


@dataclass(slots=True)
class Feature:
    """One example, or a window of it, as the encoder reads it."""

    sequences: list[np.ndarray]
    """Ids with special tokens, int32; one sequence, or one per choice."""
    row: int
    """Which row it comes from: several windows of a long example name the same one."""

    @property
    def length(self) -> int:
        return max(len(sequence) for sequence in self.sequences)

    @property
    def tokens(self) -> int:
        return sum(len(sequence) for sequence in self.sequences)


@dataclass(frozen=True, slots=True)
class Joined:
    """How the sequences of a batch stand one after another in a single row."""

    borders: Tensor
    """(sequences + 1,), int32: where each begins, and where the last one ends."""
    positions: Tensor
    """(1, tokens), int64: each token's place in its own sequence, from 0."""
    longest: int
    """Tokens of the longest sequence."""

    def to(self, device: torch.device) -> Joined:
        moved = (tensor.to(device, non_blocking=True) for tensor in (self.borders, self.positions))
        return Joined(*moved, self.longest)


@dataclass(slots=True)
class Batch:
    """Features side by side, or joined. The encoder's output for it is `hidden`: (sequences, length, width),
    or (1, tokens, width) where they are joined."""

    ids: Tensor
    """(sequences, length), or (1, tokens) where they are joined; int64."""
    mask: Tensor | None
    """(sequences, length), 1 on tokens and 0 on padding; None where nothing is padded, which is faster."""
    lengths: np.ndarray
    """(sequences,): tokens of each sequence."""
    features: Sequence[Feature]
    targets: dict[str, Tensor] = field(default_factory=dict)
    """What the format's loss and predictions read: labels, and positions in `hidden` flattened to tokens."""
    count: int = 0
    """Valid items in the loss."""
    joined: Joined | None = None
    """Where each sequence stands, if they are joined; then there is no mask."""

    def to(self, device: torch.device) -> Batch:
        if device.type == "cpu":
            return self
        move = {name: value.to(device, non_blocking=True) for name, value in self.targets.items()}
        mask = None if self.mask is None else self.mask.to(device, non_blocking=True)
        ids = self.ids.to(device, non_blocking=True)
        joined = None if self.joined is None else self.joined.to(device)
        return Batch(ids, mask, self.lengths, self.features, move, self.count, joined)


class Format:
    """The five things that a shape of example decides. Subclasses hold no state: all is in features and
    heads."""

    name: str

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """Features of `rows`, in their order; a long row may give several."""
        raise NotImplementedError

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module | None:
        """A fresh head on hidden states of `width`, drawn from torch's global generator."""
        raise NotImplementedError

    def draw(
        self, features: Sequence[Feature], settings: TrainSettings, seed: Sequence[int]
    ) -> Sequence[Feature]:
        """What an update reads of `features`: themselves, or (masked language modelling) a random view of
        them."""
        return features

    def to_predict(
        self, rows: Rows, tokenizer: Tokenizer, labels: Labels, settings: TrainSettings, seed: Sequence[int]
    ) -> Sequence[Feature]:
        """What is read to predict `rows`: what an update would read of them."""
        return self.draw(self.encode(rows, tokenizer, labels, settings.max_length), settings, seed)

    def items(self, feature: Feature) -> int:
        """Number of terms that `feature` adds to the sum in `loss`."""
        return 1

    def targets(self, features: Sequence[Feature], starts: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays for `Batch.targets`; `starts` holds where each sequence begins in the flattened tokens."""
        raise NotImplementedError

    def scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> Tensor:
        """(items, classes), float32, where what is asked for is a class: `targets` has it under "labels"."""
        raise NotImplementedError

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        """Sum of the loss over the batch's valid items (float32 scalar), and their number: the cross entropy
        of `scores`, unless a format says otherwise."""
        scores, labels = self.scores(head, hidden, batch), batch.targets["labels"]
        return functional.cross_entropy(scores, labels, reduction="sum", ignore_index=IGNORED), batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[Any]:
        """One small object per feature; full scores never leave the device."""
        raise NotImplementedError

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[Any], labels: Labels
    ) -> list[Any]:
        """One prediction per row: a label's name, an index, a list of tags, an answer."""
        return list(predictions)

    def chance(self, features: Sequence[Feature]) -> float:
        """Loss per item of the best predictor that never reads the input: what a degenerate run ends at."""
        raise NotImplementedError


class TokenFormat(Format):
    """A format that asks for a class at some positions: those in a feature's `positions`, as its `labels`."""

    def items(self, feature: Any) -> int:
        return len(feature.labels)

    def targets(self, features: Sequence[Any], starts: np.ndarray) -> dict[str, np.ndarray]:
        places = [start + feature.positions for start, feature in zip(starts, features, strict=True)]
        labels = np.concatenate([feature.labels for feature in features])
        return {"places": np.concatenate(places), "labels": labels}

    @staticmethod
    def states(hidden: Tensor, batch: Batch) -> Tensor:
        """(items, width): the states at those positions."""
        return hidden.flatten(0, 1).index_select(0, batch.targets["places"])

    @staticmethod
    def split(values: Tensor, batch: Batch) -> list[np.ndarray]:
        """One value an item, a feature's each."""
        ends = np.cumsum([len(feature.labels) for feature in batch.features])
        return np.split(values.cpu().numpy(), ends[:-1])


def columns(rows: Rows, names: Sequence[str]) -> dict[str, list[Any]]:
    """The named columns as plain lists; UserError for one that is missing."""
    present = rows.keys() if isinstance(rows, Mapping) else rows.column_names
    missing = [name for name in names if name not in present]
    if missing:
        raise UserError(f"The rows lack the column {missing[0]!r}; they have: {', '.join(present)}.")
    if isinstance(rows, Mapping):
        return {name: list(rows[name]) for name in names}
    return rows.select_columns(list(names))[:]


def pool(hidden: Tensor, batch: Batch, pooling: str) -> Tensor:
    """One vector per sequence, (sequences, width): the mean over its tokens, or its first token."""
    if batch.joined is not None:
        borders = batch.joined.borders
        if pooling == "first":
            return hidden[0].index_select(0, borders[:-1])
        # In float32, because a long sequence has more terms than bfloat16 has digits.
        mean = torch.segment_reduce(hidden[0].float(), "mean", offsets=borders.long(), axis=0, unsafe=True)
        return mean.to(hidden.dtype)
    if pooling == "first":
        return hidden[:, 0]
    if batch.mask is None:
        return hidden.mean(dim=1)
    weights = (batch.mask / batch.mask.sum(dim=1, keepdim=True)).to(hidden.dtype)
    # A product with the weights reads `hidden` once, where masking it first would write it anew.
    return torch.bmm(weights.unsqueeze(1), hidden).squeeze(1)


def head_dropout(settings: TrainSettings, model: Model) -> float:
    if settings.dropout is not None:
        return settings.dropout
    return float(getattr(model.config, "hidden_dropout_prob", 0.1))


class TokenHead(nn.Module):
    """Dropout and a linear layer, on the states of tokens."""

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, outputs)
        initialise(self)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.out(self.dropout(hidden)).float()


def initialise(head: nn.Module) -> None:
    """Weights from N(0, 0.02), biases zero, as the encoders' own heads begin."""
    for module in head.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def entropy(values: Iterable[Any]) -> float:
    """In nats, of the distribution of `values`."""
    counts = Counter(values)
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values()) if total else math.nan
