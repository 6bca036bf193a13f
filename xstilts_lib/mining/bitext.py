"""Mining translations out of two sets of sentences: margins, the choice of pairs, thresholds, a whole case.

A pair scores high when its cosine stands out from those of the nearest neighbours of both sentences (Artetxe
and Schwenk 2019); the cosine alone favours "hubs", sentences that are near to everything.

>>> import numpy as np
>>> tune_threshold(np.array([1.4, 1.2, 1.0]), np.array([True, True, False]), 2)
1.1
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from ..common.errors import UserError
from ..common.reading import read_lines
from ..common.strict import Count, check
from ..scoring.reading import lines
from ..scoring.retrieval import Pair, pair_lines, pair_metrics
from .neighbours import Neighbours, nearest

Margin = Literal["ratio", "distance", "absolute"]
Strategy = Literal["max", "intersection", "forward", "backward"]


@dataclass(frozen=True)
class MiningSettings:
    """How pairs are scored and chosen; the defaults are the study's, and XTREME's."""

    margin: Margin = "ratio"
    """Cosine over, or less, the mean of both sides' mean cosine to their neighbours; or the cosine itself."""
    strategy: Strategy = "max"
    """The best partner of each source sentence (forward), of each target sentence (backward), pairs found
    both ways (intersection), or both lists merged, best first, each sentence used once (max)."""
    neighbours: Count = 4
    floor: float = 0.0
    """With "max", pairs that score no more than this are left out, as in XTREME."""

    def __post_init__(self) -> None:
        check(self, "Mining setting")


@dataclass(frozen=True)
class Side:
    """The sentences of one language: as many ids, all different, sentences and rows of embeddings (n, d)."""

    ids: Sequence[str]
    sentences: Sequence[str]
    embeddings: np.ndarray

    def __post_init__(self) -> None:
        ids, sentences, embeddings = map(len, (self.ids, self.sentences, self.embeddings))
        if not ids == sentences == embeddings:
            raise UserError(f"There are {ids} ids, {sentences} sentences and {embeddings} embeddings.")
        if repeated := [name for name, count in Counter(self.ids).items() if count > 1]:
            raise UserError(f"The id {repeated[0]!r} stands for {self.ids.count(repeated[0])} sentences.")


class Mined(NamedTuple):
    """Candidate pairs, best first."""

    source: np.ndarray
    """Row of the source sentence, (p,) int64."""
    target: np.ndarray
    score: np.ndarray
    """(p,) float64."""

    def take(self, places: np.ndarray) -> Mined:
        """The candidates at `places`: indices, or a mask (p,)."""
        return Mined(*(column[places] for column in self))

    def best_first(self) -> Mined:
        return self.take(np.argsort(-self.score, kind="stable"))


def mine(
    x: np.ndarray, y: np.ndarray, settings: MiningSettings | None = None, device: str | None = None
) -> Mined:
    """Candidate pairs of the rows of x (n, d) and y (m, d), which must not repeat sentences."""
    settings = settings or MiningSettings()
    forward, backward = nearest(x, y, settings.neighbours, device=device)
    means = forward.values.mean(axis=1, dtype=np.float64), backward.values.mean(axis=1, dtype=np.float64)
    ahead = Mined(np.arange(len(x)), *_best(forward, *means, settings.margin))
    partners, scores = _best(backward, *means[::-1], settings.margin)
    back = Mined(partners, np.arange(len(y)), scores)
    if settings.strategy == "forward":
        return ahead.best_first()
    if settings.strategy == "backward":
        return back.best_first()
    if settings.strategy == "intersection":
        return ahead.take(back.source[ahead.target] == ahead.source).best_first()
    merged = Mined(*(np.append(*columns) for columns in zip(ahead, back, strict=True)))
    return _one_to_one(merged.best_first(), settings.floor)


def _best(
    side: Neighbours, own: np.ndarray, other: np.ndarray, margin: Margin
) -> tuple[np.ndarray, np.ndarray]:
    """The neighbour of each row with the largest margin, and that margin."""
    cosines = side.values.astype(np.float64)
    around = (own[:, None] + other[side.indices]) / 2
    if margin == "ratio":
        if not around.all():
            raise UserError("A mean cosine of 0 has no ratio: choose the margin 'distance', see the vectors.")
        scores = cosines / around
    elif margin == "distance":
        scores = cosines - around
    else:
        scores = cosines
    choice = scores.argmax(axis=1)
    rows = np.arange(len(choice))
    return side.indices[rows, choice], scores[rows, choice]


def _one_to_one(found: Mined, floor: float) -> Mined:
    """Best first, a pair is kept if neither of its sentences has one already."""
    sources: set[int] = set()
    targets: set[int] = set()
    kept = []
    for place, (source, target) in enumerate(zip(found.source.tolist(), found.target.tolist(), strict=True)):
        if source not in sources and target not in targets:
            sources.add(source)
            targets.add(target)
            kept.append(place)
    chosen = found.take(np.array(kept, dtype=np.int64))
    return chosen.take(chosen.score > floor)


