"""Languages: what they are like, in which order they stand, which pairs differ in one thing alone.

Properties come from whoever knows them. The miniature declares its own (`language_table()` of its source),
`real` those of real languages; where nobody does, every property is NaN, and what rests on them says so
instead of guessing.

>>> from xstilts_lib.analysis import typology
>>> table = typology.known(experiment, ["en", "qaa"])                           # doctest: +SKIP
>>> typology.contrasts(typology.pairs(table), table_of_scores)                  # doctest: +SKIP
>>> rows = typology.real(["en", "sw", "tr"])
>>> [(row["code"], row["order"], round(row["resources"], 1)) for row in rows]
[('en', 'SVO', 10.7), ('sw', 'SVO', 8.4), ('tr', 'SOV', 9.4)]

The facts of real languages stand in languages.csv, beside this file, which names their sources. Distances are
computed from the features of URIEL, as lang2vec publishes them (Littell et al. 2017), in a folder that the
user names: they are under a licence of their own (CC BY-SA 4.0), so this project passes none of them on.
Without that folder every distance is NaN, and `reason` says so.
"""

from __future__ import annotations

import functools
import itertools
import math
import zipfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..common import places
from ..common.errors import UserError
from ..experiment import Experiment
from .gains import SOURCE_LANGUAGE, over_targets, summary
from .statistics import LEVEL, Array, Interval, spearman_interval, spearman_p, student_interval

DISTANCE = "distance"
RESOURCES = "resources"
FACTS = Path(__file__).with_name("languages.csv")
FEATURES = "features.npz"  # as lang2vec names the file
SYNTAX = "S_"  # how URIEL's names of syntactic features begin
LEAST = 10  # features that two languages must share before a distance between them means anything
NO_FOLDER = "no folder with URIEL's features was named"
# `features` and `reason` say what a distance rests on, or why there is none (`real`).
_NOT_PROPERTIES = ("code", "name", DISTANCE, "features", "reason")


