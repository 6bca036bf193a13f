"""How the training runs went: their loss curves, their speed, their time, and which of them learnt nothing.

>>> from xstilts_lib.analysis import training
>>> parts = [(run.recipe.name, run.seed, part, run.part_directory(part)) for part in run.parts]
>>> curves, summary = training.histories(parts)                     # doctest: +SKIP

A part that trains leaves history.json beside its manifest: rows of step, task, loss and tokens_per_second,
and what is said of the whole run (seconds, tokens, degenerate, reason).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ..common.errors import UserError
from ..common.words import duration, listed, plural

HISTORY, MANIFEST = "history.json", "manifest.json"
PRETRAINING, INTERMEDIATE, TARGET, RETRIEVAL = "pretraining", "intermediate", "target", "retrieval"
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


def times(runs: pd.DataFrame) -> pd.DataFrame:
    """Minutes by phase and task over all runs, in the order of the phases: phase, task, minutes, runs."""
    tasks = runs["part"].where(runs["phase"].isin([TARGET, RETRIEVAL]), runs["recipe"])
    tasks = tasks.mask(runs["phase"] == PRETRAINING, "encoder")
    grouped = runs.assign(task=tasks).groupby(["phase", "task"], sort=False)["seconds"]
    table = grouped.agg(minutes=lambda column: column.sum() / 60, runs="size").reset_index()
    order = {name: place for place, name in enumerate((PRETRAINING, INTERMEDIATE, TARGET, RETRIEVAL))}
    return table.sort_values("phase", key=lambda column: column.map(order), kind="stable").reset_index(
        drop=True
    )


def speeds(runs: pd.DataFrame) -> pd.DataFrame:
    """Tokens a second in each phase, over its runs: phase, runs, tokens, tokens_per_second, degenerate."""
    trained = runs[runs["training"] > 0]
    by_phase = trained.groupby("phase", sort=False)
    table = by_phase[["tokens", "degenerate"]].sum()
    table.insert(0, "runs", by_phase.size())
    table["tokens_per_second"] = table["tokens"] / by_phase["training"].sum()
    return table.reset_index()


def told(runs: pd.DataFrame) -> str:
    """In one sentence, whether every training run learnt something; those that did not are named."""
    trained = runs[runs["training"] > 0]
    lost = trained[trained["degenerate"]]
    if lost.empty:
        return f"All {plural(len(trained), 'training run')} learnt something."
    names = listed(f"{row.recipe}, {row.part}, seed {row.seed} ({row.reason})" for row in lost.itertuples())
    return f"{len(lost)} of {plural(len(trained), 'training run')} learnt nothing, and still count: {names}."


def most(table: pd.DataFrame) -> str:
    """In one sentence, which row of `times` took longest."""
    if table.empty:
        return "Nothing has been run."
    row = table.loc[table["minutes"].idxmax()]
    share = row["minutes"] / max(table["minutes"].sum(), 1e-9)
    size = f"{duration(60 * row['minutes'])}, {share:.0%} of all"
    return f"Most of it went into {row['task']} in the phase {row['phase']} ({size})."


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
