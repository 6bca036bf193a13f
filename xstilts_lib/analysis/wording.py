"""Numbers as a reader meets them: signs, intervals, captions, descriptions, tables of text.

>>> from xstilts_lib.analysis.wording import chance, signed
>>> signed(-3.14), chance(0.0004)
('−3.1', 'p < 0.001')

What a page says in numbers is computed here and glued into its prose, so no number is typed where it could go
stale.
"""

from __future__ import annotations

import functools
import html
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from IPython.display import HTML
from pandas.io.formats.style import Styler

from ..common.errors import UserError
from ..common.words import MINUS, NOTHING, number, plural
from ..sources.miniature.languages import FURTHER, LANGUAGES
from ..sources.selection import ENGLISH
from ..tasks import TASKS, task
from ..tasks.recipe import NONE, UNTRAINED, parse
from . import typology
from .statistics import LEVEL, Interval

PREFIX = "mini_"
MOST_LAYERS = 500  # no encoder has more, and none has fewer parameters
NAMED = ("recipe", "target", "comparison")  # the columns of a table that hold names of recipes and tasks
JUDGED = "verdict"
SAID = (
    "The verdict is on the claim that there is a difference: supported where the interval leaves out zero, "
    "contradicted where it lies within the margin, inconclusive otherwise"
)
SPOKEN = ("language", "more", "less")  # those that hold codes of languages


def signed(value: float, digits: int = 1) -> str:
    """`value` with its sign: a gain."""
    text = number(value, digits)
    return text if text.startswith(MINUS) or text == NOTHING or not float(text) else f"+{text}"


def between(interval: Interval, digits: int = 1) -> str:
    """The bounds of an interval, with its level."""
    return f"{interval.level:.0%} interval {signed(interval.low, digits)} to {signed(interval.high, digits)}"


def bounds(low: float, high: float) -> str:
    """The bounds of an interval for a table."""
    return f"{signed(low)} to {signed(high)}" if math.isfinite(low) else NOTHING


def chance(p: float, name: bool = True) -> str:
    """A p-value, never rounded to nothing: "p = 0.012", "p < 0.001"; without its `name` for a table."""
    if not math.isfinite(p):
        return NOTHING
    text = "< 0.001" if p < 0.001 else f"= {p:.3f}"
    return f"p {text}" if name else text.removeprefix("= ")


def named(text: object) -> str:
    """A recipe, a target, or one recipe less another, as people call them; any other text as it is.

    A task of the miniature is called by the real one: beside every number stands which experiment it is of.

    >>> named("mini_mnli+mini_squad-then-mini_ccg"), named("none")
    ('MultiNLI + SQuAD, then CCG supertagging', 'untouched encoder')
    >>> named("squad_v1@de less squad_v1")
    'SQuAD in German less SQuAD'
    """
    sides = str(text).split(" less ")
    try:
        return " less ".join(map(_recipe, sides))
    except UserError:
        return str(text)


def _recipe(name: str) -> str:
    if name in TASKS:
        return _ingredient(name, ENGLISH)
    recipe = parse(name)
    if not recipe.steps:
        return {NONE: "untouched encoder", UNTRAINED: "random weights"}[recipe.root]
    steps = [" + ".join(_ingredient(one.task, one.language) for one in step.tasks) for step in recipe.steps]
    if len(steps) > 1 and len(set(steps)) == 1:
        return f"{steps[0]} in {len(steps)} times as many tokens"
    return ", then ".join(steps)


def _ingredient(name: str, code: str) -> str:
    real = {"squad": "squad_v1"}.get(task(name).counterpart, task(name).counterpart)
    title = TASKS.get(real, task(name)).title.removesuffix(" 1.1")
    if re.match("[A-Z][a-z]+ [a-z]", title):  # a description, and no proper name
        title = title[0].lower() + title[1:]
    return title if code == ENGLISH else f"{title} in {language(code)}"


def language(code: str) -> str:
    """The name of a language, real or of the miniature; of one that nobody names, its code."""
    return _languages().get(code, code)


@functools.cache
def _languages() -> dict[str, str]:
    real = typology.facts().set_index("code")["name"].to_dict()
    return real | {code: one.name for code, one in {**LANGUAGES, **FURTHER}.items()}


def short(name: str, width: int = 17) -> str:
    """A task, a target or a recipe as a figure names it: steps on lines of their own, each of at most `width`
    characters where words allow.

    >>> short("mini_mnli+mini_squad-then-mini_ccg")
    'MultiNLI + SQuAD\\nthen CCG\\nsupertagging'
    """
    steps = named(name).replace(", then ", "\nthen ").split("\n")
    # A space that does not break keeps the plus at the end of its line.
    joined = [step.replace(" + ", "\u00a0+ ") for step in steps]
    lines = [line for step in joined for line in textwrap.wrap(step, width, break_long_words=False)]
    return "\n".join(lines).replace("\u00a0", " ")


