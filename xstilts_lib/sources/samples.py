"""Which of a training set's examples a limit takes: a draw from the run's seed, of each part its share.

>>> rows = drawn(source.load("anli_plus", "train"), task("anli_plus"), 1000, seed=0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..common.errors import UserError

if TYPE_CHECKING:
    from datasets import Dataset

    from ..tasks import Task


def drawn(rows: Dataset, task: Task, number: int, seed: int) -> Dataset:
    """`number` of the rows, in their order, drawn from `seed` without replacement; all where there are fewer.

    Of a task that others make up each part gives its share, of running text each language. Where rows have
    two sides, queries are drawn, and the candidates that answer them stay. A smaller draw from the same seed
    lies within a larger one, but for a row of a part where the shares are rounded the other way.
    """
    kept = _draw(rows, task, number, seed)
    return rows if kept is None else rows.select(sorted(kept))


def others(rows: Dataset, task: Task, number: int, seed: int) -> Dataset:
    """The rows that `drawn` leaves, in their order; UserError where it leaves none."""
    kept = _draw(rows, task, number, seed)
    if kept is None:
        raise UserError(
            f"{task.name}: a target trains on {number:,} of its {len(rows):,} examples, and none is left for "
            "the intermediate phase: set the target's `examples` lower."
        )
    return rows.select([place for place in range(len(rows)) if place not in kept])


def _draw(rows: Dataset, task: Task, number: int, seed: int) -> set[int] | None:
    """The places of the rows drawn; None for all of them."""
    sides = rows["side"][:] if "side" in rows.column_names else ["query"] * len(rows)
    groups: dict[str, list[int]] = {}
    for place, (part, side) in enumerate(zip(_parts(rows, task), sides, strict=True)):
        if side == "query":
            groups.setdefault(part, []).append(place)
    sizes = [len(places) for places in groups.values()]
    if number >= sum(sizes):
        return None
    kept: set[int] = set()
    for index, (places, share) in enumerate(zip(groups.values(), shares(sizes, number), strict=True)):
        order = np.random.default_rng((seed, 6, index)).permutation(len(places))
        kept.update(places[place] for place in order[:share].tolist())
    if "side" in rows.column_names:
        ids, mates = rows["id"][:], rows["mate"][:]
        asked = {mates[place] for place in kept}
        kept.update(place for place, side in enumerate(sides) if side != "query" and ids[place] in asked)
    return kept


def _parts(rows: Dataset, task: Task) -> Sequence[str]:
    """The part of the training set that each row belongs to."""
    if task.parts:  # which the ids of its rows begin with
        return [name.partition("-")[0] for name in rows["id"][:]]
    return rows["language"][:] if task.format == "text" else [""] * len(rows)


def shares(sizes: Sequence[int], number: int) -> list[int]:
    """`number` divided in proportion to `sizes`, by largest remainder.

    >>> shares([549, 392, 162], 10)
    [5, 4, 1]
    """
    total = sum(sizes)
    found = [number * size // total for size in sizes]
    rest = sorted(range(len(sizes)), key=lambda index: -(number * sizes[index] % total))
    for index in rest[: number - sum(found)]:
        found[index] += 1
    return found
