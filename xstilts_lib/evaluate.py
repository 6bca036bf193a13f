"""From an encoder and a head to prediction files, in the layout that XTREME's own evaluation reads.

>>> predictions = predict(model, heads["mini_xnli"], rows, FORMATS["pair"], tokenizer, task.labels, settings)
>>> write_predictions("mini_xnli", "qaa", rows, predictions, "runs/example/predictions")
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from . import devices, encoder
from .batches import by_length, collate
from .checkpoint import atomic_write
from .errors import UserError
from .formats import FORMATS, Batch, Feature, Format
from .formats.base import columns, pool
from .settings import TrainSettings
from .tasks import TASKS

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CHUNK = 4096  # rows that are encoded and predicted together: enough to sort by length, little to hold
TOKENS = 4096  # of a batch

# How a label is written where XTREME's files do not hold its name.
_AS_NUMBER = {"pawsx", "qqp"}


@torch.inference_mode()
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
    for start in range(0, len(rows), CHUNK):
        chunk = rows.select(range(start, min(start + CHUNK, len(rows))))[:]
        features = form.encode(chunk, tokenizer, labels, settings.max_length)
        features = form.draw(features, settings, (0, 4, start))
        found: list[Any] = [None] * len(features)
        with _reading(model, head, settings.precision):
            for order, batch in _batches(features, form, model, tokens_per_batch):
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
) -> dict[str, list[Any]]:
    """`predict` for all languages of a task in one pass: batches of one length are fuller."""
    from datasets import concatenate_datasets

    together = concatenate_datasets([part.select_columns(list(form.columns)) for part in rows.values()])
    predictions = predict(model, head, together, form, tokenizer, labels, settings, tokens_per_batch)
    result, start = {}, 0
    for language, part in rows.items():
        result[language] = predictions[start : start + len(part)]
        start += len(part)
    return result


@contextmanager
def _reading(model: PreTrainedModel, head: nn.Module | None, precision: str) -> Iterator[None]:
    """Model and head on the device, without dropout and gradients, in the precision asked for."""
    device = devices.device()
    for module in (model, head):
        if module is not None:
            module.to(device).eval()
    lower = devices.bf16(precision, model.config.hidden_size)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=lower):
        yield


def _batches(
    features: Sequence[Feature], form: Format, model: PreTrainedModel, tokens: int
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Batches on the model's device, each with the places of its features."""
    for order in by_length(features, tokens):
        batch = collate([features[place] for place in order], form, model.config.pad_token_id)
        yield order, batch.to(model.device)


def embed(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[str],
    layer: int | None = None,
    pooling: str = "mean",
    tokens_per_batch: int = TOKENS,
    max_length: int = 512,
    precision: str = "auto",
) -> np.ndarray:
    """Embeddings of sentences, float32 (sentences, width): the mean of `layer`'s states over all tokens,
    `<s>` and `</s>` among them (jiant's retrieval, which takes layer 14 of XLM-R Large's 24; 0 = the
    embeddings).

    `pooling="first"` takes the first token, `"words"` the mean without the special tokens. The layers above
    `layer` are not computed.
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
    max_length: int = 512,
    precision: str = "auto",
) -> np.ndarray:
    """Embeddings at several layers from one pass each batch: float32 (layers, sentences, width)."""
    if pooling not in ("mean", "first", "words"):
        raise UserError(f"There is no pooling {pooling!r}: give mean, first or words.")
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


def write_predictions(
    task: str, language: str, rows: Dataset, predictions: Sequence[Any], directory: Path | str
) -> Path:
    """`{directory}/{task}/test-{language}.{tsv,json,jsonl}`, as XTREME wants it submitted; returns the path.

    Predictions are what `predict` gives; of retrieval the index of the sentence found for each English
    sentence; of mining pairs (source id, target id).
    """
    form = TASKS[task].format
    if form == "span":
        ids = columns(rows, ("id",))["id"]
        answers = dict(zip(ids, predictions, strict=True))
        return _write(
            task, language, "json", json.dumps(answers, ensure_ascii=False, indent=1) + "\n", directory
        )
    if form != "bitext" and len(predictions) != len(rows):
        raise UserError(f"{task}, {language}: {len(predictions)} predictions for {len(rows)} rows.")
    return _write_lines(task, language, predictions, directory)


def write_labels(task: str, language: str, rows: Dataset, directory: Path | str) -> Path:
    """The gold file that belongs to `write_predictions`, in the same layout."""
    form = TASKS[task].format
    if form == "span":
        return _write(task, language, "json", json.dumps(_squad(rows), ensure_ascii=False) + "\n", directory)
    if form == "pair":
        names = TASKS[task].labels
        gold: list[Any] = [names[label] for label in columns(rows, ("label",))["label"]]
    elif form == "choice":
        gold = columns(rows, ("label",))["label"]
    elif form == "tags":
        gold = columns(rows, ("tags",))["tags"]
    elif TASKS[task].metric == "bucc":
        gold = sorted((a, b) for a, b, side in _mates(rows) if side == "source" and b)
    else:
        sources = [name for name, _, side in _mates(rows) if side == "source"]
        place = {name: index for index, name in enumerate(sources)}
        gold = [place[mate] for _, mate, side in _mates(rows) if side == "target"]
    return _write_lines(task, language, gold, directory)


def _mates(rows: Dataset) -> list[tuple[str, str, str]]:
    data = columns(rows, ("id", "mate", "side"))
    return list(zip(data["id"], data["mate"], data["side"], strict=True))


def _write_lines(task: str, language: str, values: Sequence[Any], directory: Path | str) -> Path:
    row = TASKS[task]
    if row.format == "choice":
        lines = [json.dumps({"idx": index, "label": int(value)}) for index, value in enumerate(values)]
        return _write(task, language, "jsonl", "\n".join(lines) + "\n", directory)
    if row.format == "tags":
        return _write(
            task,
            language,
            "tsv",
            "\n".join("".join(f"{tag}\n" for tag in tags) for tags in values),
            directory,
        )
    if row.format == "pair" and row.counterpart in _AS_NUMBER:
        lines = [str(row.labels.index(value)) for value in values]
    elif row.format == "bitext" and row.metric == "bucc":
        lines = [f"{source}\t{target}" for source, target in values]
    else:
        lines = [str(value) for value in values]
    return _write(task, language, "tsv", "\n".join(lines) + "\n", directory)


def _write(task: str, language: str, suffix: str, text: str, directory: Path | str) -> Path:
    return atomic_write(Path(directory) / task / f"test-{language}.{suffix}", text)


def _squad(rows: Dataset) -> dict[str, Any]:
    """Rows as SQuAD's JSON: a paragraph per context, in the order of the rows."""
    paragraphs: dict[str, list[dict[str, Any]]] = {}
    data = columns(rows, ("id", "context", "question", "answers"))
    for identity, context, question, answers in zip(*data.values(), strict=True):
        gold = [
            {"text": text, "answer_start": start}
            for text, start in zip(answers["text"], answers["start"], strict=True)
        ]
        paragraphs.setdefault(context, []).append({"id": identity, "question": question, "answers": gold})
    listed = [{"context": context, "qas": questions} for context, questions in paragraphs.items()]
    return {"version": "1.1", "data": [{"title": "", "paragraphs": listed}]}
