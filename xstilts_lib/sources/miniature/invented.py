"""The invented languages: one grammar, and what a language declares about itself decides its forms.

No number on nouns, no tense. Where the verb stands between, question words stand first;
elsewhere they stand where their answer would, since 'who helped Mira' would else be 'whom Mira helped'
too.
"""

from __future__ import annotations

import random

from .grammar import PLAIN, Entity, Event, Question, Style, Word, name_words
from .languages import Vocabulary
from .lexicon import Lexicon

# Where the parts of a clause stand: Subject, Object (or Agent of a passive), Verb, Place, Time.
ORDERS = {"SVO": "SVOPT", "SOV": "STPOV", "VSO": "VSOPT"}


class Invented:
    """Turns events and questions into the words of one invented language."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        self.lexicon, self.vocabulary = lexicon, vocabulary
        self.language = vocabulary.language
        self.code = self.language.code
        self._function = {key[1:]: row[0] for key, row in vocabulary.words.items() if key.startswith("%")}
        self.conjunction = self._word("and", "CCONJ")

    def statement(self, event: Event, style: Style = PLAIN, rng: random.Random | None = None) -> list[Word]:
        """The words of a clause, without its full stop."""
        parts = self._parts(event, style.passive, rng)
        order = ORDERS[self.language.order]
        if style.fronted:
            order = "T" + order.replace("T", "")
        return [word for part in order for word in parts.get(part, ())]

    def question(self, question: Question, rng: random.Random | None = None) -> list[Word]:
        """The words of a question, without its mark."""
        parts = self._parts(question.event, question.passive, rng)
        subject = question.asked == ("patient" if question.passive else "agent")
        asked = {"place": "P", "time": "T"}.get(question.asked, "S" if subject else "O")
        parts[asked] = self._asked(question, rng)
        order = ORDERS[self.language.order]
        if self.language.order == "SVO":
            order = asked + order.replace(asked, "")
        return [word for part in order for word in parts.get(part, ())]

    def heading(self, entity: Entity, rng: random.Random | None = None) -> list[Word]:
        """The words of a noun phrase that stands alone."""
        return self._phrase(entity, "", rng)

    def definition(self, concept: str) -> list[Word]:
        """'Dog is animal', in this language's order."""
        heads = (concept, self.lexicon.category(concept))
        one, kind = (self._phrase(Entity(head), "", None, article="a") for head in heads)
        parts = {"S": one, "V": [self._word("is", "AUX")], "O": kind}
        return [word for part in self.language.order for word in parts[part]]

    def _parts(self, event: Event, passive: bool, rng: random.Random | None) -> dict[str, list[Word]]:
        verb = Word(self._pick(f"{event.verb}!", rng), "VERB")
        before = [self._word("not", "PART")] if event.negated else []
        if passive:
            before.append(self._word("passive", "AUX"))
        final = self.language.order == "SOV"
        parts = {"V": [verb, *reversed(before)] if final else [*before, verb]}

        def phrase(slot: str, accusative: bool = False) -> list[Word]:
            entity: Entity = getattr(event, slot)
            return [] if entity.head == "?" else self._phrase(entity, slot, rng, accusative)

        if passive:
            parts["S"], agent = phrase("patient"), phrase("agent")
            parts["O"] = self._adpositional("by", agent) if agent else []
        else:
            parts["S"], parts["O"] = phrase("agent"), phrase("patient", self.language.case)
        if event.place and event.place != "?":
            preposition, _, head = event.place.partition(" ")
            place = self._phrase(Entity(head), "place", rng, article="the")
            parts["P"] = self._adpositional(preposition, place)
        if event.time and event.time != "?":
            day = Word(self.vocabulary.words[event.time][0], "PROPN", "", "time")
            parts["T"] = self._adpositional("on", [day])
        return parts

    def _asked(self, question: Question, rng: random.Random | None) -> list[Word]:
        place_or_day = {"place": ("in", "place"), "time": ("on", "day")}
        if question.asked in place_or_day:
            if not question.which:
                return [self._word("where" if question.asked == "place" else "when", "ADV")]
            adposition, kind = place_or_day[question.asked]
            noun = Word(self._function.get(kind) or self.vocabulary.words[kind][0], "NOUN")
            return self._adpositional(adposition, [self._word("which", "DET"), noun])
        person = question.category in ("person", "organisation")
        words = [self._word("who" if person else "what", "PRON")]
        if question.which:
            noun = Word(self.vocabulary.words[question.category][0], "NOUN")
            words = [self._word("which", "DET"), noun]
        if question.asked == "agent" and question.passive:
            return self._adpositional("by", words)
        if question.asked == "patient" and not question.passive and self.language.case:
            words[-1] = words[-1]._replace(text=words[-1].text + self.vocabulary.suffix)
        return words

    def _phrase(
        self,
        entity: Entity,
        slot: str,
        rng: random.Random | None,
        accusative: bool = False,
        article: str = "",
    ) -> list[Word]:
        """The words of a noun phrase; where no `article` is asked for, one in five is indefinite."""
        suffix = self.vocabulary.suffix if accusative else ""
        if entity.named:
            named = name_words(entity.head)
            words = [Word(self.vocabulary.name(text), "PROPN", "", slot, tag) for text, tag in named]
            words[-1] = words[-1]._replace(text=words[-1].text + suffix)
            return words
        words = [Word(self._pick(entity.head, rng) + suffix, "NOUN", "", slot)]
        if entity.adjective:
            adjective = Word(self._pick(f"{entity.adjective}~", rng), "ADJ", "", slot)
            words.insert(0 if self.language.adjective == "before" else 1, adjective)
        if entity.number:
            words.insert(0, Word(self.vocabulary.words[entity.number][0], "NUM", "", slot))
        elif self.language.articles:
            indefinite = not article and rng is not None and rng.random() < 0.2
            words.insert(0, self._word("a" if indefinite else article or "the", "DET"))
        return words

    def _adpositional(self, function: str, words: list[Word]) -> list[Word]:
        adposition = self._word(function, "ADP")
        return [adposition, *words] if self.language.adposition == "before" else [*words, adposition]

    def _word(self, function: str, upos: str) -> Word:
        return Word(self._function[function], upos)

    def _pick(self, key: str, rng: random.Random | None) -> str:
        row = self.vocabulary.words[key]
        return row[0] if rng is None or len(row) == 1 else row[int(rng.random() * len(row))]
