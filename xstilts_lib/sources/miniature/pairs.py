"""Tasks about two sentences: inference, paraphrase, and paraphrase against swapped roles."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from . import changes
from .changes import PARTS, changed, more_general, more_special, swappable
from .grammar import Event, Grammar, clauses, write
from .world import World

# Chance of the passive in inference and in role swaps. With as many as elsewhere an encoder that is
# pretrained in minutes hardly leaves chance: it has to undo the voice before it can compare anything.
FEW_PASSIVES = 0.12


class Pair(NamedTuple):
    first: tuple[Event, ...]
    second: tuple[Event, ...]
    label: int

    def contents(self) -> Iterator[Event]:
        yield from self.first
        yield from self.second


def row(item: Pair, grammar: Grammar, rng: random.Random) -> dict:
    """The columns of the pair format, the id apart; both sentences have their forms drawn independently."""
    sentences = (clauses(grammar, events, rng, None, FEW_PASSIVES) for events in (item.first, item.second))
    first, second = (write([words])[0] for words in sentences)
    return {"first": first, "second": second, "label": item.label}


def reworded(item: Pair, grammar: Grammar, rng: random.Random, passive: float = 0.3) -> dict:
    """As `row`, but the second sentence takes a form in which the first one's event would not read the same.

    Else a paraphrase is often a copy. The condition is the same for pairs that are no paraphrases, so that
    it tells nothing.
    """
    first = write([clauses(grammar, item.first, rng, None, passive)])[0]
    for _ in range(8):
        seed = rng.getrandbits(32)
        if write([clauses(grammar, item.first, random.Random(seed), None, passive)])[0] != first:
            break
    second = write([clauses(grammar, item.second, random.Random(seed), None, passive)])[0]
    return {"first": first, "second": second, "label": item.label}


# Natural language inference. The hypothesis is drawn first, the same way whatever the label, and the premise
# is made to fit: a hypothesis alone tells nothing.

TWO_EVENTS = 0.05  # share of premises that tell a second event
CONFLICTS = ("verb", "number", "place", "time", "adjective")


def inference(world: World, rng: random.Random, split: str, label: int) -> Pair | None:
    """One item of mini_mnli and mini_xnli; None where this draw leads nowhere. Labels: entailment,
    neutral, contradiction."""
    # Short sentences, and few premises of two events: with longer ones an encoder of this size was still at
    # chance when with these it had begun to learn (some 200 updates, one seed).
    few = {"names": 0.2, "general": 0.25, "adjective": 0.25, "place": 0.25, "time": 0.2}
    hypothesis = world.event(rng, split, **few, negated=0.12)
    make = (_entailing, _neutral, _contradicting)[label]
    premise = make(world, rng, hypothesis, split)
    if premise is None:
        return None
    events = [premise]
    if rng.random() < TWO_EVENTS:
        aside = _aside(world, rng, (premise, hypothesis), split)
        events.insert(rng.random() < 0.5, aside)
    return Pair(tuple(events), (hypothesis,), label)


def _aside(world: World, rng: random.Random, others: tuple[Event, ...], split: str) -> Event:
    """A second event of the premise, about other participants and another verb, so that it says nothing of
    the first."""
    families = {world.lexicon.verbs[event.verb].family for event in others}
    while True:
        event = world.event(rng, split, general=0.0, adjective=0.15, place=0.15, time=0.15)
        if world.lexicon.verbs[event.verb].family not in families:
            return event


def _entailing(world: World, rng: random.Random, hypothesis: Event, split: str) -> Event | None:
    if hypothesis.negated:
        return more_general(world, rng, hypothesis, 0.35)
    return more_special(world, rng, hypothesis, split)


def _neutral(world: World, rng: random.Random, hypothesis: Event, split: str) -> Event | None:
    """Premises that leave the hypothesis open. Those of the other polarity are as frequent as among
    contradictions, or a 'not' on one side alone would give the label away."""
    share = rng.random()
    if share < 0.2:
        verb = changes.other_verb(world, rng, hypothesis, split)
        premise = hypothesis._replace(verb=verb, negated=rng.random() < 0.3)
        return more_special(world, rng, premise, split) if verb else None
    if share < 0.45:
        premise = more_special(world, rng, hypothesis, split)
        return premise._replace(negated=True) if premise != hypothesis else None
    premise = more_general(world, rng, hypothesis, 0.8, only=1)
    if premise == hypothesis or not world.allowed(premise, split):
        return None
    return _elsewhere(world, rng, hypothesis, premise, split)._replace(negated=False)


def _elsewhere(world: World, rng: random.Random, hypothesis: Event, premise: Event, split: str) -> Event:
    """More is said of the premise, but never of what the hypothesis adds to it."""
    special = more_special(world, rng, premise, split, 0.55)
    for part in ("place", "time"):
        if getattr(hypothesis, part) and not getattr(premise, part):
            special = special._replace(**{part: ""})
    for side in ("agent", "patient"):
        ours, theirs, now = getattr(premise, side), getattr(hypothesis, side), getattr(special, side)
        if theirs.adjective and not ours.adjective:
            now = now._replace(adjective="")
        if theirs.head != ours.head:
            now = now._replace(head=ours.head)
        special = special._replace(**{side: now})
    return special


def _contradicting(world: World, rng: random.Random, hypothesis: Event, split: str) -> Event | None:
    if hypothesis.negated:
        return more_special(world, rng, hypothesis._replace(negated=False), split)
    if rng.random() < 0.25:
        return more_general(world, rng, hypothesis, 0.35)._replace(negated=True)
    found = [_conflicting(world, rng, hypothesis, part) for part in CONFLICTS]
    premises = [premise for premise in found if premise is not None]
    return more_special(world, rng, rng.choice(premises), split) if premises else None


def _conflicting(world: World, rng: random.Random, event: Event, part: str) -> Event | None:
    if part == "verb":
        antonym = world.lexicon.verbs[event.verb].opposite
        return event._replace(verb=antonym) if antonym else None
    if part == "adjective":
        return changes.with_opposite(world, rng, event, rng.choice(("agent", "patient")))
    if part == "place" and not event.place.startswith("in "):  # near one place may be near another
        return None
    return changes.otherwise(world, rng, event, part)


# Paraphrase. Every sentence has its form drawn independently, paraphrase or not.

NEAR_MISSES = tuple(part for part in PARTS if part != "roles")


def paraphrase(world: World, rng: random.Random, split: str, label: int) -> Pair | None:
    """One item of mini_qqp. Labels: not_duplicate, duplicate; what is not a duplicate differs in one part."""
    kind = "social" if rng.random() < 0.65 else "thing"
    event = world.event(rng, split, kind=kind, general=0.05, negated=0.08)
    part = rng.choice(NEAR_MISSES)
    if swappable(world, event, split) and rng.random() < 0.7:
        part = "roles"
    other = changed(world, rng, event, part, split)
    return _either(rng, event, other, label) if other is not None else None


def _either(rng: random.Random, event: Event, other: Event, label: int) -> Pair:
    """Both events, or one of them twice; each as often in either place, whatever the label. A changed
    event is less likely than one drawn from the world, and alone it must not tell."""
    first, second = (event, other) if rng.random() < 0.5 else (other, event)
    return Pair((first,), (first if label == 1 else second,), label)


def roles(world: World, rng: random.Random, split: str, label: int) -> Pair | None:
    """One item of mini_pawsx. Labels: different, paraphrase; both kinds of pair share as many words."""
    event = world.event(rng, split, kind="social", names=0.4, general=0.05, adjective=0.4)
    if not swappable(world, event, split):
        return None
    agent, patient = event.agent, event.patient
    other = changes.swapped(event)
    if rng.random() < 0.3 and not (agent.named or patient.named):
        agent, patient = agent._replace(head=patient.head), patient._replace(head=agent.head)
        other = event._replace(agent=agent, patient=patient)
    return _either(rng, event, other, label)
