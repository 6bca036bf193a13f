"""Both sides of a bitext as vectors, its gold pairs, and a look at every layer: what surrounds mining.

>>> foreign, english = sides(rows, embed)
>>> mining.retrieve(english.embeddings, foreign.embeddings)  # for each English sentence, a row of `foreign`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import mining
from ..common.errors import UserError
from . import evaluate

if TYPE_CHECKING:
    import pandas
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..experiment import Retrieval

Embed = Callable[[Sequence[str]], np.ndarray]


def sides(rows: Dataset, embed: Embed, english: Embed | None = None) -> tuple[mining.Side, mining.Side]:
    """The sentences of the language and of English, in the rows' order, each with its vector from `embed`;
    those of English from `english` where it is given."""
    columns = rows[:]
    found = []
    for side, function in (("source", embed), ("target", english or embed)):
        places = [place for place, name in enumerate(columns["side"]) if name == side]
        sentences = [columns["sentence"][place] for place in places]
        found.append(mining.Side([columns["id"][place] for place in places], sentences, function(sentences)))
    return found[0], found[1]


def gold(rows: Dataset) -> set[tuple[str, str]]:
    """The pairs (id in the language, id in English) that are translations of each other."""
    columns = rows[:]
    return {
        (identity, mate)
        for identity, mate, side in zip(columns["id"], columns["mate"], columns["side"], strict=True)
        if side == "source" and mate
    }


def search(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Mapping[str, Dataset],
    settings: Retrieval,
    tokens: int = evaluate.TOKENS,
) -> tuple[dict[str, np.ndarray], pandas.DataFrame]:
    """Retrieval in each language of `rows` (language -> bitext), from one pass over its sentences.

    Returns for each language the places that `mining.retrieve` finds at `settings.layer`, and the accuracy at
    every layer in percent: language, layer, accuracy, centred. `centred` has the mean of each side's vectors
    subtracted first, which takes out what only tells languages apart; layer 0, the embeddings, is what
    spelling alone gives. Whoever chooses a layer by it gives dev sets. UserError for a layer that there is
    not.
    """
    import pandas

    layers = range(model.config.num_hidden_layers + 1)
    if settings.layer not in layers:
        raise UserError(
            f"retrieval.layer is {settings.layer}, but the encoder has layers 0 (embeddings) to {layers[-1]}."
        )
    known: dict[str, np.ndarray] = {}  # English sentences, which the languages share

    def states(sentences: Sequence[str]) -> np.ndarray:
        """(sentences, layers, width)"""
        how = {"tokens_per_batch": tokens, "precision": settings.precision}
        return evaluate.embed(model, tokenizer, sentences, layers, settings.pooling, **how).swapaxes(0, 1)

    def english_states(sentences: Sequence[str]) -> np.ndarray:
        fresh = [sentence for sentence in dict.fromkeys(sentences) if sentence not in known]
        if fresh:
            known.update(zip(fresh, states(fresh), strict=True))
        return np.stack([known[sentence] for sentence in sentences])

    places, found = {}, []
    for language, part in rows.items():
        foreign, english = sides(part, states, english_states)
        pairs = gold(part)
        for layer in layers:
            theirs, ours = (side.embeddings[:, layer] for side in (foreign, english))
            row: dict[str, Any] = {"language": language, "layer": layer}
            for name, shift in (("accuracy", 0.0), ("centred", 1.0)):
                index = theirs - shift * theirs.mean(axis=0)
                nearest = mining.retrieve(ours - shift * ours.mean(axis=0), index)
                if layer == settings.layer and not shift:
                    places[language] = nearest
                both = zip(nearest, english.ids, strict=True)
                hits = [(foreign.ids[place], identity) in pairs for place, identity in both]
                row[name] = 100 * float(np.mean(hits))
            found.append(row)
    return places, pandas.DataFrame(found, columns=["language", "layer", "accuracy", "centred"])


def as_metrics(table: pandas.DataFrame, language: str) -> dict[str, float]:
    """The rows of `search` for one language as metrics beside its score: "layer 3", "layer 3 centred"."""
    mine = table[table["language"] == language]
    return {
        f"layer {layer}{suffix}": float(value)
        for suffix, column in (("", "accuracy"), (" centred", "centred"))
        for layer, value in zip(mine["layer"], mine[column], strict=True)
    }
