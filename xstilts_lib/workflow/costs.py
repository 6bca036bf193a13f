"""What a part of a run asks of what computes it, from shapes alone: operations, time, a GPU's memory, disk;
and the settings with which a training would fit.

>>> Shape.of(shapes.PUBLISHED["xlm-roberta-large"]).memory(TrainSettings(), 8192, masked=False)
>>> seconds(Run(load_experiment("smoke"), "none", seed=0), "encoder", CORE)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..common import shapes
from ..common.errors import UserError, nearest
from ..experiment import Experiment
from ..runs.run import ENCODER, RETRIEVAL, Run
from ..tasks import TASKS, task
from ..tasks.settings import TrainSettings
from ..training.checkpoint import KEPT

GIB = 2**30
# Assumed, and to be replaced by what is measured.
UTILISATION = 0.35  # of a GPU's peak
OVERHEAD = 2 * GIB  # the driver's, and what the allocator cannot use
CHOICES = 4  # of an example with choices
SHAPING = ("model_type", "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads",
           "num_key_value_heads", "vocab_size", "max_position_embeddings", "type_vocab_size")  # fmt: skip
GATED = ("modernbert", "eurobert")  # types whose inner width is entered twice, once as a gate
# Of an example in XLM-R's pieces: means of English training sets, 300 rows of each. Choices: 114 to 478.
TOKENS = {"pair": 45, "tags": 20, "span": 200, "choice": 350}
TOKENS_ELSEWHERE = 40  # in the miniature, and of text
ROWS = 10_000  # of a training set whose size nobody states
EVALUATED = 1000  # rows of a test set, likewise
LINES, LANGUAGES = 14_000, 10  # of text, and that have some, where the experiment does not say
KERNEL_SECONDS = 1.0  # to start a kernel, read the data and write the notebook


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
# At the width of 128. A wider encoder fills a core's units better: at 384 it did .15 to .25 in bfloat16.
CORE = Device("core", math.inf, 0.05, utilisation=1.0)
CORE_WIDTH = 128


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


# What a part computes, for each parameter of its encoder.


def trained(run: Run, part: str) -> tuple[TrainSettings, dict[str, int | None]] | None:
    """How a part trains, and the most examples that it takes of each training set (of none: it reads text);
    None for retrieval, which trains nothing. For all seeds the same, and so found once."""
    return run.experiment.once(("trained", run.recipe, part), lambda: _trained(run, part))


def _trained(run: Run, part: str) -> tuple[TrainSettings, dict[str, int | None]] | None:
    experiment, names = run.experiment, run.tasks(part)
    if part == RETRIEVAL:
        return None
    if part != ENCODER:
        settings = experiment.settings_for("target", names)
        return settings, {task(name).train or "": settings.examples for name in names}
    if names:
        limits = {name: experiment.settings_of(name, names).examples for name in names}
        return experiment.settings_for("intermediate", names), limits
    assert experiment.pretraining is not None, "an experiment that pretrains states how"
    return experiment.pretraining, {}


def processes(run: Run, part: str) -> int:
    """How many train together, each on a GPU of its own where there are GPUs."""
    found = trained(run, part)
    return found[0].processes if found else 1


def training(run: Run, part: str) -> float:
    """Operations of a part's training for each parameter: six a token."""
    found = trained(run, part)
    if found is None:
        return 0.0
    settings, limits = found
    size, unit = settings.batch
    held = {name: rows(run.experiment).get(name, ROWS) for name in limits}
    read = {name: min(number, limits[name] or number) for name, number in held.items()}
    if not read:  # at most: every language counts as if it had as much text as English
        languages = len(run.experiment.languages or ()) or LANGUAGES
        read = {"": int(run.experiment.source.get("text_lines", LINES)) * languages}
    total = sum(number * tokens(name) for name, number in read.items())
    if settings.steps is not None:
        return 6.0 * settings.steps * (size if unit == "tokens" else size * total / sum(read.values()))
    return 6.0 * (settings.epochs or 1) * total


def reading(run: Run, part: str) -> float:
    """Operations of a part's evaluation for each parameter: two a token."""
    experiment, total = run.experiment, 0
    for name in () if part == ENCODER else run.tasks(part):
        row, split = task(name), experiment.evaluation.split_of(name)
        for code in experiment.languages or row.languages:
            total += tokens(name) * (experiment.evaluation.examples or row.size(split, code) or EVALUATED)
    return 2.0 * total