def size(parameters: float) -> str:
    """A number of parameters, or of layers, as an axis names it.

    >>> size(131072), size(560e6), size(10.7e9), size(12)
    ('0.13M', '560M', '10.7B', '12 layers')
    """
    if parameters < MOST_LAYERS:
        return f"{parameters:.0f} layers"
    for unit, name in ((1e9, "B"), (1e6, "M")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{name}"
    return f"{parameters / 1e6:.2g}M"


def breakable(text: object) -> str:
    """The name of a task or a recipe for a cell of HTML, which a narrow column may break at its joints.

    >>> breakable("mini_mnli+mini_squad")
    'mini_<wbr>mnli+<wbr>mini_<wbr>squad'
    """
    return re.sub(rf"({PREFIX}|(?<=\w)\+)(?=[a-z])", r"\1<wbr>", str(text))


def seeds(counts: Iterable[int]) -> str:
    """How many seeds there are behind something: "5 seeds", or "3 to 5 seeds" where cells differ."""
    counts = sorted({int(count) for count in counts})
    if not counts:
        return "no seed"
    return plural(counts[0], "seed") if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def bars(counts: Iterable[int], level: float = LEVEL) -> str:
    """What a caption says about the bars of a figure, from the numbers of seeds behind them."""
    counts = list(counts)
    if not counts or max(counts) < 2:
        return f"{seeds(counts)}, so no intervals"
    return f"bars are {level:.0%} intervals over {seeds(counts)} (Student's t)"


def cell(estimate: float, low: float, high: float, sign: bool = False) -> str:
    """An estimate with half the width of its interval: "57.2 ± 1.9"."""
    text = signed(estimate) if sign else number(estimate)
    half = (high - low) / 2
    # Spaces that do not break keep a cell on one line.
    return f"{text}\u00a0±\u00a0{half:.1f}" if math.isfinite(half) else text


def cells(
    frame: pd.DataFrame, sign: bool = True, columns: Sequence[str] = ("estimate", "low", "high")
) -> list[str]:
    """The `cell` of each row, from its estimate and the bounds of its interval."""
    return [cell(*row, sign) for row in frame[list(columns)].to_numpy(dtype=float)]


def grid(
    summary: pd.DataFrame, rows: Sequence[str], columns: Sequence[str], sign: bool = False
) -> pd.DataFrame:
    """A summary as a table of text, recipes by targets, each cell an estimate with half its interval."""
    texts = summary.assign(text=cells(summary, sign)).pivot(index="recipe", columns="target", values="text")
    return texts.reindex(index=rows, columns=columns).fillna(NOTHING).rename_axis(columns=None)


def side_by_side(
    found: pd.DataFrame, frame: pd.DataFrame, by: str, value: str = "score", level: float = LEVEL
) -> pd.DataFrame:
    """typology.contrasts of the pairs for each of `by` (model, target) apart, as text: property, more, less,
    and a column for each."""
    parts = frame.groupby(by, sort=False)
    each = pd.concat(
        typology.contrasts(found, part, value, level).assign(**{by: name}) for name, part in parts
    )
    wide = each.assign(text=cells(each)).pivot(index=["property", "more", "less"], columns=by, values="text")
    return wide.reindex(columns=list(parts.groups)).rename_axis(columns=None).reset_index()


def judging(margin: float) -> str:
    """The heading of a column of verdicts on differences (answers.shown), by which its table is known."""
    return f"{JUDGED} (±{margin:g} points)"


def shown(frame: pd.DataFrame, caption: str, badge: str = "") -> Styler | HTML:
    """A table as a page shows it: with a caption, without row numbers, the same HTML every time.

    Recipes, tasks and languages go by their names. `badge` says whose numbers they are (records.badge). Of a
    table without rows a sentence is left.
    """
    caption = f"{caption} ({badge})" if badge else caption
    if any(str(name).startswith(f"{JUDGED} (") for name in frame):
        caption = f"{caption}. {SAID}"
    if frame.empty:
        return HTML(f"<p>Nothing can be shown yet of this table: {html.escape(caption)}.</p>")
    if frame.index.name:
        frame = frame.reset_index()
    words = "-".join(re.findall(r"[a-z]+", caption.lower())[:4])
    for columns, say in ((NAMED, named), (SPOKEN, language)):
        frame = frame.assign(**{name: frame[name].map(say) for name in columns if name in frame})
    targets = {name for name in frame if name in TASKS and task(name).role == "target"}
    frame = frame.rename(columns=lambda name: named(name) if name in targets else name)
    styled = frame.style.format(precision=2, na_rep=NOTHING).hide(axis="index")
    texts = [column for column in frame.columns if pd.api.types.is_object_dtype(frame[column].dtype)
             or pd.api.types.is_string_dtype(frame[column].dtype)]  # fmt: skip
    styled = styled.format(_text, subset=texts, precision=2, na_rep=NOTHING)
    styled = styled.format_index(breakable, axis="columns")
    # A caption in the middle of a table that is wider than a phone would not be seen.
    styled = styled.set_table_styles([{"selector": "caption", "props": "text-align: left"}])
    return styled.set_caption(caption).set_uuid(words)


def _text(value: object) -> object:
    return breakable(value) if isinstance(value, str) else value


def complete(lacking: pd.DataFrame) -> str:
    """Whether an experiment was run to its end, from gains.unpaired."""
    if lacking.empty:
        return "Every recipe has been scored on every target with every seed."
    row = lacking.iloc[0]
    first = f"{named(row['recipe'])} on {named(row['target'])} with seed {row['seed']}"
    return f"Not everything has been run: {plural(len(lacking), 'score')} absent, the first {first}."


def largest(summary: pd.DataFrame, level: float = LEVEL) -> str:
    """The one sentence of a table of gains (gains.summary): its largest gain, and whether that is chance."""
    known = summary[summary["estimate"].notna()]
    if known.empty:
        return "No recipe with an intermediate task has been scored."
    row = known.loc[known["estimate"].idxmax()]
    where = f"for {named(row['target'])} after {named(row['recipe'])}"
    size = f"The largest gain is {signed(row['estimate'])} points, {where}"
    if not math.isfinite(row["low"]):
        return f"{size}; {plural(int(row['seeds']), 'seed')} cannot say whether that is more than chance."
    bounds = between(Interval(row["estimate"], row["low"], row["high"], row["seeds"], level))
    held = row["p_holm"] < 1 - level
    verdict = "is more than chance" if held else "may be chance"
    corrected = f"{chance(row['p_holm'])} after Holm's correction"
    return f"{size} ({bounds}); of {len(known)} gains looked at, it {verdict} ({corrected})."


def answered(
    table: pd.DataFrame,
    subject: str,
    up: str,
    down: str,
    by: Sequence[str] = ("recipe", "target"),
    unit: str = "points",
    level: float = LEVEL,
) -> str:
    """What a table of differences says, in two sentences: how often `subject` surely does what `up` and what
    `down` say, and where most.

    `table` has a row a comparison, with the columns `by`, estimate, low, high and seeds. A difference is sure
    where its interval leaves out zero.

    >>> answered(summary, "A lesson", "helps", "harms")                  # doctest: +SKIP
    'A lesson helps in 1 of 2 comparisons; no other difference is sure. The largest sure difference is ...'
    """
    known = table[table["estimate"].notna()]
    if known.empty:
        return "Nothing that an answer could rest on has been measured yet."
    above, below = known["low"] > 0, known["high"] < 0
    ups, downs, all_of = int(above.sum()), int(below.sum()), len(known)
    begun = subject[:1].lower() + subject[1:]
    if known["low"].isna().all():
        told = f"One seed gives no interval, so it is open whether {begun} {up} or {down}."
    elif not ups + downs:
        where = f"In none of {all_of} comparisons is it sure that" if all_of > 1 else "It is open whether"
        told = f"{where} {begun} {up} or {down}."
    else:
        clauses = [f"{verb} in {count}" for verb, count in ((up, ups), (down, downs)) if count]
        clauses[0] += f" of {plural(all_of, 'comparison')}"
        rest = "; no other difference is sure" if ups + downs < all_of else ""
        told = f"{subject} {' and '.join(clauses)}{rest}."
    kept = known[above | below] if ups + downs else known
    row = kept.loc[kept["estimate"].abs().idxmax()].to_dict()
    size = f"{signed(row['estimate'])} {unit}"
    if math.isfinite(row["low"]):
        size += f" ({between(Interval(row['estimate'], row['low'], row['high'], row['seeds'], level))})"
    kind = "largest sure" if ups + downs else "largest"
    return f"{told} The {kind} difference is {size}: {', '.join(named(row[key]) for key in by)}."


def alt_text(
    what: str,
    summary: pd.DataFrame,
    by: Sequence[str] = ("recipe", "target"),
    unit: str = "points",
    sign: bool = True,
    most: int = 3,
) -> str:
    """A figure in words, from its own numbers: what is drawn, how many values, which are highest and lowest.

    `what` says what kind of figure it is and what its axes are; `summary` holds what is drawn, in the column
    estimate.
    """
    known = summary[summary["estimate"].notna()].sort_values("estimate", ascending=False)
    if known.empty:
        return f"{what} There is nothing to draw yet."

    written = signed if sign else number

    def named(row: dict[str, Any]) -> str:
        return (
            f"{', '.join(' '.join(short(str(row[key])).split()) for key in by)}: {written(row['estimate'])}"
        )

    rows = [named(row) for row in known.to_dict("records")]
    if len(rows) <= 2 * most:
        return f"{what} Values in {unit}: {'; '.join(rows)}."
    ends = f"The highest, in {unit}: {'; '.join(rows[:most])}. The lowest: {'; '.join(rows[-most:])}."
    return f"{what} {len(rows)} values. {ends}"


def glue_all(prefix: str, **values: object) -> None:
    """Make values, formatted already, available to the prose of the book as `{prefix}_{name}`."""
    from myst_nb import glue

    for name, value in values.items():
        glue(f"{prefix}_{name}", value if isinstance(value, (int, str)) else str(value), display=False)
