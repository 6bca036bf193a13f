"""What an experiment would ask of a GPU, from shapes alone: memory, time and disk of every run.

>>> show(load_experiment("smoke"), gpu("H100"))

Nothing is downloaded and no weight is drawn: the encoder is built without memory, on torch's `meta` device,
to count its parameters. What is assumed beside its shape is stated where it is printed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.errors import UserError, nearest
from ..common.shapes import PIECES, PUBLISHED
from ..experiment import Experiment
from ..formats.text import SCORES
from ..runs.run import ENCODER, Run, runs_of_model
from ..tasks import task
from ..tasks.settings import TrainSettings
from ..training.checkpoint import KEPT
from . import costs
from .monitor import clock

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

GIB = 2**30
# Assumed, and to be replaced by what is measured.
UTILISATION = 0.35  # of the peak
OVERHEAD = 2 * GIB  # the driver's, and what the allocator cannot use
CHOICES = 4  # of an example with choices


@dataclass(frozen=True)
class Gpu:
    """What its maker states."""

    name: str
    memory: float
    """GB."""
    peak: float
    """Operations a second in bfloat16, without sparsity, in units of 1e12."""


_STATED = {"H200": (141, 989), "H100": (80, 989), "A100-80": (80, 312), "A100-40": (40, 312),
           "L40S": (48, 362), "L4": (24, 121), "RTX4090": (24, 165)}  # fmt: skip
GPUS = {name: Gpu(name, *stated) for name, stated in _STATED.items()}


def gpu(name: str) -> Gpu:
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
    def of(cls, config: PreTrainedConfig) -> Shape:
        """Of the encoder that `config` describes, built without memory."""
        import torch
        from torch import nn

        from ..models.encoder import empty

        with torch.device("meta"):
            model = empty(config)
        total = sum(parameter.numel() for parameter in model.parameters())
        tables = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Embedding))
        edges = sum(m.in_features + m.out_features for m in model.modules() if isinstance(m, nn.Linear))
        inner = int(
            getattr(config, "intermediate_size", 0) or getattr(config, "d_ff", 4 * config.hidden_size)
        )
        return cls(config.num_hidden_layers, config.hidden_size, inner, tables, total - tables, edges)

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
        scores = 10.0 * SCORES if masked else 0.0
        parts = settings.accumulation * settings.processes
        return held + self.activations(math.ceil(tokens / parts), settings.recompute) + scores + OVERHEAD


@dataclass
class Need:
    """What one kind of part asks for: pretraining or an intermediate phase, a target, retrieval."""

    memory: float
    """Bytes of each GPU."""
    seconds: float
    advice: str = ""
    """What would make it fit; empty where it does."""
    gpus: int = 1
    """That it takes at a time."""
    disk: float = 0.0
    """Bytes that stay."""
    beside: float = 0.0
    """Bytes of its checkpoints while it runs."""
    runs: int = 0
    """How often it is done: once a seed."""


def needs(experiment: Experiment, device: Gpu, shape: Shape) -> dict[str, Need]:
    """What each kind of part of the runs with the experiment's own encoder asks for, by its name."""
    found: dict[str, Need] = {}
    for run in runs_of_model(experiment):
        for part in run.parts:
            what = f"{run.recipe.name}: {'encoder' if part == ENCODER else part.rpartition('/')[2]}"
            if what not in found:
                found[what] = _need(run, part, device, shape)
            found[what].runs += 1
    return found


