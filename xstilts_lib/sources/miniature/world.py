"""The world: what happens in it, how often, and which happenings are kept for evaluation.

Some things go with others more often (a verb with its usual objects, a noun with its usual adjectives), so
that words have company to be known by. The pairs of a verb and its object are divided among train, dev and
test.
"""

from __future__ import annotations

import hashlib
import random
from itertools import accumulate

from .grammar import PARTS, Entity, Event, Question, ask
from .languages import configured, vocabularies
from .lexicon import DAYS, NUMBERS, ORGANISATIONS, TOWN_PREFIXES, Lexicon
from .settings import MiniatureSettings

THINGS = ("fruit", "tool", "garment", "container", "vehicle", "instrument", "document")
SPLITS = ("train", "dev", "test")
FREQUENCY = 0.6  # how unequally often verbs and places occur: the spread of the logarithm


class Draw:
    """A weighted choice that is fast to repeat."""

    def __init__(self, items: list, weights: list[float]) -> None:
        self.items, self.cumulative = items, list(accumulate(weights))

    def __bool__(self) -> bool:
        return bool(self.items)

    def __call__(self, rng: random.Random):
        return rng.choices(self.items, cum_weights=self.cumulative)[0]


class World:
    """Draws events. Everything is a function of the settings; a split's events never use another split's
    pairs."""

    def __init__(self, settings: MiniatureSettings) -> None:
        self.settings = settings
        self.lexicon = Lexicon(settings.nouns, settings.verbs, settings.adjectives, settings.names)
        self.languages = configured(settings.languages)
        self.vocabularies = vocabularies(self.languages, self.lexicon, settings.seed)
        self._adjectives = {
            noun: self._adjective_draw(noun) for noun in (*self.lexicon.nouns, *self.lexicon.hypernyms)
        }
        self._agents = {verb: self._agent_draw(verb) for verb in self.lexicon.verbs}
        self._patients = {
            (verb, split): self._patient_draw(verb, split) for verb in self.lexicon.verbs for split in SPLITS
        }
        self._verbs = {split: self._verb_draw(split) for split in SPLITS}
        places = list(self.lexicon.members("place"))
        self._places = Draw(places, self._weights("places", places, FREQUENCY))

    # Randomness: one generator for each purpose, whatever the order in which they are asked for.

    def rng(self, *purpose: object) -> random.Random:
        return random.Random(self._number(*purpose))

    def _number(self, *purpose: object) -> int:
        """A whole number below 2 ** 64."""
        text = "/".join(map(str, (self.settings.seed, *purpose)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())

    def _weights(self, purpose: str, items: list[str], spread: float | None = None) -> list[float]:
        """A weight for each item, its logarithm normal with this spread, by default `affinity`."""
        rng = self.rng("affinity", purpose)
        spread = self.settings.affinity if spread is None else spread
        table = {item: rng.lognormvariate(0, spread) for item in sorted(items)}
        return [table[item] for item in items]

    # Which pairs are whose.

    def pair_split(self, verb: str, noun: str) -> str:
        """'train', 'dev' or 'test': where a verb may have this noun for its object. Opposites go together."""
        share = self._number("pair", self.lexicon.verbs[verb].family, noun) / 2**64
        held = self.settings.held_out
        return "test" if share < held else "dev" if share < 2 * held else "train"

    def allowed(self, event: Event, split: str) -> bool:
        """Whether the verb can have this object at all, and in this split."""
        verb, patient = self.lexicon.verbs[event.verb], event.patient
        category = self.lexicon.category(patient.head)
        if verb.kind == "thing":
            if category not in THINGS:
                return False
        elif category not in ("person", "animal") and not (category == "organisation" and verb.organisations):
            return False
        if patient.named or patient.head in self.lexicon.hypernyms:
            return True
        return self.pair_split(event.verb, patient.head) == split

    def acts(self, verb: str, agent: Entity) -> bool:
        """Whether this agent can do it."""
        row, category = self.lexicon.verbs[verb], self.lexicon.category(agent.head)
        return category == "person" or (category == "animal" and row.animals) or (
            category == "organisation" and row.organisations
        )  # fmt: skip

    def possible(self, event: Event, split: str) -> bool:
        """Whether it can happen between these two, and in this split."""
        apart = event.agent.head != event.patient.head
        return apart and self.acts(event.verb, event.agent) and self.allowed(event, split)

    # Draws.

    def _adjective_draw(self, noun: str) -> Draw:
        kind = "agent" if self.lexicon.category(noun) in ("person", "animal") else "thing"
        items = [key for key, row in self.lexicon.adjectives.items() if kind in row.kinds]
        return Draw(items, self._weights(f"adjective/{noun}", items))

    def _agent_draw(self, verb: str) -> Draw:
        animals = self.lexicon.members("animal") if self.lexicon.verbs[verb].animals else ()
        items = [*self.lexicon.members("person"), *animals]
        return Draw(items, self._weights(f"agent/{verb}", items))

    def _patient_draw(self, verb: str, split: str) -> Draw:
        categories = THINGS if self.lexicon.verbs[verb].kind == "thing" else ("person", "animal")
        items = [noun for category in categories for noun in self.lexicon.members(category)]
        weights = self._weights(f"patient/{verb}", items)
        kept = [(n, w) for n, w in zip(items, weights, strict=True) if self.pair_split(verb, n) == split]
        return Draw([n for n, _ in kept], [w for _, w in kept])

    def _verb_draw(self, split: str) -> dict[str, Draw]:
        draws = {}
        for kind in ("social", "thing"):
            rows = self.lexicon.verbs.items()
            items = [verb for verb, row in rows if row.kind == kind and self._patients[verb, split]]
            draws[kind] = Draw(items, self._weights(f"verb/{kind}", items, FREQUENCY))
        return draws

    def person_name(self, rng: random.Random) -> str:
        first, last = rng.choice(self.lexicon.first_names), rng.choice(self.lexicon.stems)
        share = rng.random()
        return "PER:" + (first if share < 0.45 else last if share < 0.6 else f"{first} {last}")

    def town(self, rng: random.Random) -> str:
        stem = rng.choice(self.lexicon.stems)
        return "LOC:" + (f"{rng.choice(TOWN_PREFIXES)} {stem}" if rng.random() < 0.3 else stem)

    def organisation(self, rng: random.Random) -> str:
        return f"ORG:{rng.choice(self.lexicon.stems)} {rng.choice(ORGANISATIONS)}"

    def adjective(self, rng: random.Random, head: str) -> str:
        return self._adjectives[head](rng)

    def place(self, rng: random.Random, towns: float = 0.35) -> str:
        head = self.town(rng) if rng.random() < towns else self._places(rng)
        return f"{'near' if rng.random() < 0.25 else 'in'} {head}"

    def day(self, rng: random.Random) -> str:
        return rng.choice(DAYS)

    def verb(self, rng: random.Random, split: str, kind: str = "") -> str:
        return self._verbs[split][kind or ("thing" if rng.random() < 0.6 else "social")](rng)

    def _name(self, rng: random.Random, verb: str) -> Entity:
        organisation = self.lexicon.verbs[verb].organisations and rng.random() < 0.3
        return Entity(self.organisation(rng) if organisation else self.person_name(rng))

    def agent(self, rng: random.Random, verb: str, names: float, general: float, adjective: float) -> Entity:
        share = rng.random()
        if share < names:
            return self._name(rng, verb)
        head = self._agents[verb](rng)
        if share > 1 - general:
            head = self.lexicon.category(head)
        return Entity(head, self.adjective(rng, head) if rng.random() < adjective else "")

    def patient(
        self, rng: random.Random, verb: str, split: str, names: float, general: float, adjective: float
    ) -> Entity:
        share = rng.random()
        if self.lexicon.verbs[verb].kind == "social" and share < names:
            return self._name(rng, verb)
        head = self._patients[verb, split](rng)
        if share > 1 - general:
            head = self.lexicon.category(head)
        number = rng.choice(NUMBERS) if self.lexicon.category(head) != "person" and rng.random() < 0.2 else ""
        return Entity(head, self.adjective(rng, head) if rng.random() < adjective else "", number)

    def question(self, rng: random.Random, event: Event, which: float, passive: float) -> Question:
        """A question for some part of an event, told or not; the numbers are the chances of its forms."""
        asked = rng.choice(PARTS)
        category = self.lexicon.category(getattr(event, asked).head) if asked in ("agent", "patient") else ""
        kind = category != "organisation" and bool(category) and rng.random() < which
        return ask(event, asked, category, kind, rng.random() < passive)

    def event(
        self,
        rng: random.Random,
        split: str,
        *,
        kind: str = "",
        verb: str = "",
        names: float = 0.25,
        general: float = 0.1,
        adjective: float = 0.3,
        place: float = 0.4,
        time: float = 0.35,
        negated: float = 0.0,
    ) -> Event:
        """One event whose pair of verb and object belongs to `split`; the numbers are the chances of each
        part."""
        verb = verb or self.verb(rng, split, kind)
        agent = self.agent(rng, verb, names, general, adjective)
        patient = self.patient(rng, verb, split, names, general, adjective)
        while patient.head == agent.head:
            patient = self.patient(rng, verb, split, names, general, adjective)
        return Event(
            verb,
            agent,
            patient,
            self.place(rng) if rng.random() < place else "",
            self.day(rng) if rng.random() < time else "",
            rng.random() < negated,
        )
