"""From an encoder and a head to predictions, and from an encoder alone to embeddings.

>>> predictions = predict(model, heads["mini_xnli"], rows, FORMATS["pair"], tokenizer, task.labels, settings)
>>> write_predictions("mini_xnli", "qaa", rows, predictions, "runs/example/predictions")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from .. import mining
from ..common import shapes
from ..common.errors import UserError
from ..formats import FORMATS, Batch, Feature, Format
from ..formats.base import pool
from ..formats.batches import by_length, collate
from ..formats.ranking import RankingFormat
from ..models import attention, devices, encoder
from ..tasks.settings import TrainSettings
from .submission import write_labels, write_predictions

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CHUNK = 4096  # rows that are encoded and predicted together: enough to sort by length, little to hold
TOKENS = 4096  # of a batch
LONGEST = 512  # tokens of a sentence that is embedded

__all__ = [
    "embed",
    "embed_layers",
    "predict",
    "predict_languages",
    "write_labels",
    "write_predictions",
]


def predict(
    model: PreTrainedModel,
    head: nn.Module,
    rows: Dataset,
    form: Format,
    tokenizer: PreTrainedTokenizerFast,
    labels: Sequence[str],
    settings: TrainSettings,
    tokens_per_batch: int = TOKENS,
) -> list[Any]:
    """One decoded prediction per row (see the format's `decode`); memory does not grow with the number of
    rows."""
    predictions: list[Any] = []
    joined = _joins(model, settings)
    for start in range(0, len(rows), CHUNK):
        chunk = rows.select(range(start, min(start + CHUNK, len(rows))))[:]
        features = form.encode(chunk, tokenizer, labels, settings.max_length)
        features = form.draw(features, settings, (0, 4, start))
        found: list[Any] = [None] * len(features)
        with _reading(model, head, settings.precision):
            for order, batch in _batches(features, form, model, tokens_per_batch, joined):
                hidden = encoder.hidden_states(model, batch)
                for place, prediction in zip(order, form.predict(head, hidden, batch), strict=True):
                    found[place] = prediction
        predictions += form.decode(chunk, features, found, labels)
    return predictions


def predict_languages(
    model: PreTrainedModel,
    head: nn.Module,
    rows: Mapping[str, Dataset],
    form: Format,
    tokenizer: PreTrainedTokenizerFast,
    labels: Sequence[str],
    settings: TrainSettings,
    tokens_per_batch: int = TOKENS,
) -> dict[str, Any]:
    """`predict` for all languages of a task in one pass: batches of one length are fuller.

    Of a ranking task, {query id: ids of the 20 best candidates} for each language: the candidates of all
    languages are one pool.
    """
    from datasets import concatenate_datasets

    if isinstance(form, RankingFormat):
        return _rank(model, head, rows, form, tokenizer, settings, tokens_per_batch)
    together = concatenate_datasets([part.select_columns(list(form.columns)) for part in rows.values()])
    predictions = predict(model, head, together, form, tokenizer, labels, settings, tokens_per_batch)
    result, start = {}, 0
    for language, part in rows.items():
        result[language] = predictions[start : start + len(part)]
        start += len(part)
    return result


def _rank(
    model: PreTrainedModel,
    head: nn.Module,
    rows: Mapping[str, Dataset],
    form: RankingFormat,
    tokenizer: PreTrainedTokenizerFast,
    settings: TrainSettings,
    tokens_per_batch: int,
) -> dict[str, dict[str, list[str]]]:
    """{language: {query id: candidate ids, best first}}; a candidate that several languages list counts
    once."""
    from datasets import concatenate_datasets

    def vectors(part: Dataset) -> np.ndarray:
        return _vectors(model, head, part, form, tokenizer, settings, tokens_per_batch)

    names: dict[str, None] = {}
    queries, pool = {}, []
    for language, part in rows.items():
        sides, ids = part["side"][:], part["id"][:]
        queries[language] = part.select([row for row, side in enumerate(sides) if side == "query"])
        fresh = [row for row, side in enumerate(sides) if side != "query" and ids[row] not in names]
        names.update(dict.fromkeys(ids[row] for row in fresh))
        pool.append(part.select(fresh))
    candidates, ids = vectors(concatenate_datasets(pool)), list(names)
    return {
        language: mining.rankings(part["id"][:], ids, mining.rank(vectors(part), candidates))
        for language, part in queries.items()
    }


def _vectors(
    model: PreTrainedModel,
    head: nn.Module,
    rows: Dataset,
    form: RankingFormat,
    tokenizer: PreTrainedTokenizerFast,
    settings: TrainSettings,
    tokens_per_batch: int,
) -> np.ndarray:
    """Of queries or candidates, float32 (rows, width), of length 1."""
    result = np.empty((len(rows), model.config.hidden_size), dtype=np.float32)
    joined = _joins(model, settings)
    for start in range(0, len(rows), CHUNK):
        chunk = rows.select(range(start, min(start + CHUNK, len(rows))))[:]
        features = form.encode_sides(chunk, tokenizer, settings.max_length)
        with _reading(model, head, settings.precision):
            for order, batch in _batches(features, form, model, tokens_per_batch, joined):
                result[start + order] = form.predict(head, encoder.hidden_states(model, batch), batch)
    return result


def _joins(model: PreTrainedModel, settings: TrainSettings) -> bool:
    """Whether the sequences of a batch are read one after another, without padding."""
    half = devices.bf16(settings.precision, model.config.hidden_size)
    return attention.joins(model, settings.layout, devices.device(), half, dropout=0.0)


@contextmanager
def _reading(model: PreTrainedModel, head: nn.Module | None, precision: str) -> Iterator[None]:
    """Model and head on the device, without dropout and gradients, in the precision asked for.

    They are moved before inference mode begins: what is moved within could never be trained again.
    """
    device = devices.device()
    for module in (model, head):
        if module is not None:
            module.to(device).eval()
    lower = devices.bf16(precision, model.config.hidden_size)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=lower):
        yield


def _batches(
    features: Sequence[Feature], form: Format, model: PreTrainedModel, tokens: int, joined: bool = False
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Batches on the model's device, each with the places of its features."""
    encoder.check_length(model, features)
    for order in by_length(features, tokens):
        batch = collate([features[place] for place in order], form, model.config.pad_token_id, joined)
        yield order, batch.to(model.device)


def embed(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[str],
    layer: int | None = None,
    pooling: str = "mean",
    tokens_per_batch: int = TOKENS,
    max_length: int | None = None,
    precision: str = "auto",
) -> np.ndarray:
    """Embeddings of sentences, float32 (sentences, width): the mean of `layer`'s states over all tokens,
    `<s>` and `</s>` among them (jiant's retrieval, which takes layer 14 of XLM-R Large's 24; 0 = the
    embeddings).

    `pooling="first"` takes the first token, `"words"` the mean without the special tokens. The layers above
    `layer` are not computed. Sentences are cut to `max_length` tokens; None: to 512, or the fewer that the
    model has positions for.
    """
    layers = (model.config.num_hidden_layers if layer is None else layer,)
    return embed_layers(
        model, tokenizer, sentences, layers, pooling, tokens_per_batch, max_length, precision
    )[0]


def embed_layers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[str],
    layers: Sequence[int],
    pooling: str = "mean",
    tokens_per_batch: int = TOKENS,
    max_length: int | None = None,
    precision: str = "auto",
) -> np.ndarray:
    """Embeddings at several layers from one pass each batch: float32 (layers, sentences, width)."""
    if pooling not in ("mean", "first", "words"):
        raise UserError(f"There is no pooling {pooling!r}: give mean, first or words.")
    if max_length is None:
        max_length = min(LONGEST, shapes.longest(model.config.to_dict()) or LONGEST)
    form = FORMATS["bitext"]
    result = np.empty((len(layers), len(sentences), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(sentences), CHUNK):
        rows = {"sentence": sentences[start : start + CHUNK]}
        features = form.encode(rows, tokenizer, (), max_length)
        with _reading(model, None, precision):
            for order, batch in _batches(features, form, model, tokens_per_batch):
                for index, hidden in enumerate(encoder.several_layers(model, batch, layers)):
                    hidden = hidden.float()
                    vectors = _words(hidden, batch) if pooling == "words" else pool(hidden, batch, pooling)
                    result[index, start + order] = vectors.float().cpu().numpy()
    return result


def _words(hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean over the tokens between the first and the last one; of all where nothing stands between them."""
    lengths = torch.from_numpy(batch.lengths).to(hidden.device)[:, None]
    grid = torch.arange(hidden.shape[1], device=hidden.device)[None]
    inside = (grid > 0) & (grid < lengths - 1) | (lengths <= 2) & (grid < lengths)
    weights = inside / inside.sum(dim=1, keepdim=True)
    return torch.bmm(weights.float().unsqueeze(1), hidden.float()).squeeze(1)
