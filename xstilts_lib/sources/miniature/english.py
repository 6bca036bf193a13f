"""English: readable, inflected, with the part of speech and the supertag of every word."""

from __future__ import annotations

import random

from .grammar import PLAIN, Entity, Event, Question, Style, Word, name_words
from .lexicon import Lexicon

# Categories of combinatory categorial grammar, in the notation of CCGbank.
SUBJECT_VERB = r"(S[dcl]\NP)/NP"
BARE_VERB = r"(S[b]\NP)/NP"
PARTICIPLE = r"S[pss]\NP"
WAS = r"(S[dcl]\NP)/(S[pss]\NP)"
DID = r"(S[dcl]\NP)/(S[b]\NP)"
ADVERB = r"(S\NP)\(S\NP)"
VERB_PREPOSITION = r"((S\NP)\(S\NP))/NP"
SENTENCE_PREPOSITION = r"(S/S)/NP"
INVERTED_DID = r"(S[q]/(S[b]\NP))/NP"
INVERTED_WAS = r"(S[q]/(S[pss]\NP))/NP"
WHO_SUBJECT = r"S[wq]/(S[dcl]\NP)"
WHO_OBJECT = r"S[wq]/(S[q]/NP)"
WHICH_SUBJECT = r"(S[wq]/(S[dcl]\NP))/N"
WHICH_OBJECT = r"(S[wq]/(S[q]/NP))/N"
WHERE = "S[wq]/S[q]"
SUPERTAGS = (
    "N", "N/N", "NP/N", SUBJECT_VERB, BARE_VERB, PARTICIPLE, WAS, DID, ADVERB, VERB_PREPOSITION,
    SENTENCE_PREPOSITION, INVERTED_DID, WHO_SUBJECT, WHO_OBJECT, WHICH_SUBJECT, WHICH_OBJECT, WHERE,
    "conj", ".",
)  # fmt: skip
BY = Word("by", "ADP", VERB_PREPOSITION)


