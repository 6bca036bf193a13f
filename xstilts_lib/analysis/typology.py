"""Languages: what they are like, in which order they stand, which pairs differ in one thing alone.

Properties come from whoever knows them. The miniature declares its own (`language_table()` of its source),
`atlas.declared` those of real languages; where nobody does, every property is NaN, and what rests on them
says so instead of guessing.

>>> from xstilts_lib.analysis import typology
>>> table = typology.languages(["en", "qaa"], source.language_table())          # doctest: +SKIP
>>> typology.contrasts(typology.pairs(table), table_of_scores)                  # doctest: +SKIP
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .gains import SOURCE_LANGUAGE, matrix, over_targets
from .statistics import LEVEL, Interval, spearman_interval, spearman_p, student_interval

DISTANCE = "distance"
RESOURCES = "resources"
# `features` and `reason` say what a distance rests on, or why there is none (atlas.declared).
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
    front = ["code", "name"]
    back = [DISTANCE, RESOURCES]
    return table[[*front, *(name for name in table if name not in (*front, *back)), *back]]


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
        rows.append(
            {
                "property": name,
                "more": two["code"],
                "less": one["code"],
                "value_more": two[name],
                "value_less": one[name],
            }
        )
    return pd.DataFrame(rows, columns=["property", "more", "less", "value_more", "value_less"])


def contrasts(
    found: pd.DataFrame, frame: pd.DataFrame, value: str = "score", level: float = LEVEL
) -> pd.DataFrame:
    """What one property does, all else equal: `value` of `less` minus that of `more`, per pair, over seeds.

    `frame` is tidy over one recipe (target, language, seed); a pair is compared on the mean over the targets
    that hold both. Returns the pairs with estimate, low, high (Student's t over seeds) and seeds.
    """
    rows = [student_interval(difference(pair, frame, value), level) for pair in found.to_dict("records")]
    named = pd.DataFrame(rows, columns=["estimate", "low", "high", "n", "level"]).rename(
        columns={"n": "seeds"}
    )
    return pd.concat([found.reset_index(drop=True), named.drop(columns="level")], axis=1)


def difference(pair: Mapping[str, Any], frame: pd.DataFrame, value: str = "score") -> np.ndarray:
    """`value` of the pair's `less` minus that of its `more`, one number a seed."""
    both = frame[frame["language"].isin([pair["more"], pair["less"]])]
    both = both[both.groupby("target")["language"].transform("nunique") == 2]
    if both.empty:
        return np.array([])
    means = both.groupby(["language", "seed"])[value].mean().unstack("seed")
    return (means.loc[pair["less"]] - means.loc[pair["more"]]).to_numpy(dtype=float)


def by_language(frame: pd.DataFrame, value: str = "score", level: float = LEVEL) -> pd.DataFrame:
    """Means over targets in each language, over seeds: language, estimate, low, high, seeds.

    Only languages that every target holds, English aside, so that the means are over the same targets.
    """
    foreign = frame[frame["language"] != SOURCE_LANGUAGE]
    shared = foreign.groupby("language")["target"].transform("nunique") == foreign["target"].nunique()
    parts = [
        over_targets(part.drop(columns="language")).assign(language=code)
        for code, part in foreign[shared].groupby("language")
    ]
    if not parts:
        return pd.DataFrame(columns=["language", "estimate", "low", "high", "seeds"])
    labels, values = matrix(pd.concat(parts), value, ["language"])
    interval = student_interval(values, level)
    return labels.assign(estimate=interval.estimate, low=interval.low, high=interval.high, seeds=interval.n)


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


def properties(table: pd.DataFrame) -> Sequence[str]:
    """The declared properties, in the order of the table."""
    return [name for name in table if name not in _NOT_PROPERTIES and table[name].notna().any()]


def _like_english(one: Any, two: Any, english: Any) -> bool:
    """Whether `one` is the one that has more: more text, more cognates, or English's own value."""
    if isinstance(one, (int, float, np.number)) and not isinstance(one, bool):
        return bool(one > two)
    return one == english
