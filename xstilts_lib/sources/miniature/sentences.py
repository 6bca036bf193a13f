"""Tasks of single sentences: tagging, and retrieval.

Tags are parts of speech, named entities, and the supertags of English sentences. Retrieval is of sentences
and their English translations (mini_tatoeba), and of two corpora with a few translations hidden in them
(mini_bucc2018).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Set
from typing import NamedTuple

from .changes import PARTS, changed
from .grammar import STOP, Event, Grammar, Question, asking, clauses, draw_style, tokens, write
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


def tagged_row(item: Tagged, grammar: Grammar, rng: random.Random) -> dict:
    """The columns of the tags format, the id apart."""
    words = asking(grammar, item.question, rng) if item.question else clauses(grammar, item.events, rng)
    return {"words": tokens(words), "tags": [getattr(word, item.column) for word in words]}


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


def tagged(world: World, rng: random.Random, split: str, label: int, column: str, questions: float) -> Tagged:
    """One item of mini_udpos and mini_ccg, a question with the chance `questions`."""
    event = world.event(rng, split, negated=0.12, place=0.45, time=0.4)
    share = rng.random()
    if share < questions:
        question = world.question(rng, event._replace(negated=False), which=0.35, passive=0.0)
        return Tagged((event,), question, column)
    events = (event,)
    if share > 0.85:
        events = (event._replace(time=""), world.event(rng, split, place=0.2, time=0.2))
    return Tagged(events, None, column)


class Sentence(NamedTuple):
    event: Event
    source: bool
    """Whether it stands in the corpus of the other language."""
    target: bool
    """Whether it stands in the English corpus; on both sides, it is a gold pair."""

    def contents(self) -> Iterator[Event]:
        yield self.event


def retrieved(
    world: World,
    rng: random.Random,
    split: str,
    taken: Set[Event],
    pairs: int,
    alone: tuple[int, int],
    hard: float,
) -> list[Sentence]:
    """`pairs` events for both sides, then `alone` for the source and the target side only; a share `hard`
    of those differs from a gold one in one part. No event occurs twice, and none is one of `taken`."""
    found: list[Sentence] = []
    seen = set(taken)
    for source, target, count in ((True, True, pairs), (True, False, alone[0]), (False, True, alone[1])):
        goal = len(found) + count
        while len(found) < goal:
            if (source and target) or rng.random() >= hard:
                event = world.event(rng, split, place=0.5, time=0.4, adjective=0.35, negated=0.05)
            else:
                gold = found[int(rng.random() * pairs)].event
                event = changed(world, rng, gold, rng.choice(PARTS), split)
            if event is not None and event not in seen:
                seen.add(event)
                found.append(Sentence(event, source, target))
    return found


def retrieved_rows(
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
            own = {"id": f"{name}-{split}-target-{i}", "side": "target"}
            target.append({**own, "sentence": text, "mate": mate})
        if item.source:
            style = style if literal else draw_style(rng, item.event)
            text = write([[*grammar.statement(item.event, style, None if literal else rng), STOP]])[0]
            mate = f"{name}-{split}-target-{i}" if item.target else ""
            own = {"id": f"{name}-{split}-source-{i}", "side": "source"}
            source.append({**own, "sentence": text, "mate": mate})
    order.shuffle(source)
    order.shuffle(target)
    return source + target
