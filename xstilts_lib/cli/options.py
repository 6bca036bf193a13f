"""What several commands share: arguments, options and their values, and how an experiment is found."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..common import places
from ..common.errors import UserError

PLACES = (places.HOME, places.RUNS, places.FEATURES, places.CACHE, "XSTILTS_DATA", "XSTILTS_EXPERIMENTS")

ExperimentName = Annotated[
    str, typer.Argument(help="A name from experiments/, or a YAML file.", metavar="EXPERIMENT")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="The folder of the data sets, for `source: {kind: files}`.")
]


class Format(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class SourceKind(StrEnum):
    """Where examples come from."""

    files = "files"
    hub = "hub"
    miniature = "miniature"


class Counts(StrEnum):
    """Whether a split must have as many rows as its publisher states."""

    exact = "exact"
    any = "any"


class Benchmark(StrEnum):
    """Whose rules scores follow."""

    xtreme = "xtreme"
    xtreme_r = "xtreme-r"


class Margin(StrEnum):
    """How a pair stands out from its neighbours."""

    ratio = "ratio"
    distance = "distance"
    absolute = "absolute"


class Strategy(StrEnum):
    """Which pairs are kept."""

    max = "max"
    intersection = "intersection"
    forward = "forward"
    backward = "backward"


def load(name: str, data: Path | None = None) -> Any:
    """The experiment, and the folders that the processes below are to find it and its data in."""
    from .. import experiment as experiments

    if data is not None and not data.is_dir():
        raise UserError(f"--data {data} is not a folder.")
    loaded = experiments.load_experiment(name, data)
    if os.environ.get(experiments.EXPERIMENTS) or loaded.file.parent != places.experiments().resolve():
        os.environ[experiments.EXPERIMENTS] = str(loaded.file.parent)
    return loaded
