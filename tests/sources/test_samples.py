"""Which examples a limit takes: drawn from the seed, of each part its share."""

from __future__ import annotations

from collections import Counter

import pytest
from datasets import Dataset

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources.samples import drawn, others, shares
from xstilts_lib.tasks import task
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient

SIZES = {"snli": 550, "mnli": 393, "anli": 163}
PARTS = Dataset.from_dict({"id": [f"{part}-{i}" for part, size in SIZES.items() for i in range(size)]})
ALONE = Dataset.from_dict({"id": [str(i) for i in range(300)]})


def parts_of(rows: Dataset) -> dict[str, int]:
    return dict(Counter(name.partition("-")[0] for name in rows["id"]))


@pytest.mark.parametrize("number", [1, 3, 10, 100, 101, 553, 1105])
def test_each_part_gives_its_share(number):
    """By largest remainder: no part is a whole row away from what is exactly its share."""
    found = parts_of(drawn(PARTS, task("anli_plus"), number, seed=3))
    assert sum(found.values()) == number
    for part, size in SIZES.items():
        assert abs(found.get(part, 0) - number * size / len(PARTS)) < 1


def test_shares_by_hand():
    assert shares([550, 393, 163], 100) == [50, 35, 15]
    assert shares([1, 1, 1], 2) == [1, 1, 0]
    assert shares([7], 3) == [3]


def test_the_draw_follows_the_seed_and_keeps_the_order():
    for rows, name in ((PARTS, "anli_plus"), (ALONE, "mnli")):
        first = drawn(rows, task(name), 40, seed=0)["id"][:]
        assert first == drawn(rows, task(name), 40, seed=0)["id"][:]
        assert first != drawn(rows, task(name), 40, seed=1)["id"][:]
        place = {name: index for index, name in enumerate(rows["id"])}
        places = [place[name] for name in first]
        assert places == sorted(set(places))
        assert places != list(range(40)), "not the front"


def test_a_smaller_draw_lies_within_a_larger_one():
    draws = [set(drawn(ALONE, task("mnli"), number, seed=5)["id"]) for number in (10, 50, 200)]
    assert draws[0] < draws[1] < draws[2]


@pytest.mark.parametrize("number", [300, 301, 10_000])
def test_a_limit_beyond_the_rows_takes_all(number):
    assert drawn(ALONE, task("mnli"), number, seed=0)["id"][:] == ALONE["id"][:]


def test_each_language_of_running_text_gives_its_share():
    codes = ["en"] * 300 + ["sw"] * 100
    rows = Dataset.from_dict({"id": [str(i) for i in range(400)], "language": codes})
    assert Counter(drawn(rows, task("text"), 40, seed=0)["language"]) == {"en": 30, "sw": 10}


def test_candidates_stay_with_the_queries_that_are_drawn():
    queries = [f"q{i}" for i in range(30)]
    candidates = [f"c{i}" for i in range(50)]
    rows = Dataset.from_dict(
        {
            "id": [*candidates, *queries],
            "side": ["candidate"] * 50 + ["query"] * 30,
            "mate": [""] * 50 + [f"c{i % 20}" for i in range(30)],
        }
    )
    kept = drawn(rows, task("mewslix"), 8, seed=2)
    asked = {row["mate"] for row in kept if row["side"] == "query"}
    assert kept["side"][:].count("query") == 8
    assert {row["id"] for row in kept if row["side"] == "candidate"} == asked


def test_training_reads_the_draw_of_the_run_s_seed(tokenizer):
    """Every part of a task that others make up, however short the limit."""
    size = 20
    names = [f"{part}-{i}" for part in SIZES for i in range(size)]
    columns = {"first": [f"w{1 + i // size} w{i % size}" for i in range(3 * size)]}
    rows = Dataset.from_dict({"id": names, **columns, "second": ["w9"] * 60, "label": [0] * 60})
    settings = TrainSettings(examples=9, max_length=16)
    read = [Ingredient.read(task("anli_plus"), rows, tokenizer, settings, seed=seed) for seed in (0, 0, 1)]
    first = [[feature.sequences[0].tolist() for feature in part.features] for part in read]
    assert Counter(ids[1] for ids in first[0]) == {
        tokenizer.convert_tokens_to_ids(f"w{i}"): 3 for i in (1, 2, 3)
    }
    assert first[0] == first[1] != first[2]


def test_others_are_what_a_draw_leaves():
    for rows, name in ((PARTS, "anli_plus"), (ALONE, "mnli")):
        mine, left = (set(f(rows, task(name), 100, seed=4)["id"]) for f in (drawn, others))
        assert not mine & left
        assert mine | left == set(rows["id"])
    with pytest.raises(UserError, match=r"mnli: a target trains on 300 of its 300 examples"):
        others(ALONE, task("mnli"), 300, seed=4)
