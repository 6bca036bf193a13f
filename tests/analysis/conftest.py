"""A results table with known effects, to measure the analysis against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

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
    return pd.DataFrame(rows)


@pytest.fixture
def build() -> Build:
    """`results`, for a test to call with its own effects."""
    return results


@pytest.fixture
def declared() -> list[dict[str, object]]:
    return [dict(row) for row in DECLARED]