def _need(run: Run, part: str, device: Gpu, shape: Shape) -> Need:
    rate, room = device.peak * 1e12 * UTILISATION / shape.matrices, device.memory * 1e9
    need = Need(0.0, costs.reading(run, part) / rate + costs.KERNEL_SECONDS)
    if part != ENCODER:
        # What is evaluated stands whole on one GPU, whatever it was spread over before.
        kept = shape.activations(run.experiment.evaluation.tokens_per_batch, True)
        need.memory = 4.0 * shape.parameters + 2.0 * shape.matrices + kept + OVERHEAD
        need.advice = "" if need.memory <= room else "too large to be evaluated"
    trained = costs.trained(run, part)
    if trained is None:
        return need
    settings, names = trained[0], tuple(trained[1])
    tokens, masked = longest_update(settings, names), not names or "text" in {task(n).format for n in names}
    memory = shape.memory(settings, tokens, masked)
    if memory >= need.memory:
        need.memory = memory
        need.advice = "" if memory <= room else advice(shape, settings, tokens, masked, room)
    need.seconds += costs.training(run, part) / rate / settings.processes
    need.gpus = settings.processes
    need.disk = 4.0 * shape.parameters if part == ENCODER else 0.0
    # The oldest checkpoint goes when the newest is whole; weights go to several processes, and come back.
    moving = shape.moving(settings)
    need.beside = 12.0 * moving * (KEPT + 1) + (8.0 * shape.parameters if settings.processes > 1 else 0.0)
    return need


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


def config(experiment: Experiment) -> PreTrainedConfig:
    """The configuration of the experiment's encoder; UserError where it is neither stated, nor in the table,
    nor to be read."""
    from transformers import AutoConfig

    model = experiment.model
    if model.architecture is not None:
        settings: dict[str, Any] = {"vocab_size": _pieces(experiment), **model.architecture}
    else:
        name = str(model.path).rpartition("/")[2]
        if name not in PUBLISHED:
            try:
                return AutoConfig.from_pretrained(model.path, revision=model.revision)
            except (OSError, ValueError):
                place = "" if Path(str(model.path)).is_dir() else " and could not be read"
                raise UserError(
                    f"The shape of {model.path} is not in the table{place}: {nearest(name, PUBLISHED)}"
                ) from None
        settings = dict(PUBLISHED[name])
    settings["pad_token_id"] = 1
    return AutoConfig.for_model(settings.pop("model_type"), **settings)


def _pieces(experiment: Experiment) -> int:
    """Of the vocabulary that an encoder built here has."""
    if experiment.model.vocabulary is not None:
        return experiment.model.vocabulary
    if experiment.source["kind"] != "miniature":
        return PIECES
    from ..sources import open_source

    tokenizer = open_source(experiment.source).tokenizer()
    return PIECES if tokenizer is None else len(tokenizer)


def show(experiment: Experiment, device: Gpu) -> None:
    """Print the needs as a table, and their sum, for each of the experiment's encoders."""
    for each in experiment.each_model():
        shape = Shape.of(config(each))
        print(
            f"{each.name} on one {device.name} ({device.memory:g} GB): {each.model.name}, an encoder of "
            f"{shape.parameters / 1e6:,.1f} million parameters, {shape.embeddings / 1e6:,.1f} of them in "
            "embeddings."
        )
        _show(needs(each, device, shape))
    print(
        f"Predicted from shapes, not measured: bfloat16 at {UTILISATION:.0%} of the GPU's peak, the longest "
        f"update of each training, {costs.TOKENS_PER_EXAMPLE} tokens an example for the time."
    )


def _show(rows: Mapping[str, Need]) -> None:
    width = max(map(len, rows))
    print(f"{'':{width}}  runs     memory       each   disk each")
    for what, row in rows.items():
        note = f"  on {row.gpus} GPUs" if row.gpus > 1 else ""
        note += f"  does not fit: {row.advice}" if row.advice else ""
        print(
            f"{what:{width}}  {row.runs:4}  {row.memory / GIB:7.1f} GiB  {clock(row.seconds):>9}"
            f"  {row.disk / GIB:6.1f} GiB{note}"
        )
    total = sum(row.runs * row.gpus * row.seconds for row in rows.values())
    kept = sum(row.runs * row.disk for row in rows.values()) / GIB
    beside = max(row.beside for row in rows.values()) / GIB
    print(
        f"{sum(row.runs for row in rows.values())} parts, {clock(total)} of one GPU, {kept:,.1f} GiB of "
        f"encoders on disk, and {beside:,.1f} GiB for the checkpoints of a training while it runs."
    )
