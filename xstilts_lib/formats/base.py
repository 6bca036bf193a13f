"""What the formats share: how text becomes sequences of ids, and how a batch is read by a head.

A format is all that depends on the shape of an example, in one file: `encode` rows into features, the
`head` that reads the encoder's output, the `loss` (a sum, with the number of its items), `predict` (reduced
on the device), and `decode` back into what a person would write.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from ..common.errors import UserError
from .plain import reader
from .ragged import Ragged, joined, stacked

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..tasks.settings import TrainSettings

CHUNK = 8192  # texts that the tokenizer is given at once: work for every core, and little to hold in memory
IGNORED = -100  # the label of a position that has none, as torch's cross entropy has it
Rows: TypeAlias = "Dataset | Mapping[str, Sequence[Any]]"


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
        borders, positions = (
            tensor.to(device, non_blocking=True) for tensor in (self.borders, self.positions)
        )
        return Joined(borders, positions, self.longest)


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
    columns: tuple[str, ...]

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """Features of `rows`, in their order; a long row may give several."""
        raise NotImplementedError

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> nn.Module | None:
        """A fresh head on hidden states of `width`, drawn from torch's global generator."""
        raise NotImplementedError

    def draw(
        self, features: Sequence[Feature], settings: TrainSettings, seed: Sequence[int]
    ) -> Sequence[Feature]:
        """What an update reads of `features`: themselves, or (masked language modelling) a random view of
        them."""
        return features

    def items(self, feature: Feature) -> int:
        """Number of terms that `feature` adds to the sum in `loss`."""
        return 1

    def targets(self, features: Sequence[Feature], starts: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays for `Batch.targets`; `starts` holds where each sequence begins in the flattened tokens."""
        raise NotImplementedError

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        """Sum of the loss over the batch's valid items (float32 scalar), and their number."""
        raise NotImplementedError

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[Any]:
        """One small object per feature; full scores never leave the device."""
        raise NotImplementedError

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[Any], labels: Sequence[str]
    ) -> list[Any]:
        """One prediction per row: a label's name, an index, a list of tags, an answer."""
        raise NotImplementedError

    def chance(self, features: Sequence[Feature]) -> float:
        """Loss per item of the best predictor that never reads the input: what a degenerate run ends at."""
        raise NotImplementedError


def columns(rows: Rows, names: Sequence[str]) -> dict[str, list[Any]]:
    """The named columns as plain lists; UserError for one that is missing."""
    present = rows.keys() if isinstance(rows, Mapping) else rows.column_names
    missing = [name for name in names if name not in present]
    if missing:
        raise UserError(f"The rows lack the column {missing[0]!r}; they have: {', '.join(present)}.")
    if isinstance(rows, Mapping):
        return {name: list(rows[name]) for name in names}
    return rows.select_columns(list(names))[:]


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
        single, pair = frames
        if not len(pair[1]):
            raise UserError(
                f"{type(tokenizer).__name__} puts no separator between two texts: give it a post-processor."
            )
        return single, pair

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

    def ids(self, texts: Sequence[str]) -> list[np.ndarray]:
        """`pieces` as a list of arrays."""
        return self.pieces(texts).views()

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

    def one(self, ids: np.ndarray) -> np.ndarray:
        """`<s> a </s>`"""
        return np.concatenate([self.single[0], ids, self.single[1]])

    def two(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """`<s> a </s></s> b </s>`, for XLM-R."""
        return np.concatenate([self.pair[0], first, self.pair[1], second, self.pair[2]])

    def ones(self, texts: Ragged) -> Ragged:
        """`one` of every row."""
        before, after = (Ragged.constant(part, len(texts.starts)) for part in self.single)
        return joined([before, texts, after])

    def twos(self, firsts: Ragged, seconds: Ragged) -> Ragged:
        """`two` of every row."""
        before, between, after = (Ragged.constant(part, len(firsts.starts)) for part in self.pair)
        return joined([before, firsts, between, seconds, after])

    def room(self, texts: int, max_length: int) -> int:
        """Tokens left for the texts in a sequence of `max_length`."""
        room = max_length - sum(len(part) for part in (self.single if texts == 1 else self.pair))
        if room < texts:
            raise UserError(
                f"max_length {max_length} leaves no room for text: give at least {max_length - room + texts}."
            )
        return room


def cut(first: np.ndarray, second: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Both cut at their ends until they fit into `room` together, the longer one first."""
    if len(first) + len(second) <= room:
        return first, second
    if len(first) <= room // 2:
        return first, second[: room - len(first)]
    if len(second) <= room // 2:
        return first[: room - len(second)], second
    return first[: room - room // 2], second[: room // 2]


def cut_pairs(firsts: Ragged, seconds: Ragged, room: int) -> tuple[Ragged, Ragged]:
    """`cut` of every row."""
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


def head_dropout(settings: TrainSettings, model: PreTrainedModel) -> float:
    if settings.dropout is not None:
        return settings.dropout
    return float(getattr(model.config, "hidden_dropout_prob", 0.1))


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