def languages(codes: Iterable[str], declared: Iterable[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """One row a language, English first: code, name, whatever is declared of it, distance and resources.

    `declared` are rows with a code. A language that none of them names has its code as its name, and NaN
    besides.
    """
    wanted = list(dict.fromkeys(codes))
    wanted.sort(key=lambda code: code != SOURCE_LANGUAGE)
    known = pd.DataFrame(list(declared), columns=None)
    if "code" not in known:
        known = pd.DataFrame({"code": pd.Series(dtype=str)})
    table = pd.DataFrame({"code": pd.Series(wanted, dtype=str)}).merge(known, on="code", how="left")
    for name in (DISTANCE, RESOURCES):
        table[name] = pd.to_numeric(table[name]) if name in table else np.nan
    table["name"] = table["name"].fillna(table["code"]) if "name" in table else table["code"]
    front, back = ["code", "name"], [DISTANCE, RESOURCES]
    return table[[*front, *(name for name in table if name not in (*front, *back)), *back]]


def known(experiment: Experiment, codes: Iterable[str], features: Path | None = None) -> pd.DataFrame:
    """`languages` with all that is known of them: what the miniature declares, or the facts of real ones."""
    codes = list(dict.fromkeys(codes))
    made_up = experiment.source["kind"] == "miniature"
    declared = experiment.open_source().language_table() if made_up else real(codes, features)
    return languages(codes, declared)


def has(table: pd.DataFrame, name: str) -> bool:
    """Whether the property is known for languages other than English, and differs between them."""
    foreign = table[table["code"] != SOURCE_LANGUAGE]
    return name in foreign and foreign[name].nunique() > 1


def halves(table: pd.DataFrame, codes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of `codes`, the languages up to their median distance from English, and those beyond; English is
    neither, nor is a language of unknown distance."""
    kept = table[
        table["code"].isin(list(codes)) & (table["code"] != SOURCE_LANGUAGE) & table[DISTANCE].notna()
    ]
    far = kept[DISTANCE] > kept[DISTANCE].median()
    return list(kept.loc[~far, "code"]), list(kept.loc[far, "code"])


def in_order(table: pd.DataFrame) -> list[str]:
    """Codes from the nearest to the farthest, more resources first among equals; by code at last."""
    keys = table.assign(poverty=-table[RESOURCES], foreign=table["code"] != SOURCE_LANGUAGE)
    return list(keys.sort_values(["foreign", DISTANCE, "poverty", "code"])["code"])


def pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs of languages that differ in exactly one declared property: property, more, less, and both values.

    `less` is the one that has less text or is less like English, so that a difference less - more below zero
    is what one expects. English itself is in no pair: it is the language of the labels, whatever its
    typology.
    """
    properties = [name for name in table if name not in _NOT_PROPERTIES]
    english = table[table["code"] == SOURCE_LANGUAGE]
    rows = []
    for one, two in itertools.combinations(table[table["code"] != SOURCE_LANGUAGE].to_dict("records"), 2):
        if any(pd.isna(row[name]) for row in (one, two) for name in properties):
            continue
        different = [name for name in properties if one[name] != two[name]]
        if len(different) != 1:
            continue
        name = different[0]
        if _like_english(one[name], two[name], english[name].iloc[0] if len(english) else None):
            one, two = two, one
        rows.append((name, two["code"], one["code"], two[name], one[name]))
    return pd.DataFrame(rows, columns=["property", "more", "less", "value_more", "value_less"])


def contrasts(
    found: pd.DataFrame, frame: pd.DataFrame, value: str = "score", level: float = LEVEL
) -> pd.DataFrame:
    """What one property does, all else equal: `value` of `less` minus that of `more`, per pair, over seeds.

    `frame` is tidy over one recipe (target, language, seed); a pair is compared on the mean over the targets
    that hold both. Returns the pairs with estimate, low, high (Student's t over seeds) and seeds.
    """
    rows = [student_interval(difference(pair, frame, value), level) for pair in found.to_dict("records")]
    named = pd.DataFrame([row[:4] for row in rows], columns=["estimate", "low", "high", "seeds"])
    return pd.concat([found.reset_index(drop=True), named], axis=1)


def difference(pair: Mapping[str, Any], frame: pd.DataFrame, value: str = "score") -> np.ndarray:
    """`value` of the pair's `less` minus that of its `more`, one number a seed."""
    both = frame[frame["language"].isin([pair["more"], pair["less"]])]
    both = both[both.groupby("target")["language"].transform("nunique") == 2]
    if both.empty:
        return np.array([])
    means = both.groupby(["language", "seed"])[value].mean().unstack("seed")
    return (means.loc[pair["less"]] - means.loc[pair["more"]]).to_numpy(dtype=float)


def by_language(frame: pd.DataFrame, value: str = "score", level: float = LEVEL) -> pd.DataFrame:
    """Means over targets in each language, English aside, over seeds: language, estimate, low, high, seeds.

    Where targets have different languages, what a target differs by from the mean of all is taken out first,
    so that no language stands high because its targets are easy.
    """
    foreign = frame[frame["language"] != SOURCE_LANGUAGE]
    columns = ["language", "estimate", "low", "high", "seeds"]
    if foreign.empty:
        return pd.DataFrame(columns=columns)
    if foreign.groupby("target")["language"].agg(frozenset).nunique() > 1:
        level_of = foreign.groupby("target")[value].mean()
        easy = foreign["target"].map(level_of - level_of.mean())
        foreign = foreign.assign(**{value: foreign[value] - easy})
    parts = [
        over_targets(part.drop(columns="language")).assign(language=code)
        for code, part in foreign.groupby("language")
    ]
    return summary(pd.concat(parts), value, ["language"], level)[columns]


def gains_by_language(gained: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """The table of `by_language` for each recipe of a frame of gains, with the recipe as a column."""
    columns = ["recipe", "language", "estimate", "low", "high", "seeds"]
    parts = [
        by_language(part, "gain", level).assign(recipe=name)
        for name, part in gained.groupby("recipe", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def correlation(
    means: pd.DataFrame, table: pd.DataFrame, name: str, level: float = LEVEL
) -> tuple[Interval, float]:
    """Spearman's correlation of a property with the estimates of `by_language`, its interval and its p-value.

    The units are languages: the interval says what other languages, drawn alike, might have shown.
    """
    joined = means.merge(table, left_on="language", right_on="code")
    x, y = joined[name], joined["estimate"]
    return spearman_interval(x, y, level), spearman_p(x, y)


def _like_english(one: Any, two: Any, english: Any) -> bool:
    """Whether `one` is the one that has more: more text, more cognates, or English's own value."""
    if isinstance(one, (int, float, np.number)) and not isinstance(one, bool):
        return bool(one > two)
    return one == english


@functools.cache
def facts() -> pd.DataFrame:
    """Real languages: code, iso3, name, family, script, order, tokens (millions), gib; NaN is unknown."""
    text = dict.fromkeys(("code", "iso3", "name", "family", "script", "order"), str)
    return pd.read_csv(FACTS, comment="#", dtype=text, keep_default_na=False, na_values=[""])


def packaged() -> Path | None:
    """The folder of lang2vec's features in the package urielplus, which is not imported for it; None where
    it is not installed."""
    spec = find_spec("urielplus")
    folder = Path(spec.origin).parent / "database" / "original_uriel" if spec and spec.origin else None
    return folder if folder and (folder / FEATURES).is_file() else None


def real(codes: Iterable[str] | None = None, features: Path | None = None) -> list[dict[str, Any]]:
    """Rows for `languages`, of those among `codes` (None: all) of which anything is known.

    `features` is the folder with lang2vec's features.npz, by default the one that `$XSTILTS_FEATURES` names,
    or else the one in the package urielplus; without any no distance is known. `resources` is the logarithm
    (base 10) of one more than the tokens in CC-100, so that a language without any stands at 0: a regression
    on it should look at those apart.
    `features` in a row is the number of features that a distance rests on, and `reason` why there is none.
    UserError where the folder does not hold lang2vec's file, or the file is not one.
    """
    table = facts()
    kept = table if codes is None else table[table["code"].isin(list(codes))]
    apart = distances({code: [name] for code, name in zip(kept["code"], kept["iso3"], strict=True)}, features)
    rows = []
    for row in kept.to_dict("records"):
        facts_of = {name: row[name] for name in ("code", "name", "family", "script", "order")}
        found = dict(zip((DISTANCE, "features", "reason"), apart[row["code"]], strict=True))
        rows.append({**facts_of, **found, RESOURCES: float(np.log10(1 + 1e6 * row["tokens"]))})
    return rows


def distances(
    names: Mapping[str, Iterable[str]], features: Path | None = None
) -> dict[str, tuple[float, int, str]]:
    """`between` English and each language, which URIEL may know by any of several names (ISO 639-3): that
    counts of which it knows most features. `features` as for `real`."""
    folder = features or places.features() or packaged()
    if not folder:
        return dict.fromkeys(names, (math.nan, 0, NO_FOLDER))
    english = str(facts().set_index("code").loc[SOURCE_LANGUAGE, "iso3"])
    vectors = syntax(folder, [english, *(name for known_by in names.values() for name in known_by)])
    found = {}
    for code, known_by in names.items():
        held = [vectors[name] for name in known_by if name in vectors]
        most = max(held, key=lambda vector: int(np.isfinite(vector).sum()), default=None)
        found[code] = between(most, vectors.get(english))
    return found


def between(one: Array | None, other: Array | None) -> tuple[float, int, str]:
    """How far two vectors of features are apart, on how many features that rests, why there is no distance.

    The cosine distance over the features that both languages have, 0 to 1: the measure of Littell et al.
    (2017). The distances that they publish could not be computed again from the features (Toossi et al.
    2024), so they are not used here; nor is anything unknown filled in, so that a language of few features
    says so.
    """
    if one is None or other is None:
        return math.nan, 0, "URIEL does not hold the language"
    both = np.isfinite(one) & np.isfinite(other)
    shared = int(both.sum())
    x, y = one[both], other[both]
    length = math.sqrt(float(x @ x) * float(y @ y))
    if shared < LEAST or not length:
        return math.nan, shared, f"only {shared} features are known of both languages"
    return max(0.0, 1 - float(x @ y) / length), shared, ""


def syntax(folder: Path, codes: Iterable[str]) -> dict[str, Array]:
    """The syntactic features of languages (ISO 639-3): each the mean over the sources that state it, or NaN.

    UserError where `folder` does not hold lang2vec's file, or the file is not one.
    """
    path = Path(folder) / FEATURES
    if not path.is_file():
        raise UserError(f"{folder} holds no {FEATURES}: name the folder of lang2vec's published features.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names, held = (archive[name].tolist() for name in ("feats", "langs"))
            data = np.asarray(archive["data"], dtype=float)  # (languages, features, sources), -1 for unknown
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is not lang2vec's file of features ({error}).") from None
    if data.ndim != 3 or data.shape[:2] != (len(held), len(names)):
        raise UserError(f"{path}: the values do not fit {len(held)} languages and {len(names)} features.")
    wanted = set(codes)
    rows = [place for place, code in enumerate(held) if code in wanted]
    chosen = data[rows][:, [name.startswith(SYNTAX) for name in names]]
    given = chosen >= 0
    with np.errstate(invalid="ignore"):
        means = np.where(given, chosen, 0.0).sum(-1) / given.sum(-1)
    return dict(zip((held[place] for place in rows), means, strict=True))
