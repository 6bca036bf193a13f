"""mini_text: lines to pretrain on, some with an English translation beside them, some in two languages.

Bilingual writers mix words of one language into the grammar of another, and so does a share of the lines:

>>> table = to_foreign(lexicon, vocabulary)            # {'dog': ('dalo', 'dog'), 'the': ('do',), ...}
>>> Mixed(English(lexicon), table, 0.5).heading(Entity("dog"), rng)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .grammar import PLAIN, STOP, Entity, Event, Grammar, Question, Style, Word, asking, clauses, write
from .languages import Vocabulary
from .lexicon import FUNCTIONS, IN_ENGLISH, Lexicon
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


def line(world: World, rng: random.Random, split: str, label: int, contact: float = 1.0) -> Line:
    """One line: a sentence, two or three about the same participant, a noun phrase alone, a question,
    a question beside the statement that answers it, or a definition. Of a language with little `contact`,
    fewer lines are translated."""
    translated = rng.random() < world.settings.parallel * contact
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


Table = Mapping[str, tuple[str, ...]]

# English words of grammar that are forms of one function of the invented languages.
FORMS = {"an": "a", "was": "passive", "were": "passive", "whom": "who"}


def to_english(lexicon: Lexicon, vocabulary: Vocabulary) -> Table:
    """The English word for each word of an invented language, in lower case."""
    english = {key: word for key, _, word in lexicon.concepts()}
    table = {}
    for key, words in vocabulary.words.items():
        word = IN_ENGLISH[key[1:]] if key.startswith("%") else english[key]
        table |= dict.fromkeys((form.lower() for form in words), (word,))
    return table


def to_foreign(lexicon: Lexicon, vocabulary: Vocabulary) -> Table:
    """An invented language's words for each English form, in lower case. Forms that it has no word for, as
    'did', are absent."""
    table = {word: vocabulary.words[f"%{word}"] for word in FUNCTIONS}
    table |= {form: vocabulary.words[f"%{function}"] for form, function in FORMS.items()}
    return table | {form.lower(): vocabulary.words[key] for key, form in lexicon.forms()}


class Mixed:
    """A grammar whose words are, each with the chance `share`, those of another language. Names stay."""

    def __init__(self, grammar: Grammar, table: Table, share: float) -> None:
        self.grammar, self.table, self.share = grammar, table, share
        self.code, self.conjunction = grammar.code, grammar.conjunction

    def statement(self, event: Event, style: Style = PLAIN, rng: random.Random | None = None) -> list[Word]:
        return self._mixed(self.grammar.statement(event, style, rng), rng)

    def question(self, question: Question, rng: random.Random | None = None) -> list[Word]:
        return self._mixed(self.grammar.question(question, rng), rng)

    def definition(self, concept: str) -> list[Word]:
        return self.grammar.definition(concept)

    def heading(self, entity: Entity, rng: random.Random | None = None) -> list[Word]:
        return self._mixed(self.grammar.heading(entity, rng), rng)

    def _mixed(self, words: list[Word], rng: random.Random | None) -> list[Word]:
        if rng is None:
            return words
        return [self._other(word, rng) if rng.random() < self.share else word for word in words]

    def _other(self, word: Word, rng: random.Random) -> Word:
        stem, hyphen, suffix = word.text.partition("-")
        found = self.table.get(stem.lower())
        if found is None or word.entity != "O":
            return word
        return word._replace(text=rng.choice(found) + hyphen + suffix)
