"""The English lexicon of the miniature world: what words there are, and how their meanings relate.

A *concept* is named by its first English word; its synonyms stand beside it in lexicon.toml. Relations
between concepts (kind of, opposite of, can be said of) are all that the world knows, and all that its
tasks ask for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLE: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NOUNS: Mapping[str, str] = _TABLE["nouns"]
VERBS: Mapping[str, str] = _TABLE["verbs"]
ADJECTIVES: Sequence[tuple[str, str]] = _TABLE["adjectives"]
PLURALS = {"person": "people"}  # of hypernyms
NUMBERS, DAYS, PREPOSITIONS, FIRST_NAMES, STEMS, TOWN_PREFIXES, ORGANISATIONS = (
    tuple(_TABLE[name].split())
    for name in ("numbers", "days", "prepositions", "first_names", "stems", "town_prefixes", "organisations")
)
# Words of grammar, by what they do; and the English word that a cognate of each is.
FUNCTIONS = tuple(_TABLE["functions"].split())
IN_ENGLISH = {name: "was" if name == "passive" else name for name in FUNCTIONS}


@dataclass(frozen=True)
class Noun:
    concept: str
    category: str
    words: tuple[tuple[str, str], ...]
    """(singular, plural) of every synonym."""


@dataclass(frozen=True)
class Verb:
    concept: str
    family: str
    """The first verb of a pair of opposites; its own concept where it has none."""
    opposite: str
    kind: str
    """'social' or 'thing': what it is done to."""
    animals: bool
    organisations: bool
    words: tuple[tuple[str, str, str], ...]
    """(base, past, participle) of every synonym."""


@dataclass(frozen=True)
class Adjective:
    concept: str
    words: tuple[str, ...]
    kinds: frozenset[str]
    excludes: frozenset[str]


def _plural(word: str) -> str:
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def _noun(entry: str, category: str) -> Noun:
    forms = []
    for word in entry.split("|"):
        singular, _, plural = word.partition("/")
        forms.append((singular, plural or PLURALS.get(singular) or _plural(singular)))
    return Noun(forms[0][0], category, tuple(forms))


def _verbs(line: str, kind: str) -> list[Verb]:
    words = line.split()
    flags = {word for word in words if word in "*+"}
    halves = " ".join(word for word in words if word not in flags).split(" / ")
    concepts = [half.split()[0] for half in halves]
    found = []
    for concept, half in zip(concepts, halves, strict=True):
        opposite = next((other for other in concepts if other != concept), "")
        forms = tuple(tuple(word.split()) for word in half.split("|"))
        found.append(Verb(concept, concepts[0], opposite, kind, "*" in flags, "+" in flags, forms))
    return found


class Lexicon:
    """The concepts of one world: all of them, or the first so many of each list.

    nouns: nouns in each category of things, people, animals and places having two more; verbs: lines of
    each table of VERBS; adjectives: groups of ADJECTIVES; names: first names and stems. A beginning of
    every list is still a world.
    """

    def __init__(self, nouns: int = 6, verbs: int = 13, adjectives: int = 11, names: int = 12) -> None:
        self.nouns: dict[str, Noun] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        for category, line in NOUNS.items():
            more = 2 * (category in _TABLE["common"])
            mine = {noun.concept: noun for noun in (_noun(e, category) for e in line.split()[: nouns + more])}
            self.nouns |= mine
            self._members[category] = tuple(mine)
        self.hypernyms = {category: _noun(category, category) for category in NOUNS}
        self.verbs = {
            verb.concept: verb
            for kind, table in VERBS.items()
            for line in table.strip().split("\n")[:verbs]
            for verb in _verbs(line, kind)
        }
        self.adjectives = self._adjectives(adjectives)
        self.first_names, self.stems = FIRST_NAMES[:names], STEMS[:names]

    @staticmethod
    def _adjectives(groups: int) -> dict[str, Adjective]:
        words: dict[str, tuple[str, ...]] = {}
        kinds: dict[str, set[str]] = {}
        excludes: dict[str, set[str]] = {}
        for kind, line in ADJECTIVES[:groups]:
            entries = [tuple(entry.split("|")) for entry in line.split()]
            for entry in entries:
                words[entry[0]] = entry
                kinds.setdefault(entry[0], set()).add(kind)
                excludes.setdefault(entry[0], set()).update(other[0] for other in entries if other != entry)
        return {
            key: Adjective(key, words[key], frozenset(kinds[key]), frozenset(excludes[key])) for key in words
        }

    def category(self, head: str) -> str:
        """The category of a noun, a hypernym or a name ('PER:Mira Halden' is a person)."""
        if head[3:4] == ":":
            return {"PER": "person", "LOC": "place", "ORG": "organisation"}[head[:3]]
        return head if head in self.hypernyms else self.nouns[head].category

    def members(self, category: str) -> tuple[str, ...]:
        return self._members[category]

    def noun(self, head: str) -> Noun:
        return self.hypernyms.get(head) or self.nouns[head]

    def concepts(self) -> Iterable[tuple[str, Sequence[tuple[str, ...]], str]]:
        """(key, English forms of every synonym, English word that a cognate is made from) of all that other
        languages have words for."""
        for noun in (*self.nouns.values(), *self.hypernyms.values()):
            yield noun.concept, noun.words, noun.words[0][0]
        for verb in self.verbs.values():
            yield f"{verb.concept}!", verb.words, verb.words[0][1]
        for adjective in self.adjectives.values():
            yield f"{adjective.concept}~", [(word,) for word in adjective.words], adjective.words[0]
        for word in (*NUMBERS, *DAYS):
            yield word, [(word,)], word.lower()

    def forms(self) -> Iterable[tuple[str, str]]:
        """(key, English form) of the same concepts, every form of every synonym."""
        return ((key, form) for key, rows, _ in self.concepts() for row in rows for form in row)

    def name_words(self) -> tuple[str, ...]:
        return (*self.first_names, *self.stems, *TOWN_PREFIXES, *ORGANISATIONS)

    def english_words(self) -> set[str]:
        """Every English word form, in lower case, names and punctuation apart."""
        words = {form.lower() for _, form in self.forms()}
        return words | {*PREPOSITIONS, *_TABLE["grammar_words"].split()}
