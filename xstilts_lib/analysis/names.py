"""The names of countries and languages: what an encoder finds of them, by layer and by language.

>>> from xstilts_lib.analysis import names
>>> table = results.load(experiment, partial=False)                               # doctest: +SKIP
>>> names.predicted(names.profile(names.layers(table), layer=12))                 # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from .. import mining
from ..common.words import NOTHING, listed, number
from ..sources import names
from . import typology
from .gains import BASELINE
from .statistics import LEVEL, Array, spearman_interval, student_interval
from .typology import DISTANCE, RESOURCES
from .wording import between, named, signed

KINDS = ("raw", "centred")
FLOORS = ("raw floor", "centred floor")
LEAST = 20  # features: on fewer, languages of other families stand at no distance from English at all
POOR = 10.0  # percent: fifteen of the names, or fewer
_SOUTH_ASIA = ("Beng", "Deva", "Gujr", "Guru", "Knda", "Mlym", "Orya", "Sinh", "Taml", "Telu")
# Scripts in as many groups as a figure can tell apart.
SCRIPTS = {"Latn": "Latin", "Cyrl": "Cyrillic", "Arab": "Arabic"}
SCRIPTS |= dict.fromkeys(_SOUTH_ASIA, "of South Asia")
OTHER = "another"
# What may predict a score: its column, and what a table calls it.
PREDICTORS = {
    DISTANCE: "distance from English",
    RESOURCES: "text in CC-100",
    "latin": "Latin script",
    "names": "names in CLDR",
    "centred floor": "layer 0, centred",
}


def layers(table: pd.DataFrame) -> pd.DataFrame:
    """The accuracies at every layer out of a table of results: recipe, language, layer, raw and centred."""
    rows = table[table["metric"].str.startswith("layer ")]
    parts = rows["metric"].str.extract(r"layer (?P<layer>\d+)(?P<kind> centred)?")
    rows = rows.assign(layer=parts["layer"].astype(int), kind=parts["kind"].fillna(" raw").str.strip())
    keys = ["recipe", "language", "layer"]
    return rows.pivot_table(index=keys, columns="kind", values="value", sort=False)[list(KINDS)].reset_index()


def curves(found: pd.DataFrame) -> pd.DataFrame:
    """Means over languages as a figure draws them: recipe, layer, kind, estimate, without intervals."""
    means = found.groupby(["recipe", "layer"], sort=False)[list(KINDS)].mean().reset_index()
    long = means.melt(["recipe", "layer"], list(KINDS), "kind", "estimate").sort_values(
        "recipe", key=lambda names: names != BASELINE, kind="stable"
    )
    return long.assign(low=float("nan"), high=float("nan"))


def profile(found: pd.DataFrame, layer: int) -> pd.DataFrame:
    """One row a language: what CLDR and URIEL say of it, and its accuracies with the untouched encoder.

    code, name, script, group (of scripts), latin, names, same, distance, resources; "raw floor" and "centred
    floor" are layer 0, `raw` and `centred` are `layer`, and "{recipe} raw", "{recipe} centred" what a recipe
    changes of these.
    """
    here = found[found["layer"] == layer].set_index("language")
    before = here[here["recipe"] == BASELINE]
    lowest = found[(found["layer"] == 0) & (found["recipe"] == BASELINE)].set_index("language")
    known = pd.DataFrame([names.about(code) for code in before.index]).set_index("code", drop=False)
    apart = typology.distances({code: names.iso3(code) for code in known.index})
    facts = {row["code"]: row[RESOURCES] for row in typology.real(known.index)}
    known = known.assign(
        group=known["script"].map(SCRIPTS).fillna(OTHER),
        latin=(known["script"] == "Latn").astype(float),
        **{RESOURCES: known["code"].map(facts)},
        **{DISTANCE: [apart[code][0] if apart[code][1] >= LEAST else float("nan") for code in known.index]},
        **{f"{kind} floor": lowest[kind] for kind in KINDS},
        **{kind: before[kind] for kind in KINDS},
    )
    for recipe in here["recipe"].unique():
        if recipe != BASELINE:
            change = here.loc[here["recipe"] == recipe, list(KINDS)] - before[list(KINDS)]
            known = known.join(change.add_prefix(f"{recipe} "))
    return known.reset_index(drop=True)


def trained(rows: pd.DataFrame) -> list[str]:
    """The recipes whose changes `profile` holds."""
    return [column.removesuffix(" raw") for column in rows if column.endswith(" raw")]


def placed(rows: pd.DataFrame) -> pd.DataFrame:
    """The languages of known distance as a figure draws them, centred, the commonest scripts first."""
    near = rows.dropna(subset=[DISTANCE]).rename(columns={"centred": "estimate"})
    many = near.groupby("group")["code"].transform("size")
    near = near.assign(low=float("nan"), high=float("nan"), target="names", many=many)
    return near.sort_values("many", ascending=False, kind="stable")


def told(rows: pd.DataFrame, level: float = LEVEL) -> dict[str, str]:
    """What `profile` holds, for sentences: counts, means in percent, and what each training changes."""
    poor = rows[rows["centred"] < POOR]
    changes = []
    for recipe in trained(rows):
        found = {kind: student_interval(rows[f"{recipe} {kind}"], level) for kind in KINDS}
        words = listed(
            f"{signed(each.estimate)} points {kind} ({between(each)})" for kind, each in found.items()
        )
        risen = int((rows[f"{recipe} centred"] > 0).sum())
        changes.append(f"after {named(recipe)} {words}, and {risen} of {len(rows)} tables gain, centred")
    return {
        "languages": str(rows["code"].str.partition("-")[0].nunique()),
        "rows": str(len(rows)),
        **{name.replace(" ", "_"): number(rows[name].mean()) for name in (*FLOORS, *KINDS, "same")},
        "above": str(int((rows["centred"] > rows["centred floor"]).sum())),
        "poor": f"{len(poor)} of {len(rows)}",
        "poorest": listed(poor["name"]),
        "changes": "; ".join(changes),
    }


def by_script(rows: pd.DataFrame) -> pd.DataFrame:
    """Means of each group of scripts, in percent and points, with the number of languages."""
    changes = [f"{recipe} {kind}" for recipe in trained(rows) for kind in KINDS]
    groups = rows.groupby("group")
    means = groups[[*FLOORS, *KINDS, *changes]].mean().map(number)
    means.insert(0, "languages", groups.size())
    return _titled(means.sort_values("languages", ascending=False).rename_axis("script").reset_index())


def rewritten(rows: pd.DataFrame) -> pd.DataFrame:
    """The languages that are written in two scripts: what the encoder finds of the same words in either."""
    index = rows.set_index("code")
    shown = [code for code in index.index if "-" in code and code.partition("-")[0] in index.index]
    parts = []
    for code in shown:
        for each in (code.partition("-")[0], code):
            row = index.loc[each]
            parts.append({"language": index.loc[each.partition("-")[0], "name"], "script": row["script"],
                          **{name: number(row[name]) for name in (*FLOORS, *KINDS)}})  # fmt: skip
    return _titled(pd.DataFrame(parts).drop_duplicates(ignore_index=True))


def listing(rows: pd.DataFrame) -> pd.DataFrame:
    """Every language as a table shows it, from the best found to the worst."""
    changes = [f"{recipe} {kind}" for recipe in trained(rows) for kind in KINDS]
    shown = rows.sort_values("centred", ascending=False)
    percents = shown[["same", *FLOORS, *KINDS, *changes]].map(number)
    shown = shown[["name", "code", "script", DISTANCE, "names"]].join(percents)
    return _titled(shown)


def together(codes: Sequence[str]) -> pd.DataFrame:
    """What is named in all of `codes`: a row for each thing, a column for each language, English first."""
    found: dict[str, dict[str, str]] = {}
    for code in codes:
        for row in names.rows(code):
            language, _, thing = row["id"].rpartition("-")
            found.setdefault(language, {})[thing] = row["sentence"]
    return pd.DataFrame(found)[["en", *codes]].dropna().sort_index()


def plane(vectors: Mapping[str, Array]) -> dict[str, Array]:
    """Vectors of the same names, (languages, names, width) for each recipe, on the two axes along which those
    of the first recipe vary most: {recipe and kind: (languages, names, 2)}.

    Raw, one mean of all is taken out, which moves everything and no two apart; centred, each language's own.
    """
    first = next(iter(vectors.values()))
    spread = (first - first.mean(axis=(0, 1))).reshape(-1, first.shape[-1])
    axes = np.linalg.svd(spread, full_matrices=False)[2][:2].T
    return {
        f"{named(recipe)}, {kind}": (each - each.mean(axis=over, keepdims=True)) @ axes
        for recipe, each in vectors.items()
        for kind, over in zip(KINDS, ((0, 1), 1), strict=True)
    }


def parted(points: Mapping[str, Array]) -> pd.DataFrame:
    """How much of the variance on a `plane` lies between languages, in percent: panel, estimate."""
    shares = [each.mean(axis=1).var(axis=0).sum() / each.var(axis=(0, 1)).sum() for each in points.values()]
    return pd.DataFrame({"panel": list(points), "estimate": 100 * np.array(shares)})


def freed(vectors: Mapping[str, Array]) -> pd.DataFrame:
    """Names found in percent, mean over the languages after the first (English), as more is taken out of the
    vectors (`plane`): nothing, one mean of all, each language's own."""
    table = []
    for recipe, each in vectors.items():
        means = 0.0, each.mean(axis=(0, 1)), each.mean(axis=1, keepdims=True)
        line: dict[str, object] = {"encoder": named(recipe)}
        for words, mean in zip(("nothing", "one mean of all", "each language's mean"), means, strict=True):
            english, *others = each - mean
            hits = [mining.retrieve(english, other) == np.arange(len(english)) for other in others]
            line[words] = 100 * float(np.mean(hits))
        table.append(line)
    return pd.DataFrame(table)


