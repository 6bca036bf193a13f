"""Which examples each split of each task is made of, before they are put into words of any language."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...common.errors import UserError
from . import choices, pairs, pretraining, questions, sentences
from .grammar import Event
from .world import World

TRIES = 5000  # draws for one example, before the world is declared too small for it


@dataclass(frozen=True)
class Maker:
    """How a task's examples are made: `build` draws one (None: draw again), `row` puts it into words."""

    build: Callable[..., Any]
    row: Callable[..., dict]
    labels: int = 1
    """Kinds of example that are held in balance: in every run of so many rows, each occurs once."""


MAKERS = {
    "mini_mnli": Maker(pairs.inference, pairs.row, 3),
    "mini_xnli": Maker(pairs.inference, pairs.row, 3),
    "mini_qqp": Maker(pairs.paraphrase, pairs.reworded, 2),
    # Few passives: who stands first did it, as a rule, and the order of two names tells most pairs apart.
    "mini_pawsx": Maker(pairs.roles, partial(pairs.reworded, passive=pairs.FEW_PASSIVES), 2),
    "mini_squad": Maker(partial(questions.account, names=0.4, which=0.1, passive=0.1), questions.row, 4),
    "mini_tydiqa": Maker(partial(questions.account, names=0.5, which=0.4, passive=0.35), questions.row, 4),
    "mini_hellaswag": Maker(choices.restatement, choices.row, 4),
    "mini_ccg": Maker(partial(sentences.tagged, column="supertag", questions=0.3), sentences.tagged_row),
    "mini_udpos": Maker(partial(sentences.tagged, column="upos", questions=0.2), sentences.tagged_row),
    "mini_panx": Maker(sentences.entities, sentences.tagged_row),
}
BITEXT = ("mini_tatoeba", "mini_bucc2018")
TEXT = "mini_text"
HELD_OUT = {"train": ("dev", "test"), "dev": ("test",), "test": ()}


class Catalogue:
    """The examples of a world, as events. Every (task, split, language of text) has a random generator of
    its own, so that what is asked for, and in which order, changes nothing; a smaller number of rows is
    the beginning of a larger one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._items: dict[tuple[str, str], list] = {}
        self._reserved: dict[str, frozenset[Event]] = {}

    def items(self, task: str, split: str) -> list:
        """Every example of a split; cached for the evaluation splits, which training needs to know."""
        if (task, split) in self._items:
            return self._items[task, split]
        if task in BITEXT:
            items = self._bitext(task, split)
        else:
            maker, count = MAKERS[task], self.world.settings.rows(task, split)
            items = self._draw(maker.build, (task, split), split, count, maker.labels)
        if split != "train":
            self._items[task, split] = items
        return items

    def lines(self, language: str, split: str, limit: int | None = None) -> Iterator[pretraining.Line]:
        """The lines of one language's pretraining text."""
        settings = self.world.settings
        count = settings.text_dev
        if split == "train":
            count = round(settings.text_lines * self.world.languages[language].resources)
        count = count if limit is None else min(count, limit)
        line = partial(pretraining.line, contact=self.world.languages[language].contact)
        yield from self._draw(line, (TEXT, split, language), split, count, 1, unique=False)

    def reserved(self, split: str) -> frozenset[Event]:
        """The events, and the questions as events with a gap, that no example of `split` may contain."""
        if split not in self._reserved:
            keys = {
                key
                for held in HELD_OUT[split]
                for task in (*MAKERS, *BITEXT)
                for item in self.items(task, held)
                for key in item.contents()
            }
            self._reserved[split] = frozenset(keys)
        return self._reserved[split]

    def _draw(
        self,
        build: Callable[..., Any],
        purpose: Sequence[str],
        split: str,
        count: int,
        labels: int,
        unique: bool = True,
    ) -> list:
        rng, order = self.world.rng("items", *purpose), self.world.rng("labels", *purpose)
        draw = partial(self._one, build, rng, split, set() if unique else None)
        found: list = []
        while len(found) < count:
            found += [draw(label) for label in order.sample(range(labels), labels)]
        return found[:count]

    def _one(
        self, build: Callable[..., Any], rng: random.Random, split: str, seen: set | None, label: int
    ) -> Any:
        taken = self.reserved(split)
        for _ in range(TRIES):
            item = build(self.world, rng, split, label)
            if item is None or (seen is not None and item in seen) or not taken.isdisjoint(item.contents()):
                continue
            if seen is not None:
                seen.add(item)
            return item
        raise UserError(
            f"Miniature world: too small for so many {split} rows: ask for fewer, or more nouns or verbs."
        )

    def _bitext(self, task: str, split: str) -> list[sentences.Sentence]:
        settings = self.world.settings
        numbers = settings.rows(task, split), (settings.retrieval_distractors, 0), 1.0
        if task == "mini_bucc2018":
            alone = settings.bucc_sentences - settings.bucc_gold
            numbers = settings.bucc_gold, (alone, alone), settings.bucc_hard
        rng = self.world.rng("items", task, split)
        return sentences.retrieved(self.world, rng, split, self.reserved(split), *numbers)
