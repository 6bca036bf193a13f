"""A case of bitext mining on disk: two splits with embeddings, sentences, ids and gold pairs.

>>> mine_case("bucc/de-en", "de", "en")["test"]["f1"]                                     # doctest: +SKIP
76.3
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .. import pairs
from ..errors import UserError
from ..pairs import Pair
from ..textfiles import lines, raw_lines
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
    UserError for a file that is missing or damaged.
    """
    folder = Path(case)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder.")
    mined, gold = {}, {}
    for split in ("dev", "test"):
        sides = [read_side(folder, split, language) for language in (source, target)]
        mined[split] = mine_sentences(*sides, settings, device)
        gold[split] = _gold(folder / f"{split}.gold")
    threshold = tuned_on(mined["dev"], gold["dev"])
    return {"threshold": threshold} | {
        split: scores_at(threshold, mined[split], gold[split]) for split in mined
    }


def read_side(folder: Path, split: str, language: str) -> Side:
    """The sentences of one language of a split, with their ids and embeddings."""
    return Side(
        lines(folder / f"{split}.{language}.id"),
        raw_lines(folder / f"{split}.{language}.txt"),
        embeddings(folder / f"{split}.embeddings.npz", language),
    )


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
    return array


def _gold(path: Path) -> set[Pair]:
    found = set(pairs.read(path))
    if not found:
        raise UserError(f"{path} holds no pair.")
    return found
