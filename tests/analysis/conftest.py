"""A results table with known effects, to measure the analysis against."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs.results import write_scores
from xstilts_lib.runs.run import all_runs
from xstilts_lib.tasks import task

TARGETS = ("mini_xnli", "mini_udpos", "mini_tydiqa", "mini_tatoeba", "mini_bucc2018")
RECIPES = ("untrained", "none", "mini_squad", "mini_mnli", "mini_mnli+mini_squad")
LANGUAGES = ("en", "qaa", "qab", "qac", "qad", "qae", "qaf", "qag")
# Declared languages: two pairs differ in resources alone, one in word order alone, one in script alone.
DECLARED = [
    {"code": code, "name": name, "order": order, "script": script, "cognates": 0.25, "resources": text,
     "distance": far}
    for code, name, order, script, text, far in (
        ("en", "English", "SVO", "Latin", 1.0, 0.0),
        ("qaa", "Tolvish", "SVO", "Latin", 1.0, 0.1),
        ("qab", "Merrenic", "SVO", "Latin", 0.2, 0.1),
        ("qac", "Oskethi", "SOV", "Latin", 1.0, 0.3),
        ("qad", "Dunvarish", "SVO", "Cyrillic", 1.0, 0.4),
        ("qae", "Ilumay", "SOV", "Georgian", 1.0, 0.7),
        ("qaf", "Hasperic", "SOV", "Georgian", 0.2, 0.7),
        ("qag", "Quorzan", "VSO", "Armenian", 0.5, 0.8),
    )
]  # fmt: skip
DISTANCE = {row["code"]: row["distance"] for row in DECLARED}
RESOURCES = {row["code"]: row["resources"] for row in DECLARED}
Build = Callable[..., pd.DataFrame]


def results(
    effects: Mapping[tuple[str, str], float],
    seeds: Sequence[int] = (0, 1, 2, 3),
    noise: float = 0.5,
    recipes: Sequence[str] = RECIPES,
    targets: Sequence[str] = TARGETS,
    languages: Sequence[str] = LANGUAGES,
) -> pd.DataFrame:
    """Scores of 60, less 20 a unit of distance, plus 5 a unit of resources, plus the effects."""
    rng = np.random.default_rng(0)
    rows = []
    for recipe in recipes:
        for target in targets:
            for language in languages:
                if language == "en" and target in ("mini_tatoeba", "mini_bucc2018"):
                    continue
                for seed in seeds:
                    level = 30 if recipe == "untrained" else 60
                    value = level - 20 * DISTANCE[language] + 5 * RESOURCES[language]
                    value += effects.get((recipe, target), 0.0) + seed + noise * rng.normal()
                    row = {
                        "experiment": "test", "model": "tiny", "parameters": 1000, "recipe": recipe,
                        "target": target, "language": language, "seed": seed, "examples": 250,
                        "provenance": "test",
                    }  # fmt: skip
                    rows.append({**row, "metric": "accuracy", "value": value / 2})
                    rows.append({**row, "metric": "score", "value": value})
                    if language == "en":
                        rows.append({**row, "metric": "dev_score", "value": value + 1})
    return pd.DataFrame(rows)


@pytest.fixture
def build() -> Build:
    """`results`, for a test to call with its own effects."""
    return results


@pytest.fixture
def declared() -> list[dict[str, object]]:
    return [dict(row) for row in DECLARED]


@pytest.fixture
def finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leave the runs of an experiment as if it had been run: scores, histories, manifests."""

    def leave(name: str) -> None:
        monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "runs"))
        rng = np.random.default_rng(0)
        for run in all_runs(load_experiment(name)):
            for part in run.parts:
                directory = run.begin(part, computing=False)
                outputs = []
                if part != "retrieval":
                    outputs.append(_history(directory, (*run.tasks(part), "masked words")[0]))
                if part != "encoder":
                    level = 20.0 + 30 * (run.recipe.name != "untrained") + 9 * ("squad" in run.recipe.name)
                    outputs.append(_scores(directory, run.tasks(part), level, rng))
                parameters = {"base": 3000, "large": 10_000}.get(run.experiment.model.name, 1000)
                run.finish(part, outputs, seconds=30.0, extra={"model_parameters": parameters})

    return leave


def _scores(directory: Path, tasks: Sequence[str], level: float, rng: np.random.Generator) -> Path:
    metrics = ("accuracy", "f1", "exact_match")
    scores = {
        name: {code: dict.fromkeys(metrics, level + rng.normal()) for code in task(name).languages[:9]}
        for name in tasks
    }
    counts = {name: dict.fromkeys(languages, 20) for name, languages in scores.items()}
    return write_scores(directory, scores, counts)


def _history(directory: Path, name: str) -> Path:
    rows = [
        {"step": step, "task": name, "loss": 3 / step, "tokens_per_second": 900.0} for step in range(1, 9)
    ]
    told = {"rows": rows, "steps": 8, "tokens": 4000, "seconds": 20.0, "degenerate": False, "reason": ""}
    (directory / "history.json").write_text(json.dumps(told))
    return directory / "history.json"
