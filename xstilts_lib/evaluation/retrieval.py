"""Both sides of a bitext as vectors, its gold pairs, and a look at every layer: what surrounds mining.

>>> foreign, english = sides(rows, embed)
>>> mining.retrieve(english.embeddings, foreign.embeddings)  # for each English sentence, a row of `foreign`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import mining
from . import evaluate

if TYPE_CHECKING:
    import pandas
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..experiment import Retrieval

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


def by_layer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Mapping[str, Dataset],
    settings: Retrieval,
) -> pandas.DataFrame:
    """Retrieval accuracy at every layer, in percent: language, layer, accuracy, centred.

    `rows` is language -> bitext. `centred` has the mean of each side's vectors subtracted first, which takes
    out what only tells languages apart; layer 0, the embeddings, is what spelling alone gives. Whoever
    chooses a layer by it gives dev sets.
    """
    import pandas

    layers = range(model.config.num_hidden_layers + 1)

    def embed(sentences: Sequence[str]) -> np.ndarray:
        """(sentences, layers, width)"""
        states = evaluate.embed(
            model, tokenizer, sentences, layers, settings.pooling, precision=settings.precision
        )
        return states.swapaxes(0, 1)

    found = []
    for language, part in rows.items():
        foreign, english = sides(part, embed)
        pairs = gold(part)
        for layer in layers:
            theirs, ours = (side.embeddings[:, layer] for side in (foreign, english))
            row: dict[str, Any] = {"language": language, "layer": layer}
            for name, shift in (("accuracy", 0.0), ("centred", 1.0)):
                index = theirs - shift * theirs.mean(axis=0)
                nearest = mining.retrieve(ours - shift * ours.mean(axis=0), index)
                hits = [
                    (foreign.ids[place], identity) in pairs
                    for place, identity in zip(nearest, english.ids, strict=True)
                ]
                row[name] = 100 * float(np.mean(hits))
            found.append(row)
    return pandas.DataFrame(found, columns=["language", "layer", "accuracy", "centred"])


def as_metrics(table: pandas.DataFrame, language: str) -> dict[str, float]:
    """The rows of `by_layer` for one language as metrics beside its score: "layer 3", "layer 3 centred"."""
    mine = table[table["language"] == language]
    return {
        f"layer {layer}{suffix}": float(value)
        for suffix, column in (("", "accuracy"), (" centred", "centred"))
        for layer, value in zip(mine["layer"], mine[column], strict=True)
    }
