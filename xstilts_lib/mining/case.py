"""A case of bitext mining on disk: two splits with embeddings, sentences, ids and gold pairs.

>>> mine_case("bucc/de-en", "de", "en")["test"]["f1"]                                     # doctest: +SKIP
76.3
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..common.errors import UserError
from ..common.textfiles import lines, raw_lines
from ..scoring.retrieval import Pair, pair_lines
from .bitext import MiningSettings, Side, mine_sentences, scores_at, tuned_on


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
    """
    folder = Path(case)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder.")
    mined, gold = {}, {}
    for split in ("dev", "test"):
        sides = [read_side(folder, split, language) for language in (source, target)]
        gold[split] = _gold(folder / f"{split}.gold", *sides)
        mined[split] = mine_sentences(*sides, settings, device)
    threshold = tuned_on(mined["dev"], gold["dev"])
    return {"threshold": threshold} | {
        split: scores_at(threshold, mined[split], gold[split]) for split in mined
    }


def read_side(folder: Path, split: str, language: str) -> Side:
    """The sentences of one language of a split, with their ids and embeddings."""
    parts = (
        lines(folder / f"{split}.{language}.id"),
        raw_lines(folder / f"{split}.{language}.txt"),
        embeddings(folder / f"{split}.embeddings.npz", language),
    )
    try:
        return Side(*parts)
    except UserError as error:
        raise UserError(f"{folder}, {split}, {language!r}: {error}") from None


def embeddings(path: Path, language: str) -> np.ndarray:
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
