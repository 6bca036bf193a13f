"""From an encoder and a head to predictions, and from an encoder alone to embeddings.

>>> reader = Reader(model, heads["mini_xnli"], FORMATS["pair"], tokenizer, task.labels, settings)
>>> write_predictions("mini_xnli", "qaa", rows, reader.predict(rows), "runs/example/predictions")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
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
from ..models import attention, devices, encoder
from ..sources.rows import COLUMNS
from ..tasks.settings import TrainSettings
from .submission import write_labels, write_predictions

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CHUNK = 4096  # rows that are encoded and predicted together: enough to sort by length, little to hold
TOKENS = 4096  # of a batch
LONGEST = 512  # tokens of a sentence that is embedded

__all__ = ["Reader", "embed", "write_labels", "write_predictions"]


@dataclass(frozen=True)
class Reader:
    """A trained encoder and the head of one task, and how rows are put before them."""

    model: PreTrainedModel
    head: nn.Module
    form: Format
    tokenizer: PreTrainedTokenizerFast
    labels: Sequence[str]
    settings: TrainSettings
    tokens_per_batch: int = TOKENS

    def predict(self, rows: Dataset) -> list[Any]:
        """One decoded prediction per row (see the format's `decode`); beside those, memory does not grow
        with the number of rows."""
        return [prediction for _, part in self._chunks(rows) for prediction in part]

    def predict_languages(self, rows: Mapping[str, Dataset]) -> dict[str, Any]:
        """`predict` for all languages of a task in one pass: batches of one length are fuller.

        Of a ranking task, {query id: ids of the 20 best candidates} for each language: the candidates of all
        languages are one pool, and one that several of them list counts once.
        """
        from datasets import concatenate_datasets

        if self.form.name == "ranking":
            return self._rankings(rows)
        parts = [part.select_columns(list(COLUMNS[self.form.name])) for part in rows.values()]
        predictions = iter(self.predict(concatenate_datasets(parts)))
        return {language: list(islice(predictions, len(part))) for language, part in rows.items()}

    def _rankings(self, rows: Mapping[str, Dataset]) -> dict[str, dict[str, list[str]]]:
        from datasets import concatenate_datasets

        names: dict[str, None] = {}
        queries, candidates = {}, []
        for language, part in rows.items():
            sides, ids = part["side"][:], part["id"][:]
            queries[language] = part.select([row for row, side in enumerate(sides) if side == "query"])
            fresh = [row for row, side in enumerate(sides) if side != "query" and ids[row] not in names]
            names.update(dict.fromkeys(ids[row] for row in fresh))
            candidates.append(part.select(fresh))
        ids, index = list(names), self.vectors(concatenate_datasets(candidates))
        ranked = {language: mining.rank(self.vectors(part), index) for language, part in queries.items()}
        return {
            language: {
                query: [ids[place] for place in best]
                for query, best in zip(part["id"][:], ranked[language].tolist(), strict=True)
            }
            for language, part in queries.items()
        }

    def vectors(self, rows: Dataset) -> np.ndarray:
        """Of queries or candidates of a ranking task, float32 (rows, width), of length 1."""
        result = np.empty((len(rows), self.model.config.hidden_size), dtype=np.float32)
        for start, part in self._chunks(rows):
            result[start : start + len(part)] = part
        return result

    def _chunks(self, rows: Dataset) -> Iterator[tuple[int, list[Any]]]:
        """The predictions of a chunk of the rows, and where it begins."""
        model, form, settings = self.model, self.form, self.settings
        half = devices.bf16(settings.precision, model.config.hidden_size)
        joined = attention.joins(model, settings.layout, devices.device(), half, dropout=0.0)
        for start in range(0, len(rows), CHUNK):
            chunk = rows.select(range(start, min(start + CHUNK, len(rows))))[:]
            features = form.to_predict(chunk, self.tokenizer, self.labels, settings, (0, 4, start))
            found: list[Any] = [None] * len(features)
            with _reading(model, self.head, settings.precision):
                for order, batch in _batches(features, form, model, self.tokens_per_batch, joined):
                    predictions = form.predict(self.head, encoder.hidden_states(model, batch), batch)
                    for place, prediction in zip(order, predictions, strict=True):
                        found[place] = prediction
            yield start, form.decode(chunk, features, found, self.labels)


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
    layer: int | Sequence[int] | None = None,
    pooling: str = "mean",
    tokens_per_batch: int = TOKENS,
    max_length: int | None = None,
    precision: str = "auto",
) -> np.ndarray:
    """Embeddings of sentences, float32 (sentences, width): the mean of `layer`'s states over all tokens,
    `<s>` and `</s>` among them (jiant's retrieval, which takes layer 14 of XLM-R Large's 24; 0 = the
    embeddings, None = the last). Of several layers, from one pass: (layers, sentences, width).

    `pooling="first"` takes the first token, `"words"` the mean without the special tokens. The layers above
    those are not computed. Sentences are cut to `max_length` tokens; None: to 512, or the fewer that the
    model has positions for.
    """
    if pooling not in ("mean", "first", "words"):
        raise UserError(f"There is no pooling {pooling!r}: give mean, first or words.")
    if max_length is None:
        max_length = min(LONGEST, shapes.longest(model.config.to_dict()) or LONGEST)
    if layer is None:
        layer = model.config.num_hidden_layers
    layers = (layer,) if isinstance(layer, int) else layer
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
    return result[0] if isinstance(layer, int) else result


def _words(hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean over the tokens between the first and the last one; of all where nothing stands between them."""
    lengths = torch.from_numpy(batch.lengths).to(hidden.device)[:, None]
    grid = torch.arange(hidden.shape[1], device=hidden.device)[None]
    inside = (grid > 0) & (grid < lengths - 1) | (lengths <= 2) & (grid < lengths)
    weights = inside / inside.sum(dim=1, keepdim=True)
    return torch.bmm(weights.float().unsqueeze(1), hidden.float()).squeeze(1)
