"""Where things stand on disk, wherever a notebook, a test or the command line is started from."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import UserError

HOME = "XSTILTS_HOME"  # the one environment variable that moves everything
RUNS = "XSTILTS_RUNS"  # moves the run directories alone
CACHE = "XSTILTS_CACHE"  # the folder for what can be computed or fetched again
FEATURES = "XSTILTS_FEATURES"  # the folder of lang2vec's features.npz, for distances of real languages
CHECKPOINTS = "checkpoint"  # the folder of a run that holds them


def home() -> Path:
    """The checkout: `$XSTILTS_HOME`, or else the folder that holds this package."""
    place = Path(os.environ.get(HOME) or Path(__file__).resolve().parents[2])
    if not (place / "experiments").is_dir():
        raise UserError(f"{place} holds no experiments/: set {HOME} to the folder of your checkout.")
    return place


def experiments() -> Path:
    return home() / "experiments"


def notebooks() -> Path:
    return home() / "notebooks"


def runs() -> Path:
    """The root of all run directories: `$XSTILTS_RUNS`, or else runs/ in the checkout."""
    return Path(os.environ.get(RUNS) or home() / "runs")


def features() -> Path | None:
    """The folder of lang2vec's features, as `$XSTILTS_FEATURES` names it."""
    place = os.environ.get(FEATURES)
    return Path(place) if place else None


def cache() -> Path:
    """Where archives are unpacked and checksums remembered: `$XSTILTS_CACHE`, or else ~/.cache/xstilts."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "xstilts")


def book() -> Path:
    return home() / "book"


def relative(path: Path | str) -> str:
    """`path` as a reader should see it: relative to the checkout where it lies inside, its name elsewhere."""
    path = Path(path).resolve()
    for root in (home(), runs().parent):
        if path.is_relative_to(root.resolve()):
            return path.relative_to(root.resolve()).as_posix()
    return path.name