class English:
    """Turns events and questions into English words. A random generator makes the free choices; None takes
    the first word of every row of synonyms and the definite article."""

    code = "en"
    conjunction = Word("and", "CCONJ", "conj")

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def statement(self, event: Event, style: Style = PLAIN, rng: random.Random | None = None) -> list[Word]:
        """The words of a clause, without its full stop."""
        verb = _pick(self.lexicon.verbs[event.verb].words, rng)
        agent = self._phrase(event.agent, "agent", rng)
        patient = self._phrase(event.patient, "patient", rng)
        plural = bool(event.patient.number)
        no = [Word("not", "PART", ADVERB)] if event.negated else []
        if style.passive:
            was = Word("were" if plural else "was", "AUX", WAS)
            clause = [*patient, was, *no, Word(verb[2], "VERB", PARTICIPLE), BY, *agent]
        elif event.negated:
            clause = [*agent, Word("did", "AUX", DID), *no, Word(verb[0], "VERB", BARE_VERB), *patient]
        else:
            clause = [*agent, Word(verb[1], "VERB", SUBJECT_VERB), *patient]
        if event.place:
            clause += self._place(event.place)
        if event.time and not style.fronted:
            clause += self._time(event.time, VERB_PREPOSITION)
        elif event.time:
            clause = self._time(event.time, SENTENCE_PREPOSITION) + clause
        return clause

    def question(self, question: Question, rng: random.Random | None = None) -> list[Word]:
        """The words of a question, without its mark."""
        event, asked = question.event, question.asked
        verb = _pick(self.lexicon.verbs[event.verb].words, rng)
        tail = self._place(event.place) if event.place and asked != "place" else []
        if event.time and asked != "time":
            tail += self._time(event.time, VERB_PREPOSITION)
        if asked == "agent" and not question.passive:
            wh = self._wh(question, WHO_SUBJECT, WHICH_SUBJECT)
            patient = self._phrase(event.patient, "patient", rng)
            return [*wh, Word(verb[1], "VERB", SUBJECT_VERB), *patient, *tail]
        if asked == "patient" and question.passive:
            wh = self._wh(question, WHO_SUBJECT, WHICH_SUBJECT)
            agent = [BY, *self._phrase(event.agent, "agent", rng)]
            return [*wh, Word("was", "AUX", WAS), Word(verb[2], "VERB", PARTICIPLE), *agent, *tail]
        if asked == "agent":
            wh = [Word("by", "ADP", WHERE + "/NP"), *self._wh(question, "NP", "NP/N", "whom")]
        elif asked == "patient":
            wh = self._wh(question, WHO_OBJECT, WHICH_OBJECT)
        else:
            wh = self._wh_adjunct(question)
        return [*wh, *self._inverted(question, verb, rng), *tail]

    def heading(self, entity: Entity, rng: random.Random | None = None) -> list[Word]:
        """The words of a noun phrase that stands alone."""
        return self._phrase(entity, "", rng)

    def definition(self, concept: str) -> list[Word]:
        """'A dog is an animal', without its full stop."""
        return [*_article(self._noun(concept), "a"), Word("is", "AUX", r"(S[dcl]\NP)/NP"),
                *_article(self._noun(self.lexicon.category(concept)), "a")]  # fmt: skip

    def _inverted(
        self, question: Question, verb: tuple[str, str, str], rng: random.Random | None
    ) -> list[Word]:
        event = question.event
        agent = [] if question.asked == "agent" else self._phrase(event.agent, "agent", rng)
        patient = [] if question.asked == "patient" else self._phrase(event.patient, "patient", rng)
        if question.passive:
            was = Word("were" if event.patient.number else "was", "AUX", INVERTED_WAS)
            by = [BY, *agent] if agent else []
            return [was, *patient, Word(verb[2], "VERB", PARTICIPLE), *by]
        return [Word("did", "AUX", INVERTED_DID), *agent, Word(verb[0], "VERB", BARE_VERB), *patient]

    def _wh(self, question: Question, pronoun: str, determiner: str, who: str = "who") -> list[Word]:
        if question.which:
            return [Word("which", "DET", determiner), Word(question.category, "NOUN", "N")]
        return [Word(who if question.category in ("person", "organisation") else "what", "PRON", pronoun)]

    @staticmethod
    def _wh_adjunct(question: Question) -> list[Word]:
        place = question.asked == "place"
        if question.which:
            return [Word("in" if place else "on", "ADP", WHERE + "/NP"), Word("which", "DET", "NP/N"),
                    Word("place" if place else "day", "NOUN", "N")]  # fmt: skip
        return [Word("where" if place else "when", "ADV", WHERE)]

    def _noun(self, concept: str, slot: str = "") -> list[Word]:
        return [Word(self.lexicon.noun(concept).words[0][0], "NOUN", "N", slot)]

    def _phrase(self, entity: Entity, slot: str, rng: random.Random | None) -> list[Word]:
        if entity.named:
            return _name(entity.head, slot)
        forms = _pick(self.lexicon.noun(entity.head).words, rng)
        words = [Word(forms[bool(entity.number)], "NOUN", "N", slot)]
        if entity.adjective:
            adjective = _pick(self.lexicon.adjectives[entity.adjective].words, rng)
            words.insert(0, Word(adjective, "ADJ", "N/N", slot))
        if entity.number:
            return [Word(entity.number, "NUM", "NP/N", slot), *words]
        return _article(words, "a" if rng is not None and rng.random() < 0.2 else "the")

    def _place(self, place: str) -> list[Word]:
        preposition, _, head = place.partition(" ")
        words = _name(head, "place") if head[3:4] == ":" else _article(self._noun(head, "place"), "the")
        return [Word(preposition, "ADP", VERB_PREPOSITION), *words]

    @staticmethod
    def _time(day: str, category: str) -> list[Word]:
        return [Word("on", "ADP", category), Word(day, "PROPN", "N", "time")]


def _pick(row: tuple, rng: random.Random | None) -> tuple:
    return row[0] if rng is None or len(row) == 1 else row[int(rng.random() * len(row))]


def _article(words: list[Word], article: str) -> list[Word]:
    if article == "a" and words[0].text[0] in "aeiou":
        article = "an"
    return [Word(article, "DET", "NP/N"), *words]


def _name(head: str, slot: str) -> list[Word]:
    parts = name_words(head)
    last = len(parts) - 1
    return [
        Word(text, "PROPN", "N" if i == last else "N/N", slot, tag) for i, (text, tag) in enumerate(parts)
    ]
