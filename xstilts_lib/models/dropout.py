"""An encoder's dropout, and that of its attention weights, wherever an architecture keeps them.

>>> with dropouts(model, dropout=0.0, attention_dropout=None):                             # doctest: +SKIP
...     attention_dropout(model)
0.1
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


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
