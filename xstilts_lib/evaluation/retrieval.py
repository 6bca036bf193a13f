"""Both sides of a bitext as vectors, its gold pairs, and a look at every layer: what surrounds mining.

>>> foreign, english = sides(rows, embed)
>>> mining.retrieve(english.embeddings, foreign.embeddings)  # for each English sentence, a row of `foreign`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import mining
from . import evaluate

if TYPE_CHECKING:
    import pandas
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..experiment import Retrieval
    from ..sources import Source

Embed = Callable[[Sequence[str]], np.ndarray]


def sides(rows: Dataset, embed: Embed) -> tuple[mining.Side, mining.Side]:
    """The sentences of the language and of English, in the rows' order, each with its vector from `embed`."""
    columns = rows[:]
    found = []
    for side in ("source", "target"):
        places = [place for place, name in enumerate(columns["side"]) if name == side]
        sentences = [columns["sentence"][place] for place in places]
        found.append(mining.Side([columns["id"][place] for place in places], sentences, embed(sentences)))
    return found[0], found[1]


def gold(rows: Dataset) -> set[tuple[str, str]]:
    """The pairs (id in the language, id in English) that are translations of each other."""
    columns = rows[:]
    return {
        (identity, mate)
        for identity, mate, side in zip(columns["id"], columns["mate"], columns["side"], strict=True)
        if side == "source" and mate
    }


def dev_sets(
    source: Source, tasks: Sequence[str], languages: Sequence[str] | None = None, limit: int | None = None
) -> dict[str, Dataset]:
    """The dev split of the first of `tasks` that has one, by language; none where no task has (Tatoeba)."""
    from ..sources.real import RealSource

    for task in tasks:
        held = source.languages(task)
        if isinstance(source, RealSource):
            held = source.held(task, "dev") if "dev" in source.splits(task) else ()
        codes = [code for code in held if languages is None or code in languages]
        if codes:
            return {code: source.load(task, "dev", code, limit) for code in codes}
    return {}


def by_layer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Mapping[str, Dataset],
    settings: Retrieval,
) -> pandas.DataFrame:
    """Retrieval accuracy at every layer, in percent, averaged over languages: layer, accuracy, centred.

    `rows` (language -> bitext) should be a dev split: this is for looking, not for reporting; without any,
    the table is empty. `centred` has the mean of each side's vectors subtracted first, which takes out what
    only tells languages apart.
    """
    import pandas

    layers = range(model.config.num_hidden_layers + 1 if rows else 0)
    accuracy = np.zeros((2, len(layers), len(rows)))

    def embed(sentences: Sequence[str]) -> np.ndarray:
        """(sentences, layers, width)"""
        found = evaluate.embed(
            model, tokenizer, sentences, layers, settings.pooling, precision=settings.precision
        )
        return found.swapaxes(0, 1)

    for column, part in enumerate(rows.values()):
        foreign, english = sides(part, embed)
        pairs = gold(part)
        for layer in layers:
            theirs, ours = (side.embeddings[:, layer] for side in (foreign, english))
            for kind, shift in enumerate((0.0, 1.0)):
                index = theirs - shift * theirs.mean(axis=0)
                found = mining.retrieve(ours - shift * ours.mean(axis=0), index)
                hits = [
                    (foreign.ids[place], name) in pairs
                    for place, name in zip(found, english.ids, strict=True)
                ]
                accuracy[kind, layer, column] = 100 * np.mean(hits)
    means = accuracy.sum(axis=2) / max(1, len(rows))
    return pandas.DataFrame({"layer": list(layers), "accuracy": means[0], "centred": means[1]})
