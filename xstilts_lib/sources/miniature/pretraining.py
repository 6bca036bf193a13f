"""mini_text: lines of text to pretrain on, some of them with an English translation beside them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .english import STOP
from .grammar import Entity, Event, Question, write
from .text import Grammar, asking, clauses
from .world import World


class Line(NamedTuple):
    sentences: tuple[tuple[Event, ...] | Question | Entity | str, ...]
    """Each a statement of one event or two, a question, a noun phrase alone, or a noun to define."""
    translated: bool

    def contents(self) -> Iterator[Event]:
        for sentence in self.sentences:
            if isinstance(sentence, Question):
                yield sentence.event
            elif not isinstance(sentence, str | Entity):
                yield from sentence


def row(
    item: Line, language: str, grammar: Grammar, english: Grammar, rng: random.Random, literal: float
) -> dict:
    """The columns of the text format, the id apart. The translation has its forms drawn independently, but
    for a share `literal` that keep voice and order."""
    styles = rng.getrandbits(32)
    other = styles if rng.random() < literal else rng.getrandbits(32)
    pair = _written(item, english, rng, other) if item.translated and language != "en" else ""
    return {"language": language, "text": _written(item, grammar, rng, styles), "pair": pair}


def line(world: World, rng: random.Random, split: str, label: int) -> Line:
    """One line: a sentence, two or three about the same participant, a noun phrase alone, a question,
    a question beside the statement that answers it, or a definition."""
    translated = rng.random() < world.settings.parallel
    share = rng.random()
    if share < 0.02:
        return Line((rng.choice(list(world.lexicon.nouns)),), translated)
    event = _event(world, rng, split)
    if rng.random() < world.settings.headings:
        return Line((rng.choice((event.agent, event.patient)),), translated)
    if share < 0.52:
        return Line(((event,),), translated)
    if share < 0.64:
        return Line(((event._replace(time=""), _event(world, rng, split)),), translated)
    if share < 0.8:
        return Line(((event,), (_sequel(world, rng, event, split),)), translated)
    question = world.question(rng, event._replace(negated=False), which=0.35, passive=0.35)
    if share < 0.84:
        return Line((question,), translated)
    told = (event._replace(negated=False),)
    return Line((told, question) if rng.random() < 0.5 else (question, told), translated)


def _event(world: World, rng: random.Random, split: str) -> Event:
    return world.event(rng, split, general=0.15, negated=0.08)


def _sequel(world: World, rng: random.Random, event: Event, split: str) -> Event:
    """Another event with the same agent, where it can do it."""
    other = _event(world, rng, split)
    if world.acts(other.verb, event.agent) and other.patient.head != event.agent.head:
        return other._replace(agent=event.agent)
    return other


def _written(item: Line, grammar: Grammar, rng: random.Random, styles: int) -> str:
    style_rng = random.Random(styles)
    sentences = []
    for sentence in item.sentences:
        if isinstance(sentence, Entity):
            sentences.append(grammar.heading(sentence, rng))
        elif isinstance(sentence, str):
            sentences.append([*grammar.definition(sentence), STOP])
        elif isinstance(sentence, Question):
            sentences.append(asking(grammar, sentence, rng))
        else:
            sentences.append(clauses(grammar, sentence, rng, style_rng))
    return write(sentences)[0]
