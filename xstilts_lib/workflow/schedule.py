"""How long steps that wait for one another take by so many places: GPUs, or slots of cores.

>>> schedule({"encoder": Step(100.0), "one": Step(10.0, needs=("encoder",)), "two": Step(30.0)}, places=2)
110.0
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Something to be done in one go, as the plan expects it."""

    seconds: float
    gpus: int = 1
    """Or other places; 0 = any machine does it, beside the rest."""
    needs: tuple[str, ...] = ()
    measured: bool = False
    """In an earlier run; else computed from the settings."""


def schedule(steps: Mapping[str, Step], places: float = math.inf) -> float:
    """Seconds until all steps are done, which stand in an order in which each comes after its needs.

    List scheduling: whenever places are free, that ready step starts from which the longest chain leads to
    the end. By infinitely many places this is the critical path; inf where a step needs more than there are.
    """
    if any(step.gpus > places for step in steps.values()):
        return math.inf
    left: dict[str, float] = defaultdict(float)  # from the end of each to the end of all
    followers: dict[str, list[str]] = defaultdict(list)
    for name, step in reversed(steps.items()):
        for need in step.needs:
            left[need] = max(left[need], step.seconds + left[name])
            followers[need].append(name)
    waits = {name: sum(need in steps for need in step.needs) for name, step in steps.items()}
    ready = [(-step.seconds - left[name], name) for name, step in steps.items() if not waits[name]]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and steps[ready[0][1]].gpus <= places:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + steps[name].seconds, name))
            places -= steps[name].gpus
        now, name = heapq.heappop(running)
        places += steps[name].gpus
        for follower in followers[name]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (-steps[follower].seconds - left[follower], follower))
    return now
