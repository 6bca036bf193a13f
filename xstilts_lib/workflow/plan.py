"""What an experiment would ask of a GPU, from shapes alone: memory, time and disk of every run.

>>> show(load_experiment("smoke"), gpu("H100"))

Nothing is downloaded and no weight is drawn: the encoder is built without memory, on torch's `meta` device,
to count its parameters. What is assumed beside its shape is stated where it is printed.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Gpu:
    """What its maker states."""

    name: str
    memory: float
    """GB."""
    peak: float
    """Operations a second in bfloat16, without sparsity, in units of 1e12."""


_STATED = (
    Gpu("H200", 141, 989),
    Gpu("H100", 80, 989),
    Gpu("A100-80", 80, 312),
    Gpu("A100-40", 40, 312),
    Gpu("L40S", 48, 362),
    Gpu("L4", 24, 121),
    Gpu("RTX4090", 24, 165),
)
GPUS = {gpu.name: gpu for gpu in _STATED}
# Assumed, and to be replaced by what is measured.
UTILISATION = 0.35  # of the peak
OVERHEAD = 2 * GIB  # the driver's, and what the allocator cannot use
CHOICES = 4  # of an example with choices


def gpu(name: str) -> Gpu:
    """The GPU of that name; UserError where it is not known."""
    known = {key.lower(): key for key in GPUS}
    if name.lower() not in known:
        raise UserError(f"There is no GPU {name!r} in the table: {nearest(name, GPUS)}")
    return GPUS[known[name.lower()]]


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
        moving, added = self.parameters, 0.0
        if settings.low_rank is not None:
            moving = settings.low_rank * self.edges
            added = 4.0 * moving
        held = 4.0 * self.parameters + added + 12.0 * moving  # weights, gradient and moments, in float32
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
    """What one part of a run asks for."""

    what: str
    memory: float
    """Bytes of each GPU."""
    seconds: float
    advice: str
    """What would make it fit; empty where it does."""
    gpus: int = 1
    """That it takes at a time."""
    disk: float = 0.0
    """Bytes that stay."""
    beside: float = 0.0
    """Bytes of its checkpoints while it runs."""
    runs: int = 0
    """How often it is done: once a seed."""


def needs(experiment: Experiment, device: Gpu) -> list[Need]:
    """A row for each kind of part: pretraining or an intermediate phase, a target, retrieval."""
    shape = Shape.of(config(experiment))
    rows: dict[str, Need] = {}
    for run in runs_of_model(experiment):
        for part in run.parts:
            what = f"{run.recipe.name}: {'encoder' if part == ENCODER else part.rpartition('/')[2]}"
            if what not in rows:
                rows[what] = _need(run, part, what, shape, device)
            rows[what].runs += 1
    return list(rows.values())


def _need(run: Run, part: str, what: str, shape: Shape, device: Gpu) -> Need:
    rate = device.peak * 1e12 * UTILISATION / shape.matrices
    seconds = costs.reading(run, part) / rate + costs.KERNEL_SECONDS
    # What is evaluated stands whole on one GPU, whatever it was spread over before.
    tokens = run.experiment.evaluation.tokens_per_batch
    reading = 4.0 * shape.parameters + 2.0 * shape.matrices + shape.activations(tokens, True) + OVERHEAD
    fits = reading <= device.memory * 1e9
    trained = costs.trained(run, part)
    if trained is None:
        return Need(what, reading, seconds, "" if fits else "too large")
    settings, names = trained[0], tuple(trained[1])
    tokens, masked = longest_update(settings, names), not names or "text" in {task(n).format for n in names}
    memory = shape.memory(settings, tokens, masked)
    advice = _advice(shape, settings, tokens, masked, device, memory)
    if part != ENCODER and reading > memory:
        memory, advice = reading, "" if fits else "too large to be evaluated"
    seconds += costs.training(run, part) / rate / settings.processes
    moving = shape.parameters if settings.low_rank is None else settings.low_rank * shape.edges
    disk = 4.0 * shape.parameters if part == ENCODER else 0.0
    # The oldest checkpoint goes when the newest is whole; weights go to several processes, and come back.
    beside = 12.0 * moving * (KEPT + 1) + (8.0 * shape.parameters if settings.processes > 1 else 0.0)
    return Need(what, memory, seconds, advice, settings.processes, disk, beside)


def longest_update(settings: TrainSettings, names: tuple[str, ...]) -> int:
    """Of the longest update."""
    size, unit = settings.batch
    choices = CHOICES if any(task(name).format == "choice" for name in names) else 1
    return size if unit == "tokens" else size * settings.max_length * choices


def _advice(
    shape: Shape, settings: TrainSettings, tokens: int, masked: bool, device: Gpu, memory: float
) -> str:
    room = device.memory * 1e9

    def fits(**changes: Any) -> bool:
        return shape.memory(dataclasses.replace(settings, **changes), tokens, masked) <= room

    if memory <= room:
        return ""
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
        _show(each, device)


def _show(experiment: Experiment, device: Gpu) -> None:
    rows = needs(experiment, device)
    shape = Shape.of(config(experiment))
    print(
        f"{experiment.name} on one {device.name} ({device.memory:g} GB): {experiment.model.name}, an encoder "
        f"of {shape.parameters / 1e6:,.1f} million parameters, {shape.embeddings / 1e6:,.1f} of them in "
        "embeddings."
    )
    width = max(len(row.what) for row in rows)
    print(f"{'':{width}}  runs     memory       each   disk each")
    for row in rows:
        note = f"  on {row.gpus} GPUs" if row.gpus > 1 else ""
        note += f"  does not fit: {row.advice}" if row.advice else ""
        print(
            f"{row.what:{width}}  {row.runs:4}  {row.memory / GIB:7.1f} GiB  {clock(row.seconds):>9}"
            f"  {row.disk / GIB:6.1f} GiB{note}"
        )
    total = sum(row.runs * row.gpus * row.seconds for row in rows)
    kept = sum(row.runs * row.disk for row in rows) / GIB
    beside = max(row.beside for row in rows) / GIB
    print(
        f"{sum(row.runs for row in rows)} parts, {clock(total)} of one GPU, {kept:,.1f} GiB of encoders on "
        f"disk, and {beside:,.1f} GiB for the checkpoints of a training while it runs."
    )
    print(
        f"Predicted from shapes, not measured: bfloat16 at {UTILISATION:.0%} of the GPU's peak, the longest "
        f"update of each training, {costs.TOKENS_PER_EXAMPLE} tokens an example for the time."
    )
