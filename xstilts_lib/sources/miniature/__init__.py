"""The miniature world: a generated English, seven to eleven invented languages, and a task of every format.

>>> from xstilts_lib.sources import open_source
>>> world = open_source({"kind": "miniature", "seed": 11})
>>> world.load("mini_xnli", "test", "qac", limit=1)[0]["label"] in (0, 1, 2)
True

Everything is a function of the settings. No file is read, and no file written.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING

from ...common.errors import UserError, nearest
from ...tasks import TASKS
from ...tasks import task as task_row
from .. import Split
from ..checks import limited
from ..rows import dataset
from . import pretraining, sentences
from .catalogue import BITEXT, MAKERS, TEXT, Catalogue
from .english import SUPERTAGS, English
from .grammar import Grammar
from .invented import Invented
from .languages import distance, tokenizer
from .pretraining import Mixed, Table
from .settings import MiniatureSettings
from .world import World

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast

__all__ = ["MiniatureSettings", "MiniatureSource"]


class MiniatureSource:
    """A source of examples as sources/__init__.py describes one."""

    kind = "miniature"

    def __init__(self, settings: MiniatureSettings | None = None) -> None:
        self.settings = settings or MiniatureSettings()

    @cached_property
    def world(self) -> World:
        return World(self.settings)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.world)

    @cached_property
    def grammars(self) -> dict[str, Grammar]:
        lexicon = self.world.lexicon
        invented = {code: Invented(lexicon, words) for code, words in self.world.vocabularies.items()}
        return {"en": English(lexicon), **invented}

    def load(self, task: str, split: Split, language: str = "en", limit: int | None = None) -> Dataset:
        """The examples of one split in one language; with `limit`, the first so many.

        mini_text is held in every language, train and dev. Other training sets are English; those of
        intermediate tasks, tags aside, come translated too, without a translator's errors. Evaluation sets
        are parallel: the same ids and labels in every language. UserError for what the world does not hold.
        """
        return dataset(task_row(task).format, self.rows(task, split, language, limit))

    def rows(self, task: str, split: Split, language: str = "en", limit: int | None = None) -> list[dict]:
        """What `load` gives, as plain dictionaries."""
        self._check(task, split, language)
        if limit is not None and limit < 1:
            raise UserError(f"limit must be at least 1, not {limit}.")
        name, rng = task.removeprefix("mini_"), self.world.rng("forms", task, split, language)
        grammar, english = self.grammars[language], self.grammars["en"]
        if task == TEXT:
            literal, lines = self.settings.literal, self.catalogue.lines(language, split, limit)
            return [
                {
                    "id": f"{name}-{split}-{language}-{i}",
                    **pretraining.row(item, language, self._mixed(language, rng), english, rng, literal),
                }
                for i, item in enumerate(lines)
            ]
        items = self.catalogue.items(task, split)
        if task in BITEXT:
            rows = sentences.retrieved_rows(items, name, grammar, english, rng, self.world, split)
            return limited(task_row("mini_tatoeba"), rows, limit)
        row, numbered = MAKERS[task].row, enumerate(items[:limit])
        return [{"id": f"{name}-{split}-{i}", **row(item, grammar, rng)} for i, item in numbered]

    def _mixed(self, language: str, rng: random.Random) -> Grammar:
        """The grammar that a line of pretraining text is written in."""
        grammar, share = self.grammars[language], self.settings.switching
        if not share or rng.random() >= self.settings.mixed * self.world.languages[language].contact:
            return grammar
        if language != "en":
            return Mixed(grammar, self._tables[language][0], share)
        declared = (self.world.languages[code] for code in self._tables)
        weights = {row.code: row.resources * row.contact for row in declared}
        if not any(weights.values()):  # nobody mixes any of them with English
            return grammar
        (code,) = rng.choices([*weights], [*weights.values()])
        return Mixed(grammar, self._tables[code][1], share)

    @cached_property
    def _tables(self) -> dict[str, tuple[Table, Table]]:
        """Of each invented language, its words in English and the English words in it."""
        words, lexicon = self.world.vocabularies.items(), self.world.lexicon
        return {
            code: (pretraining.to_english(lexicon, v), pretraining.to_foreign(lexicon, v))
            for code, v in words
        }

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages in which the world can evaluate `task`."""
        return tuple(code for code in self._task(task).languages if code in self.world.languages)

    def labels(self, task: str) -> tuple[str, ...]:
        """Label names in the order of the head's outputs; supertags are the world's own."""
        return SUPERTAGS if task == "mini_ccg" else self._task(task).labels

    def identify(self, name: str, split: str, language: str) -> str:
        """The seed and a hash of the settings."""
        return f"miniature seed {self.settings.seed}, settings {self.settings.fingerprint()}"

    def check(self, tasks: Iterable[str]) -> None:
        """UserError for a task that is not of this world; there is no file that could be absent."""
        for name in tasks:
            self._task(name)

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer of every word in all the languages."""
        return tokenizer(self.world.lexicon, self.world.vocabularies)

    def examples(
        self, task: str, languages: Iterable[str] | None = None, n: int = 1, split: Split = "test"
    ) -> list[dict]:
        """`n` examples in each language, for a reader: rows of the task's columns and 'language', parallel
        ones together."""
        found: dict[str, list[dict]] = {}
        for language in languages or self.languages(task):
            rows = self.rows(task, split, language)
            if task in BITEXT:
                rows = [row for row in rows if row["mate"]]
            for row in rows if task in BITEXT else rows[:n]:
                found.setdefault(row["id"], []).append({"language": language, **row})
        keys = list(found)[:n] if task in BITEXT else list(found)
        return [row for key in keys for row in found[key]]

    def language_table(self) -> list[dict]:
        """What each language declares, one row a language, English first; `distance` is from 0 to 1."""
        return [{**asdict(row), "distance": distance(row)} for row in self.world.languages.values()]

    def _task(self, name: str):
        row = task_row(name)
        if "miniature" not in row.sources:
            known = [name for name, row in TASKS.items() if "miniature" in row.sources]
            raise UserError(f"The miniature world has no task {name!r}: {nearest(name, known)}")
        return row

    def _check(self, name: str, split: str, language: str) -> None:
        row = self._task(name)
        if split not in ("train", "dev", "test"):
            raise UserError(f"{name} has no split {split!r}: it must be 'train', 'dev' or 'test'.")
        if language not in self.world.languages:
            known = nearest(language, self.world.languages)
            raise UserError(f"The miniature world has no language {language!r}: {known}")
        if name == TEXT:
            if split == "test":
                raise UserError("mini_text has no split 'test': it must be 'train' or 'dev'.")
        elif split == "train":
            if row.train != name:
                reason = f"it trains on {row.train}" if row.train else "it has no training data"
                raise UserError(f"{name} has no split 'train': {reason}.")
            if language != "en" and (row.format == "tags" or row.role != "intermediate"):
                raise UserError(f"{name} has training data in English alone, not in {language!r}.")
        elif language not in self.languages(name):
            known = self.languages(name)
            raise UserError(f"{name} is not evaluated in {language!r}: {nearest(language, known)}")
