"""What an encoder is before any task: the text that it is pretrained on, and the weights that it starts from;
and the same text as an ingredient of a later phase.

>>> text = pretraining.text(experiment, source)               # {"en": Dataset, "qaa": Dataset, ...}
>>> model, tokenizer = pretraining.new_encoder(experiment, source, seed=0)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..common import checksums, disk
from ..common.errors import UserError, nearest
from ..sources import samples
from ..tasks import TASKS

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..experiment import Experiment
    from ..sources import Source
    from ..tasks.recipe import Ingredient


def text_task(kind: str) -> str:
    """The name of the task that holds the running text of a source of this kind; UserError if it has none."""
    for row in TASKS.values():
        if row.role == "text" and kind in row.sources:
            return row.name
    raise UserError(
        f"The source {kind!r} holds no text to pretrain on: name a published encoder, `model: {{path: ...}}`."
    )


def text(experiment: Experiment, source: Source) -> dict[str, Dataset]:
    """The text that pretraining reads, by language: the lines that there are, or the share asked for.

    UserError for a language that the source does not hold.
    """
    name = text_task(source.kind)
    shares = experiment.pretraining.languages if experiment.pretraining else None
    held = source.languages(name)
    for code in shares or ():
        if code not in held:
            raise UserError(f"pretraining.languages: there is no text in {code!r}: {nearest(code, held)}")
    found = {}
    for code in held if shares is None else shares:
        rows = source.load(name, "train", code)
        share = 1.0 if shares is None else shares[code]
        found[code] = rows.select(range(round(share * len(rows))))
    return {code: rows for code, rows in found.items() if len(rows)}


def examples(experiment: Experiment, source: Source, part: Ingredient, seed: int) -> Dataset:
    """What an ingredient of a step trains on: a task's training set, or running text of every language.

    Where targets train on a part of the same set, drawn from the run's `seed`, those rows are left to them:
    no row is read in both phases. The text is shuffled, so that whoever looks at its first rows sees several
    languages.
    """
    from datasets import concatenate_datasets

    if TASKS[part.task].role != "text":
        rows = source.load(part.task, "train", part.language)
        kept = experiment.examples_kept(part.task)
        return samples.others(rows, TASKS[part.task], kept, seed) if kept else rows
    return concatenate_datasets(list(text(experiment, source).values())).shuffle(seed=0)


def new_encoder(
    experiment: Experiment, source: Source, seed: int
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The encoder with random weights drawn from `seed`, and its tokenizer: what pretraining starts from.

    With `model.vocabulary` it has embeddings for that many pieces, those that the text uses most; a small
    encoder over XLM-R's own segmentation would else be little more than a table of 250,002 embeddings.
    """
    from ..models import encoder

    tokenizer = source.tokenizer()
    if experiment.model.architecture is None or tokenizer is None:
        raise UserError(
            "An untrained encoder needs a model with an 'architecture' and a source with a tokenizer."
        )
    kept = None
    if experiment.model.vocabulary is not None:
        kept = _kept(experiment, source, tokenizer, experiment.model.vocabulary)
    return encoder.build(experiment.model.architecture, tokenizer, seed, kept), tokenizer


def _kept(
    experiment: Experiment, source: Source, tokenizer: PreTrainedTokenizerFast, size: int
) -> np.ndarray:
    """The ids of the pieces to keep. Counting them means reading all the text, so the answer stays on disk,
    under a name that says what was counted."""
    import numpy as np

    from ..models import encoder

    languages = experiment.pretraining.languages if experiment.pretraining else None
    key = checksums.digest([source.identify(text_task(source.kind), "train", ""), languages, size])
    file = experiment.directory / "vocabulary" / f"{key}.json"
    if not file.is_file():
        lines = [
            line
            for rows in text(experiment, source).values()
            for key in ("text", "pair")
            for line in rows[key]
        ]
        disk.write_json(file, encoder.trim(tokenizer, lines, size).tolist())
    return np.array(json.loads(file.read_text(encoding="utf-8")), dtype=np.int64)
