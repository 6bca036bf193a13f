"""mini_hellaswag: which of four endings restates the prompt, or a part of it.

Two parts of an event are given two values each; the four endings are the four combinations, and the prompt
states one of them. So every ending is as likely as the others until the prompt is read, and none is closer
to the rest than another. Where the prompt tells two events, the values that are wrong of the one are right
of the other: counting words that the prompt and an ending share does not help there, nor where the roles
are exchanged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .changes import PARTS, changed, swappable
from .grammar import PARTS as ASKED
from .grammar import Event, Grammar, clauses, write
from .world import World

TWO_EVENTS = 0.3  # share of prompts that tell two events


class Choice(NamedTuple):
    prompt: tuple[Event, ...]
    endings: tuple[Event, ...]
    label: int

    def contents(self) -> Iterator[Event]:
        yield from self.prompt
        yield from self.endings


def row(item: Choice, grammar: Grammar, rng: random.Random) -> dict:
    """The columns of the choice format, the id apart; the prompt and every ending have their forms drawn
    independently."""
    return {
        "prompt": write([clauses(grammar, item.prompt, rng)])[0],
        "choices": [write([clauses(grammar, (event,), rng)])[0] for event in item.endings],
        "label": item.label,
    }


def restatement(world: World, rng: random.Random, split: str, label: int) -> Choice | None:
    """One item of mini_hellaswag; `label` is the place of the right ending."""
    if rng.random() < TWO_EVENTS:
        return _exchanged(world, rng, split, label)
    kind = "social" if rng.random() < 0.6 else "thing"
    event = world.event(rng, split, kind=kind, general=0.0, place=0.5, time=0.4, adjective=0.4)
    one, two = rng.sample(PARTS, 2)
    if swappable(world, event, split) and rng.random() < 0.7:
        one = "roles"
    a, b = changed(world, rng, event, one, split), changed(world, rng, event, two, split)
    if a is None or b is None:
        return None
    both = _combined(event, a, b)
    if both is None or not world.possible(both, split) or len({event, a, b, both}) < 4:
        return None
    endings = [event, a, b, both]
    rng.shuffle(endings)
    return Choice((endings[label],), tuple(endings), label)


def _exchanged(world: World, rng: random.Random, split: str, label: int) -> Choice | None:
    """Two events in the prompt; the endings give the first one's parts to it, or the second one's."""
    one, two = (world.event(rng, split, general=0.0, place=0.7, time=0.6, adjective=0.1) for _ in range(2))
    heads = {one.agent.head, one.patient.head, two.agent.head, two.patient.head}
    common = [part for part in ASKED if getattr(one, part) and getattr(two, part)]
    if len(heads) < 4 or one.verb == two.verb or len(common) < 2:
        return None
    first, second = rng.sample(common, 2)
    values = [(a, b) for a in (one, two) for b in (one, two)]
    rng.shuffle(values)
    endings = tuple(one._replace(**{first: getattr(a, first), second: getattr(b, second)}) for a, b in values)
    a, b = ((two if source is one else one) for source in values[label])
    other = two._replace(**{first: getattr(a, first), second: getattr(b, second)})
    if len(set(endings)) < 4 or not all(world.possible(event, split) for event in (*endings, other)):
        return None
    prompt = [endings[label], other]
    rng.shuffle(prompt)
    return Choice(tuple(prompt), endings, label)


def _combined(event: Event, a: Event, b: Event) -> Event | None:
    """Both changes at once, where they touch different fields; participants are compared word by word."""
    fields: dict[str, object] = {}
    for name in Event._fields:
        base, left, right = getattr(event, name), getattr(a, name), getattr(b, name)
        if left != base and right != base:
            if name not in ("agent", "patient"):
                return None
            parts = [_either(*values) for values in zip(base, left, right, strict=True)]
            if None in parts:
                return None
            fields[name] = base._make(parts)
        else:
            fields[name] = left if left != base else right
    return Event(**fields)  # type: ignore[arg-type]


def _either(base: str, left: str, right: str) -> str | None:
    if left != base and right != base:
        return None
    return left if left != base else right
