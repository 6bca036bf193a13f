"""Sentences in two languages at once, as bilingual writers mix them: words of one in the grammar of another.

>>> table = to_foreign(lexicon, vocabulary)            # {'dog': ('dalo', 'dog'), 'the': ('do',), ...}
>>> Mixed(English(lexicon), table, 0.5).heading(Entity("dog"), rng)
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from .grammar import PLAIN, Entity, Event, Question, Style, Word
from .languages import Vocabulary
from .lexicon import FUNCTIONS, IN_ENGLISH, Lexicon
from .text import Grammar

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
    for key, forms in lexicon.forms():
        table |= dict.fromkeys((form.lower() for form in forms), vocabulary.words[key])
    return table


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
