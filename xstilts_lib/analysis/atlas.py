"""Real languages: family, script, word order, text in CC-100, and how far each stands from English.

>>> from xstilts_lib.analysis import atlas
>>> rows = atlas.declared(["en", "sw", "tr"])
>>> [(row["code"], row["order"], round(row["resources"], 1)) for row in rows]
[('en', 'SVO', 10.7), ('sw', 'SVO', 8.4), ('tr', 'SOV', 9.4)]

The facts stand in languages.csv, beside this file, which names their sources. Distances are computed from the
features of URIEL, as lang2vec publishes them (Littell et al. 2017), in a folder that the user names: they are
under a licence of their own (CC BY-SA 4.0), so this project passes none of them on. Without that folder every
distance is NaN, and `reason` says so.
"""

from __future__ import annotations

import functools
import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..common import places
from ..common.errors import UserError
from .gains import SOURCE_LANGUAGE
from .statistics import Array
from .typology import DISTANCE, RESOURCES

FACTS = Path(__file__).with_name("languages.csv")
FEATURES = "features.npz"  # as lang2vec names the file
SYNTAX = "S_"  # how URIEL's names of syntactic features begin
LEAST = 10  # features that two languages must share before a distance between them means anything
NO_FOLDER = "no folder with URIEL's features was named"


class Distance(NamedTuple):
    """How far a language stands from English, on how many features that rests, and why there is none."""

    distance: float
    features: int
    reason: str = ""


@functools.cache
def facts() -> pd.DataFrame:
    """The table of facts: code, iso3, name, family, script, order, tokens (millions), gib; NaN is unknown."""
    text = dict.fromkeys(("code", "iso3", "name", "family", "script", "order"), str)
    return pd.read_csv(FACTS, comment="#", dtype=text, keep_default_na=False, na_values=[""])


def declared(codes: Iterable[str] | None = None, features: Path | None = None) -> list[dict[str, Any]]:
    """Rows for typology.languages, of those among `codes` (None: all) of which anything is known.

    `features` is the folder with lang2vec's features.npz, by default the one that `$XSTILTS_FEATURES` names;
    without it no distance is known. `resources` is the logarithm (base 10) of one more
    than the tokens in CC-100, so that a language without any stands at 0: a regression on it should look at
    those apart. `features` in a row is the number of features that a distance rests on, and `reason` why
    there is none.
    """
    table = facts()
    kept = table if codes is None else table[table["code"].isin(list(codes))]
    known = distances(kept, features or places.features())
    rows = []
    for row in kept.to_dict("records"):
        found = known[row["code"]]
        rows.append(
            {
                **{name: row[name] for name in ("code", "name", "family", "script", "order")},
                "features": found.features,
                "reason": found.reason,
                DISTANCE: found.distance,
                RESOURCES: float(np.log10(1 + 1e6 * row["tokens"])),
            }
        )
    return rows


def distances(languages: pd.DataFrame, folder: Path | None = None) -> Mapping[str, Distance]:
    """The syntactic distance of each of `languages` (code, iso3) from English, by code."""
    if folder is None:
        return dict.fromkeys(languages["code"], Distance(math.nan, 0, NO_FOLDER))
    english = facts().set_index("code").loc[SOURCE_LANGUAGE, "iso3"]
    vectors = syntax(folder, [*languages["iso3"], english])
    return {
        code: between(vectors.get(iso3), vectors.get(english))
        for code, iso3 in zip(languages["code"], languages["iso3"], strict=True)
    }


def between(one: Array | None, other: Array | None, least: int = LEAST) -> Distance:
    """The cosine distance of two vectors of features over those that both languages have: 0 to 1.

    The measure of Littell et al. (2017). The distances that they publish could not be computed again from the
    features (Toossi et al. 2024), so they are not used here; nor is anything unknown filled in, so that a
    language of few features says so.
    """
    if one is None or other is None:
        return Distance(math.nan, 0, "URIEL does not hold the language")
    both = np.isfinite(one) & np.isfinite(other)
    shared = int(both.sum())
    x, y = one[both], other[both]
    length = math.sqrt(float(x @ x) * float(y @ y))
    if shared < least or not length:
        return Distance(math.nan, shared, f"only {shared} features are known of both languages")
    return Distance(max(0.0, 1 - float(x @ y) / length), shared)


def syntax(folder: Path, codes: Iterable[str]) -> dict[str, Array]:
    """The syntactic features of languages (ISO 639-3): each the mean over the sources that state it, or NaN.

    UserError where `folder` does not hold lang2vec's file, or the file is not one.
    """
    names, held, data = _read(folder)
    places = {code: index for index, code in enumerate(held)}
    chosen = [index for index, name in enumerate(names) if name.startswith(SYNTAX)]
    found = {}
    for code in dict.fromkeys(codes):
        if code in places:
            found[code] = _mean_of_known(data[places[code]][chosen])
    return found


def _read(folder: Path) -> tuple[list[str], list[str], Array]:
    """Names of features, codes of languages, values (languages, features, sources), -1 for unknown."""
    path = Path(folder) / FEATURES
    if not path.is_file():
        raise UserError(f"{folder} holds no {FEATURES}: name the folder of lang2vec's published features.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names, codes = (archive[name].tolist() for name in ("feats", "langs"))
            data = np.asarray(archive["data"], dtype=float)
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is not lang2vec's file of features ({error}).") from None
    if data.ndim != 3 or data.shape[:2] != (len(codes), len(names)):
        raise UserError(f"{path}: the values do not fit {len(codes)} languages and {len(names)} features.")
    return names, codes, data


def _mean_of_known(values: ArrayLike) -> Array:
    """The mean over the last axis of what is not -1; NaN where nothing is known."""
    values = np.asarray(values, dtype=float)
    known = values >= 0
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(-1) / known.sum(-1))
