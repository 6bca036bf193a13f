"""Sentences from events: one clause or two, a statement or a question, in any language."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from .english import MARK, STOP
from .grammar import PLAIN, Entity, Event, Question, Style, Word, draw_style


class Grammar(Protocol):
    """What English and every invented language offer."""

    code: str
    conjunction: Word

    def statement(
        self, event: Event, style: Style = PLAIN, rng: random.Random | None = None
    ) -> list[Word]: ...
    def question(self, question: Question, rng: random.Random | None = None) -> list[Word]: ...
    def definition(self, concept: str) -> list[Word]: ...
    def heading(self, entity: Entity, rng: random.Random | None = None) -> list[Word]: ...


def clauses(
    grammar: Grammar,
    events: Sequence[Event],
    rng: random.Random | None,
    styles: random.Random | None = None,
    passive: float = 0.3,
) -> list[Word]:
    """One sentence that states all the events, joined by 'and'; without a generator, in the plainest form.
    `passive` is the chance that a clause is in the passive voice."""
    words: list[Word] = []
    for event in events:
        if words:
            words.append(grammar.conjunction)
        words += grammar.statement(
            event, PLAIN if rng is None else draw_style(styles or rng, event, passive), rng
        )
    words.append(STOP)
    return words


def asking(grammar: Grammar, question: Question, rng: random.Random | None) -> list[Word]:
    return [*grammar.question(question, rng), MARK]
