"""The results on real files, as the book shows them: from the runs, or else from the record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..common import places
from ..common.errors import UserError
from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from . import markup, tables

if TYPE_CHECKING:
    import pandas

REAL = "real-small"
NOT_RUN = """```{{admonition}} Not run here
:class: note
When this book was rendered, the experiment `{name}` had not been run on this machine, and the project keeps
no record of its results. Run it as shown above, then render again with `xstilts book`.
```"""


def results_table() -> str:
    """Recipes by targets, in percent, with intervals over seeds; or the word that nothing was run.

    UserError where the results are of other recipes and targets than the experiment's file names.
    """
    if REAL not in available():
        return NOT_RUN.format(name=REAL)
    experiment = load_experiment(REAL)
    frame, origin = _table(experiment)
    if frame is None:
        return NOT_RUN.format(name=REAL)
    rows = tables.summarise(experiment, frame)
    if not rows:
        raise UserError(
            f"The results of {REAL!r} ({origin}) hold no recipe and target that the experiment's file names."
        )
    seeds = max(row["seeds"] for row in rows)
    caption = (
        f"Experiment {markup.code(REAL)}: percent, mean over the languages other than English, "
        f"{seeds} seed{'s' if seeds != 1 else ''}; in brackets the 95 % interval over seeds where there are "
        "several."
    )
    provenance = sorted(frame["provenance"].dropna().unique())
    shown = _cross_table(rows, list(experiment.targets), caption)
    return f"{shown}\n\nRead from {origin}; the first of its parts: {markup.text(provenance[0])}."


def _cross_table(rows: list[dict[str, Any]], targets: list[str], caption: str) -> str:
    cells = {(row["recipe"], row["target"]): _score(row) for row in rows}
    shown = [name for name in targets if any(row["target"] == name for row in rows)]
    recipes = dict.fromkeys(row["recipe"] for row in rows)
    body = [[markup.code(name), *(cells.get((name, target), "") for target in shown)] for name in recipes]
    return markup.table(["Recipe", *map(markup.code, shown)], body, caption, "table-real-small")


def _score(row: dict[str, Any]) -> str:
    if math.isnan(row["low"]):
        return f"{row['mean']:.1f}"
    return f"{row['mean']:.1f} ({row['low']:.1f} to {row['high']:.1f})"


def _table(experiment: Experiment) -> tuple[pandas.DataFrame | None, str]:
    import pandas

    if results.path(experiment).is_file():
        return pandas.read_parquet(results.path(experiment)), "the runs on this machine"
    if records.path(experiment).is_file():
        kept = markup.code(places.relative(records.path(experiment)))
        return records.read(experiment), f"the record {kept}"
    return None, ""
