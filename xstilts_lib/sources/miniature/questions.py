"""Span question answering: short accounts of two or three events, and a question about one of them.

mini_squad asks plainly ('Who broke the jar?'); mini_tydiqa asks otherwise more often ('By which person was
the jar broken?'), of accounts that name more people and places, as the two real data sets differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .grammar import PARTS, STOP, Event, Grammar, Question, ask, asking, draw_style, write
from .world import World

OF_THINGS = 0.85  # share of the events that happen to a thing: 'who' and 'what' then differ in kind
THIRD_EVENT = 0.3  # share of the accounts that tell three events and not two
SAME_VERB = 0.2  # share kept of the accounts in which a verb, or its opposite, occurs twice


class Account(NamedTuple):
    events: tuple[Event, ...]
    target: int
    question: Question

    def contents(self) -> Iterator[Event]:
        yield from self.events
        yield self.question.event


def row(item: Account, grammar: Grammar, rng: random.Random) -> dict:
    """The columns of the span format, the id apart. Where the answer bears a suffix, the bare word is an
    answer too."""
    sentences = []
    for i, event in enumerate(item.events):
        words = [*grammar.statement(event, draw_style(rng, event, 0.2, 0.2), rng), STOP]
        sentences.append(words if i == item.target else [word._replace(slot="") for word in words])
    context, start, end = write(sentences, item.question.asked)
    texts = [context[start:end]]
    if "-" in texts[0]:
        stem = texts[0].rsplit("-", 1)[0]
        if " " not in texts[0][len(stem) :]:
            texts.append(stem)
    question = write([asking(grammar, item.question, rng)])[0]
    right = {"text": texts, "start": [start] * len(texts)}
    return {"context": context, "question": question, "answers": right}


def account(
    world: World, rng: random.Random, split: str, label: int, names: float, which: float, passive: float
) -> Account | None:
    """One item; `label` says which part is asked for, the numbers are the chances of names and of forms."""
    asked = PARTS[label]

    def happening() -> Event:
        place, time = (0.9 if asked == part else 0.2 for part in ("place", "time"))
        kind = "thing" if rng.random() < OF_THINGS else "social"
        return world.event(
            rng, split, kind=kind, names=names, general=0.0, adjective=0.15, place=place, time=time
        )

    target = happening()
    if not getattr(target, asked):
        return None
    events = [target, *(happening() for _ in range(1 + (rng.random() < THIRD_EVENT)))]
    families = {world.lexicon.verbs[event.verb].family for event in events}
    if len(families) < len(events) and rng.random() > SAME_VERB:
        return None
    rng.shuffle(events)
    if not _distinct(events, target, asked):
        return None
    category = world.lexicon.category(getattr(target, asked).head) if asked in ("agent", "patient") else ""
    kind = rng.random() < which and category != "organisation"
    question = ask(target, asked, category, kind, rng.random() < passive)
    question = question._replace(event=_shortened(rng, question.event, asked))
    if sum(answers(question, event) for event in events) != 1:
        return None
    return Account(tuple(events), events.index(target), question)


def _shortened(rng: random.Random, event: Event, asked: str) -> Event:
    """A question does not always repeat all that is known."""
    for part in ("place", "time"):
        if part != asked and rng.random() < 0.5:
            event = event._replace(**{part: ""})
    return event


def answers(question: Question, event: Event) -> bool:
    """Whether `event` is one that the question can be about."""
    if question.event.verb != event.verb:
        return False
    for part in PARTS:
        asked = getattr(question.event, part)
        if part == question.asked:
            if not getattr(event, part):
                return False
        elif asked and asked != getattr(event, part):
            return False
    return True


def _distinct(events: list[Event], target: Event, asked: str) -> bool:
    """No head occurs twice in the account, and where a place or a day is asked for, there are at least two
    of them."""
    heads = [head for event in events for head in (event.agent.head, event.patient.head)]
    words = [word for head in heads for word in head.split(":")[-1].split()]
    if len(set(words)) != len(words):
        return False
    if asked in ("place", "time"):
        told = [getattr(event, asked) for event in events if getattr(event, asked)]
        values = [value.split(" ", 1)[-1].split(":")[-1] for value in told]
        stems = [word for value in values for word in value.split()]
        return len(values) >= 2 and len(set(stems)) == len(stems) and not set(stems) & set(words)
    return not set(target.place.split(":")[-1].split()) & set(words)
