"""The loop: any mixture of tasks on one encoder, from the first update to the last.

One update reads one batch of one task. Its loss is the sum over the valid items of the whole batch, divided
by their number; however many parts or processes the batch is computed in, the gradient is the same.
Whatever is random about an update follows from (seed, update), so a run stopped anywhere goes on to the
same parameters, bit for bit.

>>> rows = source.load("mini_mnli", "train")
>>> ingredient = Ingredient.read(task("mini_mnli"), rows, tokenizer, settings)
>>> heads, history = train(model, [ingredient], settings, seed=0, directory="runs/example")
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..common.errors import UserError
from ..common.progress import Progress
from ..formats import FORMATS, Batch, Feature, Format
from ..formats.batches import Mixture, Stream, collate, divide
from ..models import attention, devices, encoder, sharding, trainable
from ..sources import samples
from ..tasks.settings import PretrainSettings, TrainSettings
from . import launch
from .state import History, State, fingerprint

if TYPE_CHECKING:
    from accelerate import Accelerator
    from accelerate.optimizer import AcceleratedOptimizer
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..tasks import Task


@dataclass
class Ingredient:
    """One task of a phase: its name, its encoded training examples, and the head that they train."""

    name: str
    features: Sequence[Feature]
    labels: Sequence[str]
    format: Format
    head: str = ""
    """Ingredients that name the same head share it; by default each has its own."""
    share: float | None = None
    """Share of the updates, in place of what the settings' `sampling` gives; for all ingredients or for
    none."""

    def __post_init__(self) -> None:
        self.head = self.head or self.name
        if not self.features:
            raise UserError(f"The training set of {self.name} is empty.")

    @classmethod
    def read(
        cls,
        task: Task,
        rows: Dataset,
        tokenizer: PreTrainedTokenizerFast,
        settings: TrainSettings,
        labels: Sequence[str] | None = None,
        head: str = "",
        seed: int = 0,
    ) -> Ingredient:
        """The ingredient for `task`, its rows encoded, or `settings.examples` of them drawn from the run's
        `seed`; `labels` where the table of tasks does not list them."""
        form = FORMATS[task.format]
        labels = task.labels if labels is None else labels
        if settings.examples is not None:
            rows = samples.drawn(rows, task, settings.examples, seed)
        features = form.encode(rows, tokenizer, labels, settings.max_length)
        return cls(task.name, features, labels, form, head)


class Learner(nn.Module):
    """The encoder and the heads of a phase, as one module."""

    def __init__(self, model: PreTrainedModel, heads: nn.ModuleDict) -> None:
        super().__init__()
        self.encoder = model
        self.heads = heads

    def forward(self, head: str, form: Format, batch: Batch) -> Tensor:
        """Sum of the loss over the batch's valid items, a float32 scalar."""
        total, _ = form.loss(self.heads[head], encoder.hidden_states(self.encoder, batch), batch)
        return total


