"""How the training runs went: their loss curves, and which of them learnt nothing.

>>> from xstilts_lib.analysis import training
>>> parts = [(run.recipe.name, run.seed, part, run.part_directory(part)) for part in run.parts]
>>> curves, summary = training.histories(parts)                     # doctest: +SKIP
>>> figures.Picture(training.learning_curves(curves), alt="Loss ...")        # doctest: +SKIP

A part that trains leaves history.json beside its manifest: rows of step, task, loss and tokens_per_second,
and what is said of the whole run (seconds, tokens, degenerate, reason).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from ..common.errors import UserError
from ..common.words import listed, plural
from . import figures as f
from . import picture
from .gains import BASELINE, FLOOR
from .wording import named, short

if TYPE_CHECKING:  # tables need no torch
    from ..training.state import History

HISTORY, MANIFEST = "history.json", "manifest.json"
PRETRAINING, INTERMEDIATE, TARGET, RETRIEVAL = "pretraining", "intermediate", "target", "retrieval"
LOST, TREATED = "learnt nothing", "with an intermediate task"  # kinds of curves, beside BASELINE and FLOOR
_CURVES: dict[str, dict[str, Any]] = {
    LOST: {"color": f.RED, "linestyle": "--", "marker": "x", "linewidth": 1.2, "zorder": 4},
    BASELINE: {"color": f.BLACK, "linewidth": 1.8, "zorder": 3},
    FLOOR: {"color": f.ORANGE, "linestyle": ":", "linewidth": 1.5, "zorder": 2},
    TREATED: {"color": picture.SKY, "linewidth": 0.9, "zorder": 1},
}
Part = tuple[str, int, str, Path]
"""Recipe, seed, name of the part, its directory."""
CURVE_COLUMNS = ["recipe", "seed", "phase", "part", "task", "step", "loss", "tokens_per_second", "degenerate"]
RUN_COLUMNS = [
    "recipe", "seed", "phase", "part", "steps", "tokens", "loss", "training", "seconds", "degenerate",
    "reason",
]  # fmt: skip


def histories(parts: Iterable[Part]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves (a row a task and stretch of updates) and runs (a row a part) of the parts that are done.

    `training` is the seconds of the loop alone, from the history; `seconds` those of the manifest. UserError
    where a history is not what it should be; a part without one (retrieval) has no training.
    """
    curves: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    for recipe, seed, part, directory in parts:
        if not (directory / MANIFEST).is_file():
            continue
        key = {"recipe": recipe, "seed": seed, "phase": phase(recipe, part), "part": part.rpartition("/")[2]}
        told = _read(directory / HISTORY) if (directory / HISTORY).is_file() else {}
        degenerate = bool(told.get("degenerate", False))
        rows = [{**key, **row, "degenerate": degenerate} for row in told.get("rows", [])]
        curves += rows
        last = {row["task"]: row["loss"] for row in rows}
        loss = sum(last.values()) / len(last) if last else float("nan")
        seconds = _read(directory / MANIFEST).get("seconds", float("nan"))
        said = {name: told.get(name, 0) for name in ("steps", "tokens")} | {"reason": told.get("reason", "")}
        spent = {"training": told.get("seconds", 0.0), "seconds": seconds}
        runs.append({**key, **said, **spent, "loss": loss, "degenerate": degenerate})
    return pd.DataFrame(curves, columns=CURVE_COLUMNS), pd.DataFrame(runs, columns=RUN_COLUMNS)


def phase(recipe: str, part: str) -> str:
    """The phase that a part belongs to."""
    if part == "encoder":
        return PRETRAINING if recipe == "none" else INTERMEDIATE
    return RETRIEVAL if part == "retrieval" else TARGET


def told(runs: pd.DataFrame) -> str:
    """In one sentence, whether every training run learnt something; those that did not are named."""
    trained = runs[runs["training"] > 0]
    lost = trained[trained["degenerate"]]
    if lost.empty:
        return f"All {plural(len(trained), 'training run')} learnt something."
    names = listed(f"{row.recipe}, {row.part}, seed {row.seed} ({row.reason})" for row in lost.itertuples())
    return f"{len(lost)} of {plural(len(trained), 'training run')} learnt nothing, and still count: {names}."


def learning_curves(curves: pd.DataFrame, panel: str = "task", smoothing: int = 1) -> Figure:
    """Training loss against the update: a panel for each value of the column `panel`, a line a run and task.

    From `histories`. `smoothing` rows are averaged. The baseline is drawn bold, the floor dotted, a
    degenerate run dashed with a cross at its end.
    """
    names = list(dict.fromkeys(curves[panel]))
    figure, panels = f.panel_grid([1.75] * len(names), legend=True, share="")
    kinds: dict[str, Any] = {}
    for axes, name in zip(panels, names, strict=False):
        for (recipe, _, _), run in curves[curves[panel] == name].groupby(
            ["recipe", "seed", "task"], sort=False
        ):
            loss = run["loss"].rolling(smoothing, min_periods=1).mean()
            kind = LOST if run["degenerate"].any() else recipe if recipe in _CURVES else TREATED
            kinds[kind] = axes.plot(run["step"], loss, markevery=[-1], label=named(kind), **_CURVES[kind])[0]
        axes.set_title(short(str(name)), loc="left")
    figure.legend(handles=list(kinds.values()), loc="outside upper left", ncols=2, frameon=False)
    f.label_outer(panels, "update", "loss")
    return figure


def learning_curve(history: History, recipe: str, seed: int) -> picture.Picture:
    """learning_curves of one training, from its History, with words for those who cannot see it."""
    rows = pd.DataFrame(history.rows).assign(recipe=recipe, seed=seed, degenerate=history.degenerate)
    first, last = (f"{rows['loss'].iloc[end]:.2f}" for end in (0, -1))
    alt = "Training loss against the update, a panel a task."
    return picture.Picture(learning_curves(rows), f"{alt} It begins at {first} and ends at {last}.")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{'/'.join(path.parts[-4:])} cannot be read ({error}); run the experiment again."
        ) from None
    for row in content.get("rows", []):
        lacking = [name for name in ("step", "task", "loss", "tokens_per_second") if name not in row]
        if lacking:
            raise UserError(f"{'/'.join(path.parts[-4:])}: a row of the history has no {lacking[0]!r}.")
    return dict(content)
