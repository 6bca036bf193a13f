"""Meaning and its form: events, what may be asked of them, and how words become text.

An `Event` says who did what to whom, where and when. `english.py` and `invented.py` turn it into words;
the same event has many forms (synonyms, voice, order), and each is a translation of every other. A
sentence is one clause or two, or a question.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Entity(NamedTuple):
    """A participant: a noun, a hypernym, or a name such as 'PER:Mira Halden', 'ORG:Orlo Bank', 'LOC:Port
    Dorin'."""

    head: str
    adjective: str = ""
    number: str = ""

    @property
    def named(self) -> bool:
        return self.head[3:4] == ":"


class Event(NamedTuple):
    verb: str
    agent: Entity
    patient: Entity
    place: str = ""
    """The preposition and the head, as in 'in park', 'near LOC:Halden'; empty where nothing is said of it."""
    time: str = ""
    negated: bool = False


class Question(NamedTuple):
    """Which part of an event is asked for, and how."""

    event: Event
    """The event with the asked part replaced by '?'."""
    asked: str
    """'agent', 'patient', 'place' or 'time'."""
    category: str
    """The category of the answer: 'person' makes 'who' of what would be 'what'."""
    which: bool = False
    """'Which fruit ...' instead of 'What ...'."""
    passive: bool = False


class Style(NamedTuple):
    """The free choices of a sentence, synonyms and articles apart."""

    passive: bool = False
    fronted: bool = False
    """Whether the time stands first."""


PLAIN = Style()


class Word(NamedTuple):
    text: str
    upos: str
    supertag: str = ""
    """The word's category in English; empty in other languages."""
    slot: str = ""
    """The part of the event that it is a word of: an answer to a question is all the words of a slot."""
    entity: str = "O"


STOP = Word(".", "PUNCT", ".")
MARK = Word("?", "PUNCT", ".")


def draw_style(rng: random.Random, event: Event, passive: float = 0.3, fronted: float = 0.3) -> Style:
    return Style(rng.random() < passive, bool(event.time) and rng.random() < fronted)


def ask(event: Event, asked: str, category: str, which: bool = False, passive: bool = False) -> Question:
    """The question for one part of an event."""
    blank: object = Entity("?") if asked in ("agent", "patient") else "?"
    return Question(event._replace(**{asked: blank}), asked, category, which, passive)


def name_words(head: str) -> list[tuple[str, str]]:
    """The words of a name with their entity tags: 'PER:Mira Halden' -> [('Mira', 'B-PER'), ('Halden',
    'I-PER')]."""
    kind, words = head[:3], head[4:].split()
    return [(word, f"{'I' if i else 'B'}-{kind}") for i, word in enumerate(words)]


PARTS = ("agent", "patient", "place", "time")  # what can be asked for
CLOSING = frozenset(".?,")


def write(sentences: Sequence[Sequence[Word]], slot: str = "") -> tuple[str, int, int]:
    """Sentences as running text, and where the words of `slot` stand in it: (text, start, end), end
    exclusive.

    Words are divided by spaces, punctuation follows without one, and each sentence begins with a capital
    where the script has them. start is -1 where no word is of the slot. Offsets count code points.
    """
    parts: list[str] = []
    position, start, end = 0, -1, -1
    for sentence in sentences:
        for i, word in enumerate(sentence):
            text = word.text
            if i == 0:
                text = text[0].title() + text[1:]
            if parts and text not in CLOSING:
                parts.append(" ")
                position += 1
            if slot and word.slot == slot:
                start = position if start < 0 else start
                end = position + len(text)
            parts.append(text)
            position += len(text)
    return "".join(parts), start, end


def tokens(sentence: Sequence[Word]) -> list[str]:
    """The words of a sentence as a tagging task gives them: one string a word, the first with its capital."""
    words = [word.text for word in sentence]
    words[0] = words[0][0].title() + words[0][1:]
    return words


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
        style = PLAIN if rng is None else draw_style(styles or rng, event, passive)
        words += grammar.statement(event, style, rng)
    words.append(STOP)
    return words


def asking(grammar: Grammar, question: Question, rng: random.Random | None) -> list[Word]:
    """The words of a question, with its mark."""
    return [*grammar.question(question, rng), MARK]