def mine_sentences(
    source: Side, target: Side, settings: MiningSettings | None = None, device: str | None = None
) -> dict[Pair, float]:
    """{(source id, target id): score}, best first.

    A sentence that stands several times takes part in the search once, and its pairs are dropped: which of
    its ids would be meant is not to be known (XTREME's mine_bitext and bucc_eval).
    """
    rows, columns = _distinct(source.sentences), _distinct(target.sentences)
    # Where no sentence is repeated, the vectors are no copy.
    vectors = (
        side.embeddings if len(taken) == len(side.embeddings) else side.embeddings[taken]
        for side, taken in ((source, rows), (target, columns))
    )
    found = mine(*vectors, settings, device)
    lone = _lone(source.sentences), _lone(target.sentences)
    places = rows[found.source].tolist(), columns[found.target].tolist()
    pairs = zip(*places, found.score.tolist(), strict=True)
    return {(source.ids[i], target.ids[j]): score for i, j, score in pairs if i in lone[0] and j in lone[1]}


def _distinct(sentences: Sequence[str]) -> np.ndarray:
    """A row for each sentence, in the order of first appearance; of repeated ones, the last row."""
    return np.array(list({sentence: row for row, sentence in enumerate(sentences)}.values()), dtype=np.int64)


def _lone(sentences: Sequence[str]) -> set[int]:
    """Rows whose sentence stands nowhere else, spaces around it aside."""
    stripped = [sentence.strip() for sentence in sentences]
    count = Counter(stripped)
    return {row for row, sentence in enumerate(stripped) if count[sentence] == 1}


def tune_threshold(scores: np.ndarray, right: np.ndarray, gold: int) -> float:
    """The score above which taking pairs gives the best F1: half-way between the last taken and the next.

    scores (p,): best first; right (p,): whether each pair is a gold one; gold: their number. 0.0 where none
    is right.
    """
    hits = np.cumsum(right)
    if not len(hits) or not hits[-1]:
        return 0.0
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + gold)
    last = int(f1.argmax())
    following = scores[min(last + 1, len(scores) - 1)]
    return float((scores[last] + following) / 2)


def tuned_on(mined: Mapping[Pair, float], gold: Set[Pair]) -> float:
    """The threshold that gives mined pairs their best F1."""
    right = np.array([pair in gold for pair in mined], dtype=bool)
    return tune_threshold(np.fromiter(mined.values(), dtype=np.float64), right, len(gold))


def scores_at(threshold: float, mined: Mapping[Pair, float], gold: Set[Pair]) -> dict[str, float]:
    """Precision, recall and F1, in percent, of the pairs that reach the threshold."""
    return pair_metrics(gold, {pair for pair, score in mined.items() if score >= threshold})


def mine_case(
    case: Path | str,
    source: str,
    target: str,
    settings: MiningSettings | None = None,
    device: str | None = None,
) -> dict[str, Any]:
    """{"threshold", "dev": {"f1", "precision", "recall"}, "test": {...}}: the test split at dev's threshold.

    The folder holds, for both splits, `{split}.embeddings.npz` with an array (n, d) a language,
    `{split}.{language}.txt`, `{split}.{language}.id` and `{split}.gold` (source id, tab, target id).
    UserError for a file that is missing or damaged, and for gold pairs that are not of these sentences.

    >>> mine_case("bucc/de-en", "de", "en")["test"]["f1"]                                 # doctest: +SKIP
    76.3
    """
    folder = Path(case)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder.")
    mined, gold = {}, {}
    for split in ("dev", "test"):
        sides = [_side(folder, split, language) for language in (source, target)]
        gold[split] = _gold(folder / f"{split}.gold", *sides)
        mined[split] = mine_sentences(*sides, settings, device)
    threshold = tuned_on(mined["dev"], gold["dev"])
    return {"threshold": threshold} | {
        split: scores_at(threshold, mined[split], gold[split]) for split in mined
    }


def _side(folder: Path, split: str, language: str) -> Side:
    """The sentences of one language of a split, with their ids and embeddings."""
    parts = (
        lines(folder / f"{split}.{language}.id"),
        read_lines(folder / f"{split}.{language}.txt"),
        _embeddings(folder / f"{split}.embeddings.npz", language),
    )
    try:
        return Side(*parts)
    except UserError as error:
        raise UserError(f"{folder}, {split}, {language!r}: {error}") from None


def _embeddings(path: Path, language: str) -> np.ndarray:
    """The array (n, d) called `language` of an .npz file."""
    if not path.is_file():
        raise UserError(f"{path} is missing.")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if language not in arrays:
                raise UserError(f"{path} has no array {language!r}, but {', '.join(arrays) or 'none'}.")
            array = arrays[language]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is no complete .npz file ({error}).") from None
    if array.ndim != 2 or array.dtype.kind != "f":
        raise UserError(
            f"{path}: {language!r} is {array.dtype} of shape {array.shape}; not floats, a row a sentence."
        )
    if len(rows := np.flatnonzero(~np.isfinite(array.sum(axis=1, dtype=np.float64)))):
        raise UserError(f"{path}: row {rows[0]} of {language!r}, counted from 0, is not all finite numbers.")
    return array


def _gold(path: Path, source: Side, target: Side) -> set[Pair]:
    found, ids = pair_lines(path), (set(source.ids), set(target.ids))
    for number, pair in enumerate(found, 1):
        for name, own, other in zip(pair, ids, ids[::-1], strict=True):
            if name not in own:
                where = "of the other side: exchange the columns" if name in other else "of no sentence"
                raise UserError(f"{path}, line {number}: the id {name!r} is {where}.")
    return set(found)
