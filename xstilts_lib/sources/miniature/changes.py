"""Changes to an event: what makes it more general, more special, or another event altogether.

Every near miss in the world's tasks is made here, so that tasks differ in what they ask and not in how
they were made.
"""

from __future__ import annotations

import random

from .grammar import Entity, Event
from .lexicon import DAYS, NUMBERS
from .world import World

PARTS = ("verb", "agent", "patient", "number", "adjective", "place", "time", "roles")


def swapped(event: Event) -> Event:
    """Who did it and to whom it was done, exchanged; a number stays with its word, so there must be none."""
    return event._replace(agent=event.patient, patient=event.agent)


def swappable(world: World, event: Event, split: str) -> bool:
    """Whether the exchanged event can happen too, and in this split."""
    other = swapped(event)
    return not event.patient.number and world.acts(event.verb, event.patient) and world.allowed(other, split)


def other_verb(world: World, rng: random.Random, event: Event, split: str) -> str:
    """A verb that is neither this one nor its opposite, for the same participants; '' where none is found."""
    rows = world.lexicon.verbs
    for _ in range(12):
        verb = world.verb(rng, split, rows[event.verb].kind)
        if rows[verb].family != rows[event.verb].family and world.possible(event._replace(verb=verb), split):
            return verb
    return ""


def sibling(world: World, rng: random.Random, head: str) -> str:
    """Another noun of the same category, or another name of the same kind."""
    while True:
        if head.startswith("PER:"):
            other = world.person_name(rng)
            same = not {*other[4:].split()}.isdisjoint(head[4:].split())
        elif head.startswith("LOC:"):
            other, stem = world.town(rng), head[4:].split()[-1]
            same = other.endswith(stem)
        elif head.startswith("ORG:"):
            other = world.organisation(rng)
            same = other == head
        else:
            other = rng.choice(world.lexicon.members(world.lexicon.category(head)))
            same = other == head
        if not same:
            return other


def _opposite(world: World, rng: random.Random, adjective: str, head: str) -> str:
    """An adjective that excludes this one and can be said of `head`; '' where there is none."""
    kind = "agent" if world.lexicon.category(head) in ("person", "animal") else "thing"
    rows = world.lexicon.adjectives
    choices = sorted(key for key in rows[adjective].excludes if kind in rows[key].kinds)
    return rng.choice(choices) if choices else ""


def changed(world: World, rng: random.Random, event: Event, part: str, split: str) -> Event | None:
    """`event` with one part replaced by something else of its kind, or None where that part is absent or
    cannot be."""
    agent, patient = event.agent, event.patient
    other: Event | None = None
    if part == "verb":
        antonym = world.lexicon.verbs[event.verb].opposite
        verb = antonym if antonym and rng.random() < 0.4 else other_verb(world, rng, event, split)
        other = event._replace(verb=verb) if verb else None
    elif part == "agent" and agent.head not in world.lexicon.hypernyms:
        other = event._replace(agent=agent._replace(head=sibling(world, rng, agent.head)))
    elif part == "patient" and patient.head not in world.lexicon.hypernyms:
        for _ in range(12):
            other = event._replace(patient=patient._replace(head=sibling(world, rng, patient.head)))
            if world.allowed(other, split):
                break
    elif part in ("number", "place", "time"):
        other = otherwise(world, rng, event, part)
    elif part == "adjective":
        sides = [side for side in ("agent", "patient") if getattr(event, side).adjective]
        other = with_opposite(world, rng, event, rng.choice(sides)) if sides else None
    elif part == "roles" and swappable(world, event, split):
        other = swapped(event)
    if other is None or other.agent.head == other.patient.head or not world.allowed(other, split):
        return None
    return other


def otherwise(world: World, rng: random.Random, event: Event, part: str) -> Event | None:
    """`event` with another number, place or day; None where it has none."""
    patient = event.patient
    if part == "number" and patient.number:
        number = rng.choice([word for word in NUMBERS if word != patient.number])
        return event._replace(patient=patient._replace(number=number))
    if part == "place" and event.place:
        preposition, _, head = event.place.partition(" ")
        return event._replace(place=f"{preposition} {sibling(world, rng, head)}")
    if part == "time" and event.time:
        return event._replace(time=rng.choice([day for day in DAYS if day != event.time]))
    return None


def with_opposite(world: World, rng: random.Random, event: Event, side: str) -> Event | None:
    """`event` with an adjective that excludes the one of this participant; None where there is none."""
    entity: Entity = getattr(event, side)
    adjective = entity.adjective and _opposite(world, rng, entity.adjective, entity.head)
    return event._replace(**{side: entity._replace(adjective=adjective)}) if adjective else None


def more_special(world: World, rng: random.Random, event: Event, split: str, chance: float = 0.4) -> Event:
    """`event` with parts added, and hypernyms made nouns, each with this chance."""
    for side in ("agent", "patient"):
        entity: Entity = getattr(event, side)
        if entity.head in world.lexicon.hypernyms and rng.random() < chance + 0.2:
            members = world.lexicon.members(entity.head)
            for head in rng.sample(members, len(members)):
                other = event._replace(**{side: entity._replace(head=head)})
                if world.possible(other, split):
                    event, entity = other, getattr(other, side)
                    break
        if not entity.adjective and not entity.named and rng.random() < chance:
            adjective = world.adjective(rng, entity.head)
            event = event._replace(**{side: entity._replace(adjective=adjective)})
    if not event.place and rng.random() < chance:
        event = event._replace(place=world.place(rng))
    if not event.time and rng.random() < chance:
        event = event._replace(time=world.day(rng))
    return event


def more_general(world: World, rng: random.Random, event: Event, chance: float = 0.4, only: int = 9) -> Event:
    """`event` with parts taken away and nouns made hypernyms, each with this chance, `only` so many."""
    steps = ["place", "time", "agent adjective", "patient adjective", "agent noun", "patient noun"]
    rng.shuffle(steps)
    for step in steps:
        if only == 0:
            break
        other = _generalised(world, event, step)
        if other is not None and rng.random() < chance:
            event, only = other, only - 1
    return event


def _generalised(world: World, event: Event, step: str) -> Event | None:
    side, _, what = step.partition(" ")
    if not what:
        return event._replace(**{side: ""}) if getattr(event, side) else None
    entity: Entity = getattr(event, side)
    if what == "adjective":
        return event._replace(**{side: entity._replace(adjective="")}) if entity.adjective else None
    category = world.lexicon.category(entity.head)
    if category == "organisation" or entity.head in world.lexicon.hypernyms:
        return None
    other = event._replace(**{side: entity._replace(head=category)})
    return other if other.agent.head != other.patient.head else None
