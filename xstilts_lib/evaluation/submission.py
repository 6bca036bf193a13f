"""Prediction files in the layout of XTREME's leaderboard, and the gold files beside them.

    {folder}/{task}/test-{language}.{tsv,json,jsonl}

>>> write_predictions("xnli", "de", rows, ["neutral", "entailment"], "runs/example/predictions")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import disk
from ..common.errors import UserError
from ..formats.base import columns
from ..scoring import file_name
from ..sources.checks import unlabelled
from ..sources.rows import GOLD
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
        predictions = dict(zip(columns(rows, ("id",))["id"], predictions, strict=True))
    elif form not in ("bitext", "ranking") and len(predictions) != len(rows):
        raise UserError(f"{task}, {language}: {len(predictions)} predictions for {len(rows)} rows.")
    return _write(task, language, predictions, directory)


def write_labels(
    task: str, language: str, rows: Dataset, directory: Path | str, pool: Mapping[str, Dataset] | None = None
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
        gold: Any = _squad(rows)
    elif form == "ranking":
        gold = _right_candidates(rows, pool or {language: rows})
    elif form == "pair":
        gold = [TASKS[task].labels[label] for label in columns(rows, ("label",))["label"]]
    elif form != "bitext":
        (gold,) = columns(rows, GOLD[form]).values()
    elif TASKS[task].metric == "bucc":
        gold = sorted((a, b) for a, b, side in _mates(rows) if side == "source" and b)
    else:
        sources = [name for name, _, side in _mates(rows) if side == "source"]
        place = {name: index for index, name in enumerate(sources)}
        gold = [place[mate] for _, mate, side in _mates(rows) if side == "target"]
    return _write(task, language, gold, directory)


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


def _write(task: str, language: str, content: Any, directory: Path | str) -> Path:
    row, path = TASKS[task], Path(directory) / task / file_name(task, language)
    if path.suffix == ".json":
        return disk.write_json(path, content)
    if row.format == "choice":
        lines = [json.dumps({"idx": index, "label": int(value)}) for index, value in enumerate(content)]
    elif row.format == "tags":  # a blank line between sentences
        lines = [line for tags in content for line in (*tags, "")][:-1]
    elif row.format == "pair" and row.counterpart in _AS_NUMBER:
        lines = [row.labels.index(value) for value in content]
    elif row.metric == "bucc":
        lines = ["\t".join(pair) for pair in content]
    else:
        lines = content
    return disk.write(path, "".join(f"{line}\n" for line in lines))


def _squad(rows: Dataset) -> dict[str, Any]:
    """Rows as SQuAD's JSON: a paragraph per context, in the order of the rows."""
    paragraphs: dict[str, list[dict[str, Any]]] = {}
    data = columns(rows, ("id", "context", "question", "answers"))
    for identity, context, question, answers in zip(*data.values(), strict=True):
        pairs = zip(answers["text"], answers["start"], strict=True)
        gold = [{"text": text, "answer_start": start} for text, start in pairs]
        paragraphs.setdefault(context, []).append({"id": identity, "question": question, "answers": gold})
    listed = [{"context": context, "qas": questions} for context, questions in paragraphs.items()]
    return {"version": "1.1", "data": [{"title": "", "paragraphs": listed}]}