def train(
    model: PreTrainedModel,
    ingredients: Sequence[Ingredient],
    settings: TrainSettings,
    seed: int,
    directory: Path | str,
    progress: Progress | None = None,
) -> tuple[nn.ModuleDict, History]:
    """Train `model` in place; returns its fresh heads by task, and the history.

    Checkpoints go to `directory/checkpoint`, and stay there until what the
    training leads to is safe (runs.Run.finish). A run that learns nothing is
    marked in the history, and no error: dropping it would flatter the results.
    With `settings.processes` this function runs in as many processes, each of
    which computes a part of every update.
    """
    every = (feature for task in ingredients for feature in task.features)
    encoder.check_length(model, every)
    given = (model, ingredients, settings, seed, directory, progress)
    if settings.processes > 1 and not devices.launched():
        return launch.train(*given)
    with prepare(*given) as run:
        accelerator, state = run.accelerator, run.state
        for step in range(state.step, state.total):
            # 1. A task, and a batch of it; of masked words, which to mask.
            which, features = run.mixture.draw(step)
            task = ingredients[which]
            features = task.format.draw(features, settings, (seed, 2, step))

            # 2. The gradient of (sum of the loss) / (number of items), in
            #    parts: as many as fit into memory one after the other, on as
            #    many processes as there are. The number is the whole batch's
            #    from the start, because means of parts, averaged, are another
            #    loss wherever the parts hold unequal numbers of items.
            items = max(1, sum(map(task.format.items, features)))
            parts = own_parts(features, settings.accumulation, accelerator)
            devices.reseed(seed, step, accelerator)
            loss = torch.zeros((), device=accelerator.device)
            for index, (part, factor) in enumerate(parts):
                # Processes add up their gradients after the last part; after
                # each, where none of them has room for a whole gradient.
                alone = index + 1 < len(parts) and not settings.shard
                apart = accelerator.no_sync(run.wrapped)
                with apart if alone else nullcontext():
                    pad = model.config.pad_token_id
                    batch = collate(part, task.format, pad, run.joined)
                    batch = batch.to(accelerator.device)
                    with accelerator.autocast():
                        share = run.wrapped(task.head, task.format, batch)
                        share = share * (factor / items)
                    accelerator.backward(share)
                    loss += share.detach()

            # 3. One step of AdamW along it, at this update's learning rate.
            if settings.clip:
                weights = run.learner.parameters()
                nn.utils.clip_grad_norm_(weights, settings.clip)
            rate = schedule(step, state.total, settings.warmup)
            for group in run.optimizer.param_groups:
                group["lr"] = settings.learning_rate * rate
            run.stepper.step()
            run.stepper.zero_grad(set_to_none=True)

            # 4. What to remember, without waiting for the device; on disk
            #    only every so often. The mean over the processes, whose parts
            #    carry their number as a factor, is the loss of the whole batch.
            loss = accelerator.reduce(loss, reduction="mean")
            state.note(which, loss, sum(feature.tokens for feature in features))
            run.progress.update(step + 1, loss, state.history.tokens)
            due = state.due(settings.checkpoint_every)
            if settings.shard:
                due = sharding.agreed(due, accelerator)
            if due:
                state.save()
    heads = {task.name: run.whole.heads[task.head] for task in ingredients}
    return nn.ModuleDict(heads), state.history


@dataclass(frozen=True)
class Prepared:
    """What the updates of a phase work on."""

    accelerator: Accelerator
    mixture: Mixture
    whole: Learner
    learner: nn.Module
    """What is trained: `whole`, or its copy that is spread over the processes."""
    wrapped: nn.Module
    """The same, as it is called."""
    optimizer: torch.optim.AdamW
    stepper: AcceleratedOptimizer
    """The same, as it steps."""
    state: State
    joined: bool
    """Whether the sequences of a batch stand one after another in a single row."""
    progress: Progress


@contextmanager
def prepare(
    model: PreTrainedModel,
    ingredients: Sequence[Ingredient],
    settings: TrainSettings,
    seed: int,
    directory: Path | str,
    progress: Progress | None,
) -> Iterator[Prepared]:
    """A phase before its first update, or after the last that a checkpoint holds. When the block ends, what
    was trained stands in `model` and in the heads, and the run is judged."""
    width, layer = model.config.hidden_size, sharding.layer(model) if settings.shard else None
    accelerator = devices.accelerator(settings.precision, width, len(ingredients) > 1, layer)
    mixture = mix(ingredients, settings, seed)
    total = settings.steps or math.ceil(settings.epochs * sum(stream.per_epoch for stream in mixture.streams))
    decay = math.prod(
        1 - settings.weight_decay * settings.learning_rate * schedule(step, total, settings.warmup)
        for step in range(total)
    )
    reads = read(ingredients)
    with devices.own_randomness(), trainable.trained_as(model, settings, reads, seed, decay):
        whole = Learner(model, fresh_heads(model, ingredients, settings, seed))
        marks = fingerprint(ingredients, settings, seed, whole, accelerator.mixed_precision)
        learner = sharding.spreadable(whole) if settings.shard else whole.to(accelerator.device)
        optimizer = adamw(learner, settings)
        wrapped, stepper = accelerator.prepare(learner, optimizer)
        names = [task.name for task in ingredients]
        state = State(directory, learner, optimizer, mixture, names, total, marks, accelerator)
        state.resume()
        half, on_weights = accelerator.mixed_precision == "bf16", trainable.attention_dropout(model)
        joined = attention.joins(model, settings.layout, accelerator.device, half, on_weights)
        if progress is None or not accelerator.is_main_process:
            progress = Progress(None, printing=accelerator.is_main_process)
        progress.begin(total, state.step, state.history.tokens)
        learner.train()
        yield Prepared(
            accelerator, mixture, whole, learner, wrapped, optimizer, stepper, state, joined, progress
        )
        if settings.shard:
            sharding.gather(learner, whole, accelerator)
        whole.eval()
        state.finish({task.name: task.format.chance(task.features) for task in ingredients})


