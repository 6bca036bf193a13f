"""What an English sentence of the world says, and what follows from it: read from the text, independently of
what made it.

The generator builds a pair to have a label; this module reads the pair and works the label out. Tests hold
the two together, which is how a label that does not fit its sentences is found.

>>> from xstilts_lib.sources.miniature.lexicon import Lexicon
>>> logic = Logic(Lexicon())
>>> logic.relation("The dog followed the tall nurse in Halden.", "An animal pursued the nurse.")
'entailment'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xstilts_lib.sources.miniature.lexicon import NUMBERS, ORGANISATIONS, Lexicon

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
# How what the premise says of one part relates to what the hypothesis says of it.
SAME, NARROWER, WIDER, EXCLUDED, UNRELATED = "same", "narrower", "wider", "excluded", "unrelated"


@dataclass(frozen=True)
class Phrase:
    """A participant as the text names it; names keep their words."""

    head: str
    adjective: str = ""
    number: str = ""
    name: bool = False


@dataclass(frozen=True)
class Fact:
    verb: str
    agent: Phrase | None
    patient: Phrase | None
    place: tuple[str, str] | None = None
    """The preposition and the noun or name."""
    time: str = ""
    negated: bool = False


class Reader:
    """Reads sentences of the world into facts. ValueError for a text that is not of the world."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        nouns = (*lexicon.nouns.values(), *lexicon.hypernyms.values())
        self.nouns = {form: noun.concept for noun in nouns for pair in noun.words for form in pair}
        self.verbs = {
            form: verb.concept for verb in lexicon.verbs.values() for forms in verb.words for form in forms
        }
        self.adjectives = {word: row.concept for row in lexicon.adjectives.values() for word in row.words}
        self.names = {word.lower() for word in lexicon.name_words()}

    def facts(self, text: str) -> list[Fact]:
        """Every clause of a text, questions left out."""
        clauses = [
            clause for sentence in re.findall(r"[^.?]+\.", text.lower()) for clause in sentence.split(" and ")
        ]
        return [self._clause(re.findall(r"\w+", clause)) for clause in clauses]

    def question(self, text: str) -> tuple[str, Fact]:
        """Which part a question asks for, and what it says of the others."""
        words = re.findall(r"\w+", text.lower())
        opening = " ".join(words[:3])
        for start, asked in (
            ("where", "place"),
            ("in which place", "place"),
            ("when", "time"),
            ("on which day", "time"),
        ):
            if opening.startswith(start):
                return asked, self._clause(words[len(start.split()) :])
        if words[0] == "by":
            return "agent", self._clause(words[3 if words[1] == "which" else 2 :], blank="agent")
        rest = words[2 if words[0] == "which" else 1 :]
        asked = "patient" if rest[0] in ("did", "was", "were") else "agent"
        return asked, self._clause(rest, blank=asked)

    def _clause(self, words: Sequence[str], blank: str = "") -> Fact:
        phrases: list[Phrase] = []
        fact = Fact("", None, None)
        passive, by, position = False, None, 0
        while position < len(words):
            word = words[position]
            if word in ("was", "were"):
                passive = True
            elif word == "not":
                fact = replace(fact, negated=True)
            elif word in self.verbs and not fact.verb:
                fact = replace(fact, verb=self.verbs[word])
            elif word == "on":
                position += 1
                fact = replace(fact, time=words[position])
            elif word in ("in", "near", "by"):
                phrase, position = self._phrase(words, position + 1)
                if word == "by":
                    by = phrase
                else:
                    fact = replace(fact, place=(word, phrase.head))
            elif word != "did":
                phrase, position = self._phrase(words, position)
                phrases.append(phrase)
            position += 1
        if passive:
            agent, patient = by, (phrases or [None])[0]
        elif blank == "agent":
            agent, patient = None, phrases[0]
        else:
            agent, patient = [*phrases, None][:2]
        if not fact.verb or len(phrases) > 2:
            raise ValueError(f"not a clause of this world: {' '.join(words)}")
        return replace(fact, agent=agent, patient=patient)

    def _phrase(self, words: Sequence[str], start: int) -> tuple[Phrase, int]:
        """The phrase that begins at `start`, and the position of its last word."""
        position, number, adjective = start, "", ""
        if words[position] in self.names:
            while position + 1 < len(words) and words[position + 1] in self.names:
                position += 1
            return Phrase(" ".join(words[start : position + 1]), name=True), position
        if words[position] in ("the", "a", "an"):
            position += 1
        elif words[position] in NUMBERS:
            number, position = words[position], position + 1
        if words[position] in self.adjectives:
            adjective, position = self.adjectives[words[position]], position + 1
        if words[position] not in self.nouns:
            raise ValueError(f"{words[position]!r} is no noun of this world, in: {' '.join(words)}")
        return Phrase(self.nouns[words[position]], adjective, number), position


