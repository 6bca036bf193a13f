"""What of the miniature world can be set: every number that decides what is in it, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from ...common.checksums import digest
from ...common.errors import UserError, nearest
from ...common.strict import Between, Count, Share, check
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

Rows = Mapping[str, Annotated[int, Between(1, 10**7)]]


@dataclass(frozen=True)
class MiniatureSettings:
    """The settings of a miniature world, as an experiment's `source:` gives them. UserError for a value
    out of range."""

    seed: Annotated[int, Between(0, 2**31)] = 11
    """Draws the words, what goes with what, and every example."""
    train: Rows = field(default_factory=dict)
    """Rows of a task's training set, where they differ from TRAIN."""
    evaluation: Rows = field(default_factory=dict)
    """Rows of every dev and test set, where they differ from EVALUATION."""
    text_lines: Annotated[int, Between(1, 10**7)] = 14000
    """Lines of English pretraining text; a language has its share of resources of them."""
    text_dev: Annotated[int, Between(1, 10**5)] = 200
    """Lines of each language's dev text."""
    parallel: Share = 0.9
    """Share of a language's pretraining lines that come with an English translation; less where its `contact`
    is less."""
    switching: Share = 0.5
    """Share of the words in a mixed pretraining line that are another language's, as bilingual writers mix
    theirs: what ties languages together soonest in minutes of pretraining. No other text is mixed."""
    mixed: Share = 0.5
    """Share of the pretraining lines that are mixed: one of an invented language with English, an English one
    with an invented language, drawn by its resources; less where a language's `contact` is less."""
    literal: Share = 0.9
    """Share of the translations in the text that keep the voice and the order of the line; the others have
    them drawn anew."""
    headings: Share = 0.15
    """Share of the lines that are a noun phrase alone, as headings and entries of a glossary are."""
    nouns: Annotated[int, Between(3, 6)] = 4
    """Nouns in each of seven categories of things; people, animals and places have two more."""
    verbs: Annotated[int, Between(4, 13)] = 8
    """Entries of the two tables of verbs, a pair of opposites being one."""
    adjectives: Annotated[int, Between(2, 11)] = 6
    """Groups of adjectives that exclude one another."""
    names: Annotated[int, Between(4, 12)] = 7
    """First names, and stems of family names, towns and organisations."""
    affinity: Annotated[float, Between(0, 4)] = 1.5
    """How unequally things go together: the spread of the logarithm of the weight with which a verb
    chooses its agents and objects and a noun its adjectives. At 0 every choice is as likely as the
    others."""
    held_out: Annotated[float, Between(0.05, 0.4)] = 0.15
    """Share of the pairs of a verb and its object kept for each of dev and test."""
    retrieval_translation: Literal["free", "literal"] = "free"
    """Free: synonyms, voice and order are drawn anew in the translation. Literal: voice and order are
    kept, and no synonyms used."""
    retrieval_distractors: Annotated[int, Between(0, 10**5)] = 0
    """Sentences that differ from a gold one in one part, added to the index of mini_tatoeba."""
    bucc_sentences: Annotated[int, Between(4, 10**5)] = 400
    """Sentences on each side of mini_bucc2018, in each split."""
    bucc_gold: Count = 120
    """How many of them have a translation on the other side."""
    bucc_hard: Share = 0.5
    """Share of the others that differ from a gold sentence in one part."""
    languages: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Changes to the languages: {qag: {order: SVO, resources: 1.0}}."""

    def __post_init__(self) -> None:
        check(self, "Miniature world:")
        if self.bucc_gold > self.bucc_sentences:
            gold, all_of_them = self.bucc_gold, self.bucc_sentences
            raise UserError(f"Miniature world: bucc_gold is {gold}, more than bucc_sentences, {all_of_them}.")
        for name, table in (("train", TRAIN), ("evaluation", EVALUATION)):
            for key in getattr(self, name):
                if key not in table:
                    raise UserError(f"Miniature world: {name} has no entry {key!r}: {nearest(key, table)}")
        configured(self.languages)

    def rows(self, task: str, split: str) -> int:
        """Rows of one split of a task, before any limit."""
        if split == "train":
            return {**TRAIN, **self.train}[task]
        return {**EVALUATION, **self.evaluation}[split]

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any setting does."""
        return digest(asdict(self))[:12]