def pretrain(
    model: PreTrainedModel,
    features: Sequence[Feature],
    settings: PretrainSettings,
    seed: int,
    directory: Path | str,
    progress: Progress | None = None,
) -> tuple[nn.ModuleDict, History]:
    """Masked language modelling on `features` of the `text` format, by the same loop.

    Rows with a translation are a task of their own, which shares the head and has
    `settings.translation_share` of the updates.
    """
    groups = {
        "masked words": [feature for feature in features if not feature.paired],
        "masked translations": [feature for feature in features if feature.paired],
    }
    shares: dict[str, float | None] = dict.fromkeys(groups)
    if settings.translation_share is not None and all(groups.values()):
        shares = dict(zip(groups, (1 - settings.translation_share, settings.translation_share), strict=True))
    ingredients = [
        Ingredient(name, members, (), FORMATS["text"], head="words", share=shares[name])
        for name, members in groups.items()
        if members and shares[name] != 0
    ]
    return train(model, ingredients, settings, seed, directory, progress)


def schedule(step: int, total: int, warmup: float) -> float:
    """Factor of the learning rate at update `step`: up over the share `warmup`, then down to 0, on straight
    lines."""
    rising = round(warmup * total)
    if step < rising:
        return (step + 1) / rising
    return (total - step) / (total - rising)


def read(ingredients: Sequence[Ingredient]) -> list[Feature] | None:
    """All that a phase reads; None where masked words are replaced by any piece of the vocabulary."""
    if any(task.format.name == "text" for task in ingredients):
        return None
    return [feature for task in ingredients for feature in task.features]


def fresh_heads(
    model: PreTrainedModel, ingredients: Sequence[Ingredient], settings: TrainSettings, seed: int
) -> nn.ModuleDict:
    """A new head for each name of head among the ingredients, from `seed`."""
    heads = nn.ModuleDict()
    with devices.own_randomness():
        torch.manual_seed(seed)
        for task in ingredients:
            if task.head in heads:
                continue
            head = task.format.head(model.config.hidden_size, task.labels, settings, model)
            if head is None:
                raise UserError(f"{task.name} has nothing to train: its format is {task.format.name}.")
            heads[task.head] = head
    return heads


def adamw(learner: Learner, settings: TrainSettings) -> torch.optim.AdamW:
    """AdamW, without decay on biases and norms: the parameters of one dimension."""
    parameters = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=settings.learning_rate, betas=(0.9, settings.beta2), eps=settings.epsilon, fused=True
    )


def mix(ingredients: Sequence[Ingredient], settings: TrainSettings, seed: int) -> Mixture:
    """The tasks' batches, drawn as `settings.sampling` says; a task's size is the updates of its epoch."""
    size, unit = settings.batch
    streams = [Stream(task.features, size, unit, seed, task.name) for task in ingredients]
    sizes = np.array([stream.per_epoch for stream in streams], dtype=np.float64)
    if all(task.share is not None for task in ingredients):
        weights = np.array([task.share for task in ingredients], dtype=np.float64)
    elif settings.sampling == "uniform":
        weights = np.ones(len(streams))
    elif settings.sampling == "temperature":
        weights = sizes ** (1 / settings.temperature)
    elif settings.sampling == "capped":
        examples = np.array([task.features[-1].row + 1 for task in ingredients])
        weights = sizes * np.minimum(1, settings.cap / examples)
    else:
        weights = sizes
    return Mixture(streams, weights, seed)


def own_parts(
    features: Sequence[Feature], accumulation: int, accelerator: Accelerator
) -> list[tuple[Sequence[Feature], float]]:
    """This process's parts of a batch, each with the factor of its loss.

    Processes average their gradients, and the factor makes that a sum again. A process left without a part
    reads one example with the factor 0, because the others wait for its gradient.
    """
    processes = accelerator.num_processes
    parts: list[Any] = divide(features, accumulation * processes)
    mine = [(part, float(processes)) for part in parts[accelerator.process_index :: processes]]
    rounds = math.ceil(len(parts) / processes)
    return mine + [(features[:1], 0.0)] * (rounds - len(mine))
