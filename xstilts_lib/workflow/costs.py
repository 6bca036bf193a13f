"""What a training asks of a GPU's memory, from shapes alone, and the settings with which it would fit.

>>> Shape.of(shapes.PUBLISHED["xlm-roberta-large"]).memory(TrainSettings(), 8192, masked=False)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..common.errors import UserError, nearest
from ..tasks import task
from ..tasks.settings import TrainSettings

GIB = 2**30
# Assumed, and to be replaced by what is measured.
UTILISATION = 0.35  # of a GPU's peak
OVERHEAD = 2 * GIB  # the driver's, and what the allocator cannot use
CHOICES = 4  # of an example with choices
SHAPING = ("model_type", "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads",
           "num_key_value_heads", "vocab_size", "max_position_embeddings", "type_vocab_size")  # fmt: skip
GATED = ("modernbert", "eurobert")  # types whose inner width is entered twice, once as a gate


@dataclass(frozen=True)
class Device:
    """What computes: a GPU as its maker states it, or a core."""

    name: str
    memory: float
    """GB."""
    peak: float
    """Operations a second in bfloat16, without sparsity, in units of 1e12."""
    utilisation: float = UTILISATION

    @property
    def rate(self) -> float:
        """Useful operations a second."""
        return self.peak * 1e12 * self.utilisation


_STATED = {"H200": (141, 989), "H100": (80, 989), "A100-80": (80, 312), "A100-40": (40, 312),
           "L40S": (48, 362), "L4": (24, 121), "RTX4090": (24, 165)}  # fmt: skip
GPUS = {name: Device(name, *stated) for name, stated in _STATED.items()}


def gpu(name: str) -> Device:
    """The GPU of that name; UserError where it is not known."""
    for key in GPUS:
        if key.lower() == name.lower():
            return GPUS[key]
    raise UserError(f"There is no GPU {name!r} in the table: {nearest(name, GPUS)}")


@dataclass(frozen=True)
class Shape:
    """An encoder's sizes."""

    layers: int
    width: int
    inner: int
    embeddings: int
    """Parameters that are looked up, not multiplied with."""
    matrices: int
    """All other parameters."""
    edges: int
    """Inputs plus outputs, over all matrices: parameters of a low-rank update for each unit of rank."""

    @property
    def parameters(self) -> int:
        return self.embeddings + self.matrices

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Of the encoder that a configuration describes; biases and norms, a thousandth, left out."""
        kind, width, layers, inner, heads, shared, *tables = map(config.get, SHAPING)
        narrow = width * (shared or heads) // heads if heads else width  # of keys and values
        ways = 3 if kind in GATED else 2  # into and out of the inner width
        return cls(
            layers, width, inner,
            embeddings=width * sum(filter(None, tables)),
            matrices=layers * (2 * width * (width + narrow) + ways * width * inner),
            edges=layers * (6 * width + 2 * narrow + ways * (width + inner)),
        )  # fmt: skip

    def moving(self, settings: TrainSettings) -> int:
        """Parameters that a training moves."""
        return self.parameters if settings.low_rank is None else settings.low_rank * self.edges

    def activations(self, tokens: int, recompute: bool = False) -> float:
        """Bytes that a forward pass in bfloat16 keeps for the way back.

        Of each layer and token: what enters and leaves the matrices in 2 bytes, what enters the norms in 4,
        and the masks of dropout in 1. With `recompute` what enters each layer, and one layer whole.
        """
        layer = 24 * self.width + 4 * self.inner
        return tokens * (self.layers * 4 * self.width + layer if recompute else self.layers * layer)

    def memory(self, settings: TrainSettings, tokens: int, masked: bool) -> float:
        """Bytes of GPU memory that a training takes at its fullest, of each GPU where there are several; the
        embeddings count whole, although those that are never read take less (see trainable.py)."""
        moving = self.moving(settings)
        held = 4.0 * self.parameters + 12.0 * moving  # weights, gradient and moments, in float32
        if settings.low_rank is not None:
            held += 4.0 * moving  # the update stands beside the weights
        if settings.shard:
            # Of the layer at work: weights and gradient in bfloat16, and the gradient in float32 on its way
            # to the others. Of the embeddings all three in float32 (see sharding.py).
            held = held / settings.processes + 8.0 * self.matrices / self.layers + 12.0 * self.embeddings
        else:
            held += 2.0 * self.matrices  # what autocast keeps in bfloat16
        from ..formats.text import SCORES  # with torch, which a graph of jobs has no use for

        scores = 10.0 * SCORES if masked else 0.0
        parts = settings.accumulation * settings.processes
        return held + self.activations(math.ceil(tokens / parts), settings.recompute) + scores + OVERHEAD


def longest_update(settings: TrainSettings, names: tuple[str, ...]) -> int:
    """Tokens of the longest update of a training on these tasks."""
    size, unit = settings.batch
    choices = CHOICES if any(task(name).format == "choice" for name in names) else 1
    return size if unit == "tokens" else size * settings.max_length * choices


def advice(shape: Shape, settings: TrainSettings, tokens: int, masked: bool, room: float) -> str:
    """The settings, as an experiment's file states them, with which a training fits into `room` bytes."""

    def fits(**changes: Any) -> bool:
        return shape.memory(replace(settings, **changes), tokens, masked) <= room

    for parts in (2, 4, 8, 16, 32):
        accumulation = settings.accumulation * parts
        if fits(accumulation=accumulation):
            return f"accumulation: {accumulation}"
        if fits(accumulation=accumulation, recompute=True):
            return f"accumulation: {accumulation}, recompute: true"
    least = {"accumulation": 32, "recompute": True}
    ways = [
        f"processes: {processes}, shard: true, recompute: true, accumulation: 32 or fewer"
        for processes in (2, 4, 8)
        if processes > settings.processes and fits(**least, shard=True, processes=processes, compile=False)
    ][:1]
    if fits(**least, low_rank=16):
        ways.append("low_rank: 16, recompute: true, accumulation: 32 or fewer")
    return "; or ".join(ways) or "too large"
