"""Tagging tasks: parts of speech, named entities, and the supertags of English sentences."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .grammar import Event, Grammar, Question, asking, clauses, tokens
from .world import World


class Tagged(NamedTuple):
    events: tuple[Event, ...]
    question: Question | None
    column: str
    """The field of a word that is its tag."""

    def contents(self) -> Iterator[Event]:
        if self.question is not None:
            yield self.question.event
        else:
            yield from self.events


def row(item: Tagged, grammar: Grammar, rng: random.Random) -> dict:
    """The columns of the tags format, the id apart."""
    words = asking(grammar, item.question, rng) if item.question else clauses(grammar, item.events, rng)
    return {"words": tokens(words), "tags": [getattr(word, item.column) for word in words]}


def parts_of_speech(world: World, rng: random.Random, split: str, label: int) -> Tagged:
    """One item of mini_udpos."""
    return _sentence(world, rng, split, "upos", questions=0.2)


def supertags(world: World, rng: random.Random, split: str, label: int) -> Tagged:
    """One item of mini_ccg."""
    return _sentence(world, rng, split, "supertag", questions=0.3)


def entities(world: World, rng: random.Random, split: str, label: int) -> Tagged:
    """One item of mini_panx: more names than elsewhere, and the same stems for people, towns and
    organisations."""
    while True:
        kind = "social" if rng.random() < 0.7 else "thing"
        event = world.event(rng, split, kind=kind, names=0.6, place=0.7, time=0.2)
        if event.agent.named or event.patient.named or ":" in event.place:
            break
    if ":" not in event.place and event.place and rng.random() < 0.6:
        event = event._replace(place=event.place.split()[0] + " " + world.town(rng))
    return Tagged((event,), None, "entity")


def _sentence(world: World, rng: random.Random, split: str, column: str, questions: float) -> Tagged:
    event = world.event(rng, split, negated=0.12, place=0.45, time=0.4)
    share = rng.random()
    if share < questions:
        question = world.question(rng, event._replace(negated=False), which=0.35, passive=0.0)
        return Tagged((event,), question, column)
    events = (event,)
    if share > 0.85:
        events = (event._replace(time=""), world.event(rng, split, place=0.2, time=0.2))
    return Tagged(events, None, column)
