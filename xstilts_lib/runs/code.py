"""A hash of the library's own code, as far as it decides numbers: what other code computed is not done.

Comments, docstrings and layout do not count. What counts are rooms as a whole, and a few files of others; of
the settings and of the table of tasks, what a run uses counts.

>>> decides("miniature", evaluation=False) == decides("miniature", evaluation=False)
True
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ..common import checksums

_ROOT = Path(__file__).resolve().parents[1]
# Rooms and files behind an encoder; and those that turn one into scores, which may change without an encoder
# being trained again. All else carries numbers about, shows them, or starts what computes them.
_ENCODER = (
    "common/arithmetic.py", "common/textfiles.py", "formats", "models", "runs/pretraining.py", "sources",
    "training",
)  # fmt: skip
_SCORES = ("evaluation", "mining", "scoring", "sources/selection.py")
# What makes tables and sentences of scores.
_SHOWN = ("analysis", "runs/records.py", "runs/results.py")
_TABLES = (".csv", ".toml")  # data that code reads
SOURCES = ("files", "hub", "miniature")


@cache
def decides(source: str, evaluation: bool) -> str:
    """The hash of the code behind an encoder trained on `source`, or with `evaluation` behind scores."""
    return checksums.digest(
        [[file.relative_to(_ROOT).as_posix(), _dump(file)] for file in _files(source, evaluation)]
    )


@cache
def shows() -> str:
    """The hash of the code behind the tables and figures that are made of scores."""
    return checksums.digest([[file.name, _dump(file)] for file in _within(_SHOWN)])


def _files(source: str, evaluation: bool) -> Iterator[Path]:
    foreign = {_ROOT / "sources" / other for other in SOURCES if other != source}
    left_out = set() if evaluation else set(_within(_SCORES))
    for file in _within((*_ENCODER, *_SCORES) if evaluation else _ENCODER):
        if file not in left_out and not foreign.intersection(file.parents):
            yield file


def _within(places: Iterable[str]) -> list[Path]:
    """The files of rooms, and files named by themselves, each once and in order."""
    found = (_ROOT / place for place in places)
    every = (file for place in found for file in ([place] if place.suffix else place.rglob("*.*")))
    return sorted({file for file in every if file.suffix in (".py", *_TABLES)})


@cache
def _dump(file: Path) -> str:
    if file.suffix in _TABLES:
        return file.read_text(encoding="utf-8")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [statement for statement in body if not _is_text(statement)]
            node.body = kept  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
