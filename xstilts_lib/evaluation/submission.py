"""Prediction files in the layout of XTREME's leaderboard, and the gold files beside them.

    {folder}/{task}/test-{language}.{tsv,json,jsonl}

>>> write_predictions("xnli", "de", rows, ["neutral", "entailment"], "runs/example/predictions")
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import disk
from ..common.errors import UserError
from ..formats.base import columns
from ..sources.checks import unlabelled
from ..sources.columns import GOLD
from ..tasks import TASKS

if TYPE_CHECKING:
    from datasets import Dataset

# How a label is written where XTREME's files do not hold its name.
_AS_NUMBER = {"pawsx", "qqp"}


def write_predictions(
    task: str, language: str, rows: Dataset, predictions: Any, directory: Path | str
) -> Path:
    """`{directory}/{task}/test-{language}.{tsv,json,jsonl}`, as XTREME wants it submitted; returns the path.

    Predictions are what `predict` gives; of retrieval the index of the sentence found for each English
    sentence; of mining pairs (source id, target id); of a ranking task {query id: candidate ids, best first}.
    """
    form = TASKS[task].format
    if form == "span":
        ids = columns(rows, ("id",))["id"]
        return _write_json(task, language, dict(zip(ids, predictions, strict=True)), directory)
    if form == "ranking":
        return _write_json(task, language, predictions, directory)
    if form != "bitext" and len(predictions) != len(rows):
        raise UserError(f"{task}, {language}: {len(predictions)} predictions for {len(rows)} rows.")
    return _write_lines(task, language, predictions, directory)


def write_labels(
    task: str,
    language: str,
    rows: Dataset,
    directory: Path | str,
    pool: Mapping[str, Dataset] | None = None,
) -> Path:
    """The gold file that belongs to `write_predictions`, in the same layout.

    `pool`, of a ranking task: the rows of every language whose candidates were ranked. LAReQA's questions
    have one right candidate in each; without a pool, the language's own counts alone. UserError where a row
    has no label: none is made up for it.
    """
    form = TASKS[task].format
    lacking = len(unlabelled(TASKS[task], columns(rows, GOLD[form])))
    if lacking:
        raise UserError(
            f"{task}, {language}: {lacking:,} of {len(rows):,} rows have no label, so there is no gold to "
            "write: score the predictions where the labels are."
        )
    if form == "span":
        return _write_json(task, language, _squad(rows), directory)
    if form == "ranking":
        return _write_json(task, language, _right_candidates(rows, pool or {language: rows}), directory)
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


def _right_candidates(rows: Dataset, pool: Mapping[str, Dataset]) -> dict[str, list[str]]:
    """{query id: the candidates of the pool that are right for it}, in the order of the pool's languages."""
    right: dict[str, list[str]] = {name: [] for name, _, side in _mates(rows) if side == "query"}
    for part in pool.values():
        for name, mate, side in _mates(part):
            if side == "query" and name in right and mate not in right[name]:
                right[name].append(mate)
    return right


def _mates(rows: Dataset) -> list[tuple[str, str, str]]:
    data = columns(rows, ("id", "mate", "side"))
    return list(zip(data["id"], data["mate"], data["side"], strict=True))


def _write_lines(task: str, language: str, values: Sequence[Any], directory: Path | str) -> Path:
    row = TASKS[task]
    if row.format == "choice":
        lines = [json.dumps({"idx": index, "label": int(value)}) for index, value in enumerate(values)]
        return _write(task, language, "jsonl", "".join(f"{line}\n" for line in lines), directory)
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
    return _write(task, language, "tsv", "".join(f"{line}\n" for line in lines), directory)


def _write_json(task: str, language: str, content: Any, directory: Path | str) -> Path:
    return disk.write_json(Path(directory) / task / f"test-{language}.json", content)


def _write(task: str, language: str, suffix: str, text: str, directory: Path | str) -> Path:
    return disk.write(Path(directory) / task / f"test-{language}.{suffix}", text)


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
