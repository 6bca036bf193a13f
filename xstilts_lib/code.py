"""A hash of the library's own code, as far as it decides numbers: what other code computed is not done.

Comments, docstrings and layout do not count, nor do the files named here, which carry numbers about; of the
settings and of the table of tasks, what a run uses counts. A file that is not named here counts as a whole.

>>> decides("miniature", evaluation=False) == decides("miniature", evaluation=False)
True
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from . import checksums

_ROOT = Path(__file__).resolve().parent
# What carries numbers about, shows them, or starts what computes them.
_NEUTRAL = {
    "__init__", "analyses", "analysis", "by_example", "checksums", "cli", "code", "cores", "costs",
    "data", "disk", "errors", "experiment", "graph", "jobs", "kernels", "manifest", "monitor", "notebook",
    "places", "plan", "processes", "progress", "recipe", "records", "rendering", "results", "runs",
    "settings", "strict", "tables", "tasks", "verification", "workflow",
}  # fmt: skip
# What turns an encoder into scores: it may change without an encoder being trained again.
_EVALUATION = {"evaluate", "mining", "retrieval", "scoring", "selection", "submission"}
# What makes tables and sentences of scores, beside the room `analysis`.
_SHOWN = ("results.py", "records.py", "by_example.py")
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
    files = [*sorted((_ROOT / "analysis").rglob("*.py")), *(_ROOT / name for name in _SHOWN)]
    return checksums.digest([[file.name, _dump(file)] for file in files])


def _files(source: str, evaluation: bool) -> Iterator[Path]:
    for file in sorted(_ROOT.rglob("*.py")):
        place = file.relative_to(_ROOT)
        room = place.parts[0].removesuffix(".py")
        foreign = room == "sources" and place.parts[1] in SOURCES and place.parts[1] != source
        if room not in _NEUTRAL and not foreign and (evaluation or room not in _EVALUATION):
            yield file


@cache
def _dump(file: Path) -> str:
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