def tokens(name: str) -> int:
    """Of an example of that task, about."""
    row = TASKS.get(name)
    real = row is not None and row.sources != ("miniature",)
    return TOKENS.get(row.format, TOKENS_ELSEWHERE) if row and real else TOKENS_ELSEWHERE


def rows(experiment: Experiment) -> dict[str, int]:
    """The rows of training sets, by task, as far as the generated world or the publishers say."""
    if experiment.source["kind"] == "miniature":
        from ..sources.miniature.settings import TRAIN

        return {**TRAIN, **experiment.source.get("train", {})}
    return {name: row.sizes["train"] for name, row in TASKS.items() if "train" in row.sizes}


def shape_of(experiment: Experiment) -> Shape:
    """Of the experiment's encoder; UserError where it is neither stated, nor in the table, nor to be read."""
    return experiment.once("shape", lambda: _shape_of(experiment))


def _shape_of(experiment: Experiment) -> Shape:
    model = experiment.model
    found = dict(shapes.known(model.architecture, model.path or model.package))
    if not found.keys() >= {"hidden_size", "num_hidden_layers", "intermediate_size"}:
        from transformers import AutoConfig  # takes seconds

        try:
            stated = {"pretrained_model_name_or_path": model.path, "revision": model.revision}
            config = AutoConfig.for_model(**found) if found else AutoConfig.from_pretrained(**stated)
        except (OSError, ValueError):
            known = nearest(str(model.path).rpartition("/")[2], shapes.PUBLISHED)
            said = f"The shape of {model.path} is not in the table and could not be read: {known}"
            raise UserError(said) from None
        found = {name: getattr(config, name, None) for name in SHAPING}
    if model.architecture is not None:
        found["vocab_size"] = model.vocabulary or model.architecture.get("vocab_size") or _pieces(experiment)
    return Shape.of({**found, "num_hidden_layers": model.layers or found["num_hidden_layers"]})


def _pieces(experiment: Experiment) -> int:
    """Of its source's tokenizer."""
    if experiment.source["kind"] != "miniature":
        return shapes.PIECES
    from ..sources import open_source

    tokenizer = open_source(experiment.source).tokenizer()
    return shapes.PIECES if tokenizer is None else len(tokenizer)


# All of it together.


def core_rate(shape: Shape) -> float:
    """Useful operations a second of a core that trains such an encoder."""
    return CORE.rate * max(1.0, shape.width / CORE_WIDTH)


def seconds(run: Run, part: str, device: Device) -> float:
    """What a part takes, by as many GPUs as its training has processes, or by a core, which they share."""
    shape = shape_of(run.experiment)
    rate = (core_rate(shape) if device is CORE else device.rate) / shape.matrices
    at_once = 1 if device is CORE else processes(run, part)
    return KERNEL_SECONDS + reading(run, part) / rate + training(run, part) / rate / at_once


@dataclass(frozen=True)
class Need:
    """What one part asks for: pretraining or an intermediate phase, a target, retrieval."""

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
    runs: int = 1
    """How often it is done: once a seed."""


def need(run: Run, part: str, device: Device) -> Need:
    """What a part asks of GPUs of this kind, with one seed."""
    shape, room = shape_of(run.experiment), device.memory * 1e9
    memory, words, time = 0.0, "", seconds(run, part, device)
    if part != ENCODER:
        # What is evaluated stands whole on one GPU, whatever it was spread over before.
        kept = shape.activations(run.experiment.evaluation.tokens_per_batch, True)
        memory = 4.0 * shape.parameters + 2.0 * shape.matrices + kept + OVERHEAD
        words = "" if memory <= room else "too large to be evaluated"
    found = trained(run, part)
    if found is None:
        return Need(memory, time, words)
    settings, names = found[0], tuple(found[1])
    longest, masked = longest_update(settings, names), not names or "text" in {task(n).format for n in names}
    trains = shape.memory(settings, longest, masked)
    if trains >= memory:
        memory, words = trains, "" if trains <= room else advice(shape, settings, longest, masked, room)
    # The oldest checkpoint goes when the newest is whole; weights go to several processes, and come back.
    beside = 12.0 * shape.moving(settings) * (KEPT + 1)
    beside += 8.0 * shape.parameters if settings.processes > 1 else 0.0
    kept = 4.0 * shape.parameters if part == ENCODER else 0.0
    return Need(memory, time, words, settings.processes, kept, beside)
