"""The table of tasks: one row a task, and nothing about a task stands anywhere else.

>>> from xstilts_lib.tasks import TASKS, task
>>> task("mini_tydiqa").train
'mini_tydiqa'
"""

from __future__ import annotations

from collections.abc import Mapping

from ..common.errors import UserError, nearest
from .table import ENTITIES, MINIATURE, NLI, NO_ANSWER, ROWS, UPOS, FormatName, Metric, Role, Task, size

__all__ = [
    "ENTITIES", "MINIATURE", "NLI", "NO_ANSWER", "TASKS", "UPOS", "FormatName", "Metric", "Role", "Task",
    "size", "task",
]  # fmt: skip

TASKS: Mapping[str, Task] = {row.name: row for row in ROWS}


def task(name: str) -> Task:
    """The row called `name`; a UserError with the nearest valid name where there is none."""
    if name not in TASKS:
        raise UserError(f"There is no task {name!r}: {nearest(name, TASKS)}")
    return TASKS[name]
