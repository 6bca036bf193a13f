"""What of the miniature world can be set: every number that decides what is in it, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from ...checksums import digest
from ...errors import UserError, nearest
from .languages import configured

# Rows of the English training sets: NLI as large as its intermediate twin, question answering scarce in the
# target.
TRAIN = {
    "mini_mnli": 6000,
    "mini_qqp": 6000,
    "mini_squad": 6000,
    "mini_hellaswag": 6000,
    "mini_ccg": 3000,
    "mini_pawsx": 3000,
    "mini_udpos": 1500,
    "mini_panx": 1500,
    "mini_tydiqa": 100,
}
EVALUATION = {"dev": 250, "test": 250}

# The values that a setting may have, least and most.
WHOLE = {
    "seed": (0, 2**31),
    "text_lines": (1, 10**7),
    "text_dev": (1, 10**5),
    "nouns": (3, 6),
    "verbs": (4, 13),
    "adjectives": (2, 11),
    "names": (4, 12),
    "retrieval_distractors": (0, 10**5),
    "bucc_sentences": (4, 10**5),
}
SHARES = {
    "affinity": (0.0, 4.0),
    "parallel": (0.0, 1.0),
    "switching": (0.0, 1.0),
    "literal": (0.0, 1.0),
    "headings": (0.0, 1.0),
    "mixed": (0.0, 1.0),
    "held_out": (0.05, 0.4),
    "bucc_hard": (0.0, 1.0),
}


@dataclass(frozen=True)
class MiniatureSettings:
    """The settings of a miniature world, as an experiment's `source:` gives them. UserError for a value
    out of range."""

    seed: int = 11
    """Draws the words, what goes with what, and every example."""
    train: Mapping[str, int] = field(default_factory=dict)
    """Rows of a task's training set, where they differ from TRAIN."""
    evaluation: Mapping[str, int] = field(default_factory=dict)
    """Rows of every dev and test set, where they differ from EVALUATION."""
    text_lines: int = 14000
    """Lines of English pretraining text; a language has its share of resources of them."""
    text_dev: int = 200
    """Lines of each language's dev text."""
    parallel: float = 0.9
    """Share of a language's pretraining lines that come with an English translation."""
    switching: float = 0.5
    """Share of the words in a mixed pretraining line that are another language's, as bilingual writers mix
    theirs: what ties languages together soonest in minutes of pretraining. No other text is mixed."""
    mixed: float = 0.5
    """Share of the pretraining lines that are mixed: one of an invented language with English, an English one
    with an invented language, drawn by its resources."""
    literal: float = 0.9
    """Share of the translations in the text that keep the voice and the order of the line; the others have
    them drawn anew."""
    headings: float = 0.15
    """Share of the lines that are a noun phrase alone, as headings and entries of a glossary are."""
    nouns: int = 4
    """Nouns in each of seven categories of things; people, animals and places have two more."""
    verbs: int = 8
    """Entries of the two tables of verbs, a pair of opposites being one."""
    adjectives: int = 6
    """Groups of adjectives that exclude one another."""
    names: int = 7
    """First names, and stems of family names, towns and organisations."""
    affinity: float = 1.5
    """How unequally things go together: the spread of the logarithm of the weight with which a verb
    chooses its agents and objects and a noun its adjectives. At 0 every choice is as likely as the
    others."""
    held_out: float = 0.15
    """Share of the pairs of a verb and its object kept for each of dev and test."""
    retrieval_translation: Literal["free", "literal"] = "free"
    """Free: synonyms, voice and order are drawn anew in the translation. Literal: voice and order are
    kept, and no synonyms used."""
    retrieval_distractors: int = 0
    """Sentences that differ from a gold one in one part, added to the index of mini_tatoeba."""
    bucc_sentences: int = 400
    """Sentences on each side of mini_bucc2018, in each split."""
    bucc_gold: int = 120
    """How many of them have a translation on the other side."""
    bucc_hard: float = 0.5
    """Share of the others that differ from a gold sentence in one part."""
    languages: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Changes to the languages: {qag: {order: SVO, resources: 1.0}}."""

    def __post_init__(self) -> None:
        for key, (least, most) in WHOLE.items():
            self._whole(key, getattr(self, key), least, most)
        self._whole("bucc_gold", self.bucc_gold, 1, self.bucc_sentences)
        for key, (low, high) in SHARES.items():
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise UserError(f"Miniature world: {key} is {value!r}; it must be between {low} and {high}.")
        if self.retrieval_translation not in ("free", "literal"):
            raise UserError(
                f"Miniature world: retrieval_translation is {self.retrieval_translation!r}; "
                "it must be 'free' or 'literal'."
            )
        for name, table in (("train", TRAIN), ("evaluation", EVALUATION)):
            for key, value in self._mapping(name).items():
                if key not in table:
                    raise UserError(f"Miniature world: {name} has no entry {key!r}: {nearest(key, table)}")
                self._whole(f"{name}.{key}", value, 1, 10**7)
        self._mapping("languages")
        configured(self.languages)

    def _mapping(self, name: str) -> Mapping:
        value = getattr(self, name)
        if not isinstance(value, Mapping):
            raise UserError(
                f"Miniature world: {name} is {value!r}; it must be a mapping from names to values."
            )
        return value

    @staticmethod
    def _whole(key: str, value: object, least: int, most: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UserError(
                f"Miniature world: {key} is {value!r}; it must be a whole number from {least} to {most}."
            )

    def rows(self, task: str, split: str) -> int:
        """Rows of one split of a task, before any limit."""
        if split == "train":
            return {**TRAIN, **self.train}[task]
        return {**EVALUATION, **self.evaluation}[split]

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any setting does."""
        return digest(asdict(self))[:12]