class Logic:
    """Natural logic over facts: part by part, then together."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.reader = Reader(lexicon)

    def relation(self, premise: str, hypothesis: str) -> str | None:
        """'entailment', 'neutral' or 'contradiction'; None where people could disagree, as about whether
        two sentences speak of the same event."""
        conclusions = self.reader.facts(hypothesis)
        if len(conclusions) != 1:
            raise ValueError(f"a hypothesis states one fact: {hypothesis}")
        found = [self._judge(fact, conclusions[0]) for fact in self.reader.facts(premise)]
        if None in found or {ENTAILMENT, CONTRADICTION} <= set(found):
            return None
        return next((label for label in (ENTAILMENT, CONTRADICTION) if label in found), NEUTRAL)

    def same(self, first: str, second: str) -> bool:
        """Whether two texts state the same facts, in any order."""
        return set(self.reader.facts(first)) == set(self.reader.facts(second))

    def restates(self, text: str, part: str) -> bool:
        """Whether all that `part` states is stated in `text`."""
        return set(self.reader.facts(part)) <= set(self.reader.facts(text))

    def answers(self, context: str, question: str) -> list[str]:
        """Every part of the context that answers the question: heads of phrases, by concept; names by
        their words."""
        asked, known = self.reader.question(question)
        found = []
        for fact in self.reader.facts(context):
            value = getattr(fact, asked)
            if not value or fact.verb != known.verb or fact.negated:
                continue
            given = [
                part
                for part in ("agent", "patient", "place", "time")
                if part != asked and getattr(known, part)
            ]
            if all(getattr(known, part) == getattr(fact, part) for part in given):
                found.append(value if asked == "time" else value[1] if asked == "place" else value.head)
        return found

    def _judge(self, premise: Fact, hypothesis: Fact) -> str | None:
        """What one fact says of another. Parts that exclude one another contradict only within one event."""
        parts = self._parts(premise, hypothesis)
        if UNRELATED in parts:
            # Another event: nothing follows; but with the same verb it may be meant to be the same event.
            return None if parts[0] in (SAME, EXCLUDED) else NEUTRAL
        narrower, wider, excluded = NARROWER in parts, WIDER in parts, EXCLUDED in parts
        if premise.negated and hypothesis.negated:
            return ENTAILMENT if not narrower and not excluded else NEUTRAL
        if premise.negated:
            return CONTRADICTION if not narrower and not excluded else NEUTRAL
        if hypothesis.negated:
            return None if excluded else NEUTRAL if wider else CONTRADICTION
        if excluded:
            return CONTRADICTION
        return NEUTRAL if wider else ENTAILMENT

    def _parts(self, premise: Fact, hypothesis: Fact) -> list[str]:
        verbs = self.lexicon.verbs
        if premise.verb == hypothesis.verb:
            found = [SAME]
        else:
            found = [EXCLUDED if verbs[premise.verb].opposite == hypothesis.verb else UNRELATED]
        for ours, theirs in ((premise.agent, hypothesis.agent), (premise.patient, hypothesis.patient)):
            if ours is None or theirs is None:
                raise ValueError("a fact without a participant")
            found += [self._heads(ours, theirs), self._adjectives(ours, theirs), self._numbers(ours, theirs)]
        return [
            *found,
            self._places(premise.place, hypothesis.place),
            self._times(premise.time, hypothesis.time),
        ]

    def _heads(self, ours: Phrase, theirs: Phrase) -> str:
        if (ours.head, ours.name) == (theirs.head, theirs.name):
            return SAME
        if not theirs.name and theirs.head == self._kind(ours) and ours.head != theirs.head:
            return NARROWER
        if not ours.name and ours.head == self._kind(theirs):
            return WIDER
        return UNRELATED

    def _kind(self, phrase: Phrase) -> str:
        if phrase.name:
            return "organisation" if phrase.head.split()[-1].title() in ORGANISATIONS else "person"
        return self.lexicon.category(phrase.head)

    def _adjectives(self, ours: Phrase, theirs: Phrase) -> str:
        if ours.adjective == theirs.adjective:
            return SAME
        if not theirs.adjective:
            return NARROWER
        if ours.adjective and theirs.adjective in self.lexicon.adjectives[ours.adjective].excludes:
            return EXCLUDED
        return WIDER

    @staticmethod
    def _numbers(ours: Phrase, theirs: Phrase) -> str:
        if ours.number == theirs.number:
            return SAME
        return EXCLUDED if ours.number and theirs.number else UNRELATED

    def _places(self, ours: tuple[str, str] | None, theirs: tuple[str, str] | None) -> str:
        """Two towns exclude one another, and so do two places of other kinds; a place may be in a town."""
        if ours == theirs:
            return SAME
        if theirs is None:
            return NARROWER
        if (
            ours
            and ours[0] == theirs[0] == "in"
            and (ours[1] in self.lexicon.nouns) == (theirs[1] in self.lexicon.nouns)
        ):
            return EXCLUDED
        return WIDER

    @staticmethod
    def _times(ours: str, theirs: str) -> str:
        if ours == theirs:
            return SAME
        if not theirs:
            return NARROWER
        return EXCLUDED if ours else WIDER
