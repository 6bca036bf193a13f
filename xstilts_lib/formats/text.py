"""Running text, for masked language modelling; with a translation beside it, for translation language
modelling.

Masks are drawn anew for each update from (seed, update) alone, so that a run resumed at any update draws
the same. The head computes scores at the masked positions only: over 250,002 pieces it would cost more than
the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ..common.errors import UserError
from ..tasks.settings import TrainSettings
from .base import Batch, Feature, Labels, Model, Rows, TokenFormat, Tokenizer, columns, entropy, initialise
from .plain import before
from .segmenter import Segmenter

SCORES = 2**26  # that are held at once, a quarter of a gigabyte: 268 positions' over XLM-R's 250,002 pieces


@dataclass(slots=True)
class TextFeature(Feature):
    segmenter: Segmenter
    """Of all features alike: what may be masked, and with what."""
    paired: bool
    positions: np.ndarray | None = None
    """(masked,): positions to predict, once drawn."""
    labels: np.ndarray | None = None
    """(masked,): the ids that stood there, int64."""


class MaskedHead(nn.Module):
    """Dense, GELU, LayerNorm, and the embeddings themselves as output layer, as in RoBERTa."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        embeddings = model.get_input_embeddings()
        width = embeddings.weight.shape[1]
        self.dense = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=float(getattr(model.config, "layer_norm_eps", 1e-5)))
        self.bias = nn.Parameter(torch.zeros(embeddings.weight.shape[0]))
        # In a tuple, so that it stays the encoder's parameter and is not counted or saved twice.
        self.tied = (embeddings,)
        initialise(self)

    def forward(self, hidden: Tensor) -> Tensor:
        """(tokens, pieces), float32."""
        hidden = self.norm(functional.gelu(self.dense(hidden)))
        return functional.linear(hidden, self.tied[0].weight, self.bias).float()


def _cross_entropy(head: MaskedHead, masked: Tensor, labels: Tensor, reduction: str) -> Tensor:
    return functional.cross_entropy(head(masked), labels, reduction=reduction)


class TextFormat(TokenFormat):
    name = "text"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """`<s> text </s>`; where the row has a translation, `<s> text </s></s> pair </s>` in odd rows and
        `<s> pair </s></s> text </s>` in even ones."""
        data = columns(rows, ("text", "pair"))
        segmenter = Segmenter(tokenizer)
        if segmenter.mask is None:
            raise UserError("The tokenizer has no mask token: masked language modelling needs one.")
        mates = [mate or "" for mate in data["pair"]]
        # Either may stand first: else a position would tell the language, and hold the two apart.
        turned = np.arange(len(mates)) % 2 == 0
        read = segmenter.ones_or_twos(data["text"], mates, max_length, turned)
        return [
            TextFeature([sequence], row, segmenter, paired)
            for row, (sequence, paired) in enumerate(zip(*read, strict=True))
        ]

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        return MaskedHead(model)

    def draw(
        self, features: Sequence[TextFeature], settings: TrainSettings, seed: Sequence[int]
    ) -> Sequence[TextFeature]:
        """The features with masks: of all their ordinary tokens together, exactly `settings.mask_rate` are
        drawn."""
        segmenter = features[0].segmenter
        random = np.random.default_rng(list(seed))
        lengths = np.array([len(feature.sequences[0]) for feature in features])
        ids = np.concatenate([feature.sequences[0] for feature in features])
        special = np.zeros(segmenter.size, dtype=bool)
        special[segmenter.special] = True
        ordinary = np.flatnonzero(~special[ids])
        number = max(1, round(settings.mask_rate * len(ordinary)))
        chosen = np.sort(random.permutation(ordinary)[:number])
        labels = ids[chosen].astype(np.int64)
        action = random.random(len(chosen)) if settings.masking == "bert" else np.zeros(len(chosen))
        ids[chosen[action < 0.8]] = segmenter.mask
        others = np.flatnonzero(~special)
        change = chosen[(action >= 0.8) & (action < 0.9)]
        ids[change] = others[random.integers(len(others), size=len(change))]
        begins = before(lengths)
        borders = np.searchsorted(chosen, begins)[1:]
        of_each = np.split(ids, begins[1:]), begins, np.split(chosen, borders), np.split(labels, borders)
        return [
            TextFeature([part], feature.row, segmenter, feature.paired, places - begin, own)
            for feature, part, begin, places, own in zip(features, *of_each, strict=True)
        ]

    def _losses(self, head: MaskedHead, hidden: Tensor, batch: Batch, reduction: str) -> Tensor:
        masked, labels = self.states(hidden, batch), batch.targets["labels"]
        rows = max(1, SCORES // len(head.bias))
        if len(masked) <= rows:
            return _cross_entropy(head, masked, labels, reduction)
        # Part by part, and each part's scores once more on the way back rather than kept until then.
        losses = [
            checkpoint(_cross_entropy, head, *part, reduction, use_reentrant=False)
            for part in zip(masked.split(rows), labels.split(rows), strict=True)
        ]
        return torch.stack(losses).sum() if reduction == "sum" else torch.cat(losses)

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        return self._losses(head, hidden, batch, "sum"), batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[tuple[float, int]]:
        """(sum of the loss in nats, masked tokens) per row: perplexity is exp of the sums' quotient."""
        losses = self.split(self._losses(head, hidden, batch, "none").double(), batch)
        return [(float(part.sum()), len(part)) for part in losses]

    def chance(self, features: Sequence[TextFeature]) -> float:
        special = set(features[0].segmenter.special.tolist())
        ids = (number for feature in features[:2000] for number in feature.sequences[0].tolist())
        return entropy(number for number in ids if number not in special)
