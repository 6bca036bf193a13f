"""Coverage in simulation, small: benchmarks/coverage.py with fewer worlds, and the bounds that they allow."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import pytest


def program() -> Any:
    """The benchmark as a module, under a name that the package coverage does not have."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


coverage = program()
SETTINGS = coverage.settings()
# Loops over worlds: fewer of them, and of each method one.
SLOW = {"mixed.fit": 4, "spearman_interval": 300, "p_holm": 150, "paired_p": 200}


def chosen(kind: str) -> list[Any]:
    """One setting a method, the first: the others are for the program."""
    methods: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.kind == kind:
            methods.setdefault(setting.method, setting)
    return list(methods.values())


def share(setting: Any) -> tuple[float, int]:
    worlds = SLOW.get(setting.method, 400)
    return coverage.measure(setting, worlds)[0], worlds


@pytest.mark.parametrize("setting", chosen("interval"), ids=lambda setting: setting.method)
def test_intervals_hold_the_truth(setting) -> None:
    """In 93 to 97 % of worlds, within three standard errors of a share of so many worlds."""
    found, worlds = share(setting)
    assert 0.93 - 3 * math.sqrt(0.93 * 0.07 / worlds) <= found
    assert found <= 0.97 + 3 * math.sqrt(0.97 * 0.03 / worlds)


@pytest.mark.parametrize("setting", chosen("test"), ids=lambda setting: setting.method)
def test_tests_err_in_one_case_of_twenty(setting) -> None:
    found, worlds = share(setting)
    assert found <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)


def test_what_is_not_recommended_does_not_cover() -> None:
    """Student's interval of five skewed gains, and an uncorrected table: the simulation can tell."""
    beside = {(setting.method, setting.world): setting for setting in SETTINGS if setting.kind == "beside"}
    narrow = beside["student_interval", "5 seeds, skewed (exponential) gains"]
    assert coverage.measure(narrow, 600)[0] < 0.90
    bold = beside["p without correction", "81 x 40 cells, 5 seeds"]
    assert coverage.measure(bold, 5)[0] == 1
