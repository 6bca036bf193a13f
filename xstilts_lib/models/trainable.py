"""An encoder as a phase trains it: what of it moves, what drops out, what is spared of memory and time.

>>> with trained_as(model, settings, features, seed, decay=0.999):
...     train_somehow(model)
>>> save(model, tokenizer, place)  # a plain encoder again
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ..formats import Feature
    from ..tasks.settings import TrainSettings

MANY_ROWS = 2**15  # of an embedding: below, leaving some out saves nothing


@contextmanager
def trained_as(
    model: PreTrainedModel,
    settings: TrainSettings,
    features: Sequence[Feature] | None,
    seed: int,
    decay: float,
) -> Iterator[None]:
    """The encoder as `settings` have it trained: its dropout, the weights that move, what is computed twice,
    what is compiled. After the block it is a plain one again.

    `features` are all that the training reads, None where it may read any piece of the vocabulary; `decay` is
    the factor that the whole run's weight decay comes to.
    """
    with ExitStack() as stack:
        stack.enter_context(dropouts(model, settings.dropout, settings.attention_dropout))
        if settings.low_rank is not None:
            stack.enter_context(_low_rank(model, settings.low_rank, seed))
        elif features is not None:
            stack.enter_context(_rows_read(model, features, decay))
        if settings.recompute:
            model.activation_checkpointing_enable({"use_reentrant": False})
            stack.callback(model.activation_checkpointing_disable)
        if settings.compile:
            model.compile(dynamic=True)
            stack.callback(setattr, model, "_compiled_call_impl", None)
        yield


@contextmanager
def dropouts(
    model: PreTrainedModel, dropout: float | None, attention_dropout: float | None
) -> Iterator[None]:
    """Set the encoder's dropout, and that of its attention weights, inside the block; None leaves them."""
    on_weights = _on_weights(model)
    mine = {module for module, _ in on_weights}
    others = [(m, "p") for m in model.modules() if isinstance(m, nn.Dropout) and m not in mine]
    changes = [(*place, attention_dropout) for place in on_weights] + [(*place, dropout) for place in others]
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    for module, name, value in changes:
        if value is not None:
            setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in reversed(before):
            setattr(module, name, value)


def _on_weights(model: PreTrainedModel) -> list[tuple[nn.Module, str]]:
    """The modules, each with the attribute's name, that hold the dropout of attention weights."""
    found: list[tuple[nn.Module, str]] = []
    for module in model.modules():
        inner = getattr(module, "dropout", None)
        kind = type(module).__name__
        if "SelfAttention" in kind and isinstance(inner, nn.Dropout):
            found.append((inner, "p"))
        elif "Attention" in kind and isinstance(inner, float):
            found.append((module, "dropout"))
        if isinstance(getattr(module, "attention_dropout", None), float):
            found.append((module, "attention_dropout"))
    return found


def attention_dropout(model: PreTrainedModel) -> float:
    """The share of its attention weights that `model` drops in training, the highest of its layers'."""
    return max((float(getattr(module, name)) for module, name in _on_weights(model)), default=0.0)


@contextmanager
def _low_rank(model: PreTrainedModel, rank: int, seed: int) -> Iterator[None]:
    """Freeze the encoder and give each of its matrices an update of `rank`, from `seed` (Hu et al. 2021,
    LoRA); at the end they are added to it. The scale of 2 is alpha = 2 rank."""
    from peft import LoraConfig, LoraModel

    wanted = {parameter: parameter.requires_grad for parameter in model.parameters()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
        adapted = LoraModel(model, {"default": config}, "default")
    try:
        yield
    finally:
        adapted.merge_and_unload()
        for parameter, flag in wanted.items():
            parameter.requires_grad_(flag)


class _Rows(nn.Module):
    """The rows of an embedding that a training reads, in its place: same ids in, same vectors out."""

    def __init__(self, whole: nn.Embedding, used: np.ndarray) -> None:
        super().__init__()
        self.used = torch.from_numpy(used).to(whole.weight.device)
        self.weight = nn.Parameter(whole.weight.detach()[self.used])
        places = torch.zeros(whole.num_embeddings, dtype=torch.int64, device=whole.weight.device)
        places[self.used] = torch.arange(len(used), device=whole.weight.device)
        self.register_buffer("places", places, persistent=False)
        self.padding = None if whole.padding_idx is None else int(places[whole.padding_idx])

    def forward(self, ids: Tensor) -> Tensor:
        return functional.embedding(self.places[ids], self.weight, self.padding)


@contextmanager
def _rows_read(
    model: PreTrainedModel,
    features: Sequence[Feature],
    decay: float,
) -> Iterator[None]:
    """Leave the rows that no feature names out of the optimizer's way.

    Of XLM-R base's parameters two thirds are the embeddings of 250,002 pieces,
    of which a training set uses some thousands. The gradient of the others is
    zero in every update, so all that AdamW does to them is to decay them, and
    that is made up for at the end: the same numbers, for a fraction of the time
    and memory.
    """
    whole = model.get_input_embeddings()
    plain = type(whole) is nn.Embedding and whole.max_norm is None
    trained = plain and whole.weight.requires_grad
    if not trained or whole.num_embeddings < MANY_ROWS:
        yield
        return
    named = np.zeros(whole.num_embeddings, dtype=bool)
    for number in (model.config.pad_token_id, whole.padding_idx):
        if number is not None:
            named[number] = True
    for feature in features:
        for sequence in feature.sequences:
            named[sequence] = True
    if named.mean() > 0.5:
        yield
        return
    part = _Rows(whole, np.flatnonzero(named))
    model.set_input_embeddings(part)
    try:
        yield
    finally:
        with torch.no_grad():
            whole.to(part.weight.device).weight.mul_(decay)
            whole.weight[part.used.to(part.weight.device)] = part.weight
        model.set_input_embeddings(whole)
