"""Retrieval: sentences of a language and their English translations (mini_tatoeba), and two corpora with a
few translations hidden in them (mini_bucc2018)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .changes import PARTS, changed
from .grammar import STOP, Event, Grammar, draw_style, write
from .world import World


class Sentence(NamedTuple):
    event: Event
    source: bool
    """Whether it stands in the corpus of the other language."""
    target: bool
    """Whether it stands in the English corpus; on both sides, it is a gold pair."""

    def contents(self) -> Iterator[Event]:
        yield self.event


def sentences(
    world: World,
    rng: random.Random,
    split: str,
    taken: set[Event],
    pairs: int,
    alone: tuple[int, int],
    hard: float,
) -> list[Sentence]:
    """`pairs` events for both sides, then `alone` for the source and the target side only; a share `hard`
    of those differs from a gold one in one part. No event occurs twice, and none is one of `taken`."""
    found: list[Sentence] = []
    seen: set[Event] = set()

    def keep(event: Event | None, source: bool, target: bool) -> bool:
        if event is None or event in seen or event in taken:
            return False
        seen.add(event)
        found.append(Sentence(event, source, target))
        return True

    while len(found) < pairs:
        keep(_event(world, rng, split), True, True)
    for source, count in zip((True, False), alone, strict=True):
        goal = len(found) + count
        while len(found) < goal:
            if rng.random() < hard:
                gold = found[int(rng.random() * pairs)].event
                keep(changed(world, rng, gold, rng.choice(PARTS), split), source, not source)
            else:
                keep(_event(world, rng, split), source, not source)
    return found


def _event(world: World, rng: random.Random, split: str) -> Event:
    return world.event(rng, split, place=0.5, time=0.4, adjective=0.35, negated=0.05)


def rows(
    items: list[Sentence],
    name: str,
    grammar: Grammar,
    english: Grammar,
    rng: random.Random,
    world: World,
    split: str,
) -> list[dict]:
    """The columns of the bitext format. The English side is the same whatever the language; both sides are
    shuffled."""
    literal = world.settings.retrieval_translation == "literal"
    english_rng = world.rng("forms", name, split, "target")
    order = world.rng("order", name, split)
    source, target = [], []
    for i, item in enumerate(items):
        style = draw_style(english_rng, item.event)
        if item.target:
            words = english.statement(item.event, style, None if literal else english_rng)
            text = write([[*words, STOP]])[0]
            mate = f"{name}-{split}-source-{i}" if item.source else ""
            target.append(
                {"id": f"{name}-{split}-target-{i}", "side": "target", "sentence": text, "mate": mate}
            )
        if item.source:
            own = style if literal else draw_style(rng, item.event)
            text = write([[*grammar.statement(item.event, own, None if literal else rng), STOP]])[0]
            mate = f"{name}-{split}-target-{i}" if item.target else ""
            source.append(
                {"id": f"{name}-{split}-source-{i}", "side": "source", "sentence": text, "mate": mate}
            )
    order.shuffle(source)
    order.shuffle(target)
    return source + target