def searchable(table: Styler, of: str) -> str:
    """A table as HTML, under a field that leaves those of its rows, which are `of` something, that hold what
    is typed."""
    rows = f"#T_{table.uuid} tbody tr"
    each = f"for (const row of document.querySelectorAll('{rows}'))"
    keep = "row.hidden = !row.textContent.toLowerCase().includes(this.value.toLowerCase())"
    field = f'<input type="search" oninput="{each} {keep}">'
    return f"<p><label>Show only {of} with {field}</label></p>{table.to_html()}"


def _titled(frame: pd.DataFrame) -> pd.DataFrame:
    """With the words of a table over its columns: "change, MultiNLI raw" of a recipe."""
    titles = {"name": "language", "names": "in CLDR", "same": "spelt as in English, %"}
    titles |= dict(zip(FLOORS, ("layer 0, raw", "layer 0, centred"), strict=True))
    changes = [column for column in frame if column.endswith(KINDS) and column not in KINDS]
    for recipe, _, kind in (column.rpartition(" ") for column in changes):
        titles[f"{recipe} {kind}"] = f"change, {named(recipe)} {kind}"
    return frame.rename(columns=titles)


def predicted(rows: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Spearman's correlation of each predictor with each score and change, in text: a row a predictor.

    Layer 0 is the last of them: what is found by spelling foretells what is found at all. Intervals take the
    languages as drawn one by one, which they are not: relatives and neighbours resemble each other.
    """
    scores = {"layer 0, centred": "centred floor", "raw": "raw", "centred": "centred"}
    scores |= {f"change, {named(name)}": f"{name} centred" for name in trained(rows)}
    table = []
    for column, words in PREDICTORS.items():
        line: dict[str, object] = {"predictor": words, "languages": int(rows[column].notna().sum())}
        for title, score in scores.items():
            found = spearman_interval(rows[column], rows[score], level)
            bounds = f"{signed(found.low, 2)} to {signed(found.high, 2)}"
            line[title] = NOTHING if column == score else f"{signed(found.estimate, 2)} ({bounds})"
        table.append(line)
    return pd.DataFrame(table)
