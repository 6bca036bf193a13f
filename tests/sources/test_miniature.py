"""The miniature world as a source: what it gives, that it gives it again, and what it refuses."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.miniature import MiniatureSettings, MiniatureSource
from xstilts_lib.sources.miniature.languages import FURTHER
from xstilts_lib.sources.rows import COLUMNS
from xstilts_lib.tasks import MINIATURE, TASKS

EVALUATED = [name for name, row in TASKS.items() if row.sources == ("miniature",) and row.format != "text"]
TARGETS = [name for name in EVALUATED if TASKS[name].role == "target"]
TRAINED = [name for name in EVALUATED if TASKS[name].train == name]
TRANSLATED = [name for name in TRAINED if TASKS[name].role == "intermediate" and TASKS[name].format != "tags"]
EVERY = (*MINIATURE, *FURTHER)
SMALL = {
    "languages": {code: {} for code in FURTHER},
    "train": dict.fromkeys(("mini_mnli", "mini_qqp", "mini_squad", "mini_hellaswag"), 600),
    "text_lines": 800,
}


@pytest.fixture(scope="module")
def world() -> MiniatureSource:
    return MiniatureSource(MiniatureSettings(**SMALL))


def sentences(row: dict) -> list[str]:
    """Every sentence of a row, in one spelling; a tagged one is put together from its words."""
    texts = [
        row[key]
        for key in ("first", "second", "prompt", "context", "question", "sentence", "text", "pair")
        if key in row
    ]
    texts += row.get("choices", [])
    if "words" in row:
        texts.append(re.sub(r" ([.?])", r"\1", " ".join(row["words"])))
    return [part.strip().lower() for text in texts for part in re.findall(r"[^.?]+[.?]", text)]


@pytest.mark.parametrize("task", EVALUATED)
def test_rows_have_the_columns_of_their_format_and_ids_of_their_own(
    world: MiniatureSource, task: str
) -> None:
    for split in ("dev", "test"):
        for language in world.languages(task)[:3]:
            rows = world.rows(task, split, language)
            assert all(set(row) == set(COLUMNS[TASKS[task].format]) for row in rows)
            assert len({row["id"] for row in rows}) == len(rows)


def test_load_gives_a_dataset_with_explicit_types() -> None:
    source = open_source({"kind": "miniature", "seed": 3})
    rows = source.load("mini_tydiqa", "test", "qae", limit=7)
    assert rows.num_rows == 7
    assert rows.column_names == ["id", "context", "question", "answers"]
    assert open_source({"kind": "miniature"}).identify("", "", "") != source.identify("", "", "")


def test_sizes_are_those_of_the_settings(world: MiniatureSource) -> None:
    assert len(world.rows("mini_mnli", "train")) == 600
    assert len(world.rows("mini_tydiqa", "train")) == 100
    assert len(world.rows("mini_udpos", "dev", "qag")) == 250
    assert len(world.rows("mini_text", "train", "qab")) == 160
    assert len(world.rows("mini_tatoeba", "test", "qab")) == 500


def test_the_order_of_calls_and_their_limits_change_nothing(world: MiniatureSource) -> None:
    again = MiniatureSource(MiniatureSettings(**SMALL))
    calls = [("mini_xnli", "test", "qac"), ("mini_squad", "train", "en"), ("mini_text", "train", "qaf"),
             ("mini_bucc2018", "dev", "qad"), ("mini_udpos", "test", "qag")]  # fmt: skip
    expected = {call: world.rows(*call) for call in calls}
    for call in reversed(calls):
        assert again.rows(*call) == expected[call]
    assert again.rows("mini_squad", "train", limit=40) == expected[calls[1]][:40]
    assert again.rows("mini_text", "train", "qaf", limit=20) == expected[calls[2]][:20]


def test_a_smaller_training_set_is_the_beginning_of_a_larger_one(world: MiniatureSource) -> None:
    larger = MiniatureSource(MiniatureSettings(train={"mini_mnli": 900}))
    assert larger.rows("mini_mnli", "train")[:600] == world.rows("mini_mnli", "train")


def test_another_process_with_another_hash_seed_makes_the_same_world(world: MiniatureSource) -> None:
    program = (
        "from xstilts_lib.sources.miniature import *\n"
        "s = MiniatureSource(MiniatureSettings())\n"
        "print([s.rows(t, 'test', 'qae', 5) for t in ('mini_xnli', 'mini_panx', 'mini_tatoeba')])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert "qae" not in outputs.pop()[:2]


def test_another_seed_is_another_world(world: MiniatureSource) -> None:
    other = MiniatureSource(MiniatureSettings(seed=12, **SMALL))
    assert other.rows("mini_xnli", "test", "qae", 5) != world.rows("mini_xnli", "test", "qae", 5)


@pytest.mark.parametrize("task", TARGETS)
def test_evaluation_sets_are_parallel(world: MiniatureSource, task: str) -> None:
    first, *others = (world.rows(task, "test", language) for language in world.languages(task))
    for rows in others:
        assert {row["id"] for row in rows} == {row["id"] for row in first}
        for key in ("label", "mate"):
            if key in first[0]:
                assert {row["id"]: row[key] for row in rows} == {row["id"]: row[key] for row in first}


def test_no_evaluation_sentence_is_trained_on_or_pretrained_on(world: MiniatureSource) -> None:
    held = {language: set() for language in EVERY}
    for task, split in itertools.product(EVALUATED, ("dev", "test")):
        for language in {*world.languages(task)} & {"en", "qaa", "qac", "qag", "qah"}:
            for row in world.rows(task, split, language):
                own = "en" if row.get("side") == "target" else language
                held[own].update(sentences(row))
    seen = {language: set() for language in EVERY}
    for task in TRAINED:
        seen["en"].update(text for row in world.rows(task, "train") for text in sentences(row))
    for task, language in itertools.product(TRANSLATED, ("qaa", "qag")):
        seen[language].update(text for row in world.rows(task, "train", language) for text in sentences(row))
    for language in EVERY:
        for row in world.rows("mini_text", "train", language):
            seen[language].update(sentences({"text": row["text"]}))
            seen["en"].update(sentences({"text": row["pair"]}))
    assert len(held["en"]) > 8000
    assert len(seen["en"]) > 5000
    for language in EVERY:
        assert not held[language] & seen[language]


@pytest.mark.parametrize("task", TRANSLATED)
def test_translated_training_sets_are_parallel_to_the_english_one(world: MiniatureSource, task: str) -> None:
    english = world.rows(task, "train")
    for language in ("qaa", "qad", "qai"):
        rows = world.rows(task, "train", language)
        assert [row["id"] for row in rows] == [row["id"] for row in english]
        assert [row.get("label") for row in rows] == [row.get("label") for row in english]
        assert [len(row.get("choices", ())) for row in rows] == [len(r.get("choices", ())) for r in english]
        changed = [sentences(row) != sentences(other) for row, other in zip(rows, english, strict=True)]
        assert sum(changed) / len(changed) > 0.99, "some sentence is made of cognates alone"
        assert world.rows(task, "train", language, 40) == rows[:40]
    assert world.load(task, "train", "qae", 5).column_names == list(COLUMNS[TASKS[task].format])
    cyrillic = " ".join(text for row in world.rows(task, "train", "qad") for text in sentences(row))
    assert not re.search("[a-z]", cyrillic), "no English in it"


@pytest.mark.parametrize("language", ["qaa", "qad", "qae", "qah"])
def test_answers_of_a_translated_training_set_stand_at_their_offsets(
    world: MiniatureSource, language: str
) -> None:
    for row in world.rows("mini_squad", "train", language):
        for text, start in zip(row["answers"]["text"], row["answers"]["start"], strict=True):
            assert row["context"][start : start + len(text)] == text


@pytest.mark.parametrize("task", sorted({*TRAINED} - {*TRANSLATED}))
def test_tags_and_the_sets_of_targets_are_not_translated(world: MiniatureSource, task: str) -> None:
    assert len(world.rows(task, "train")) > 0
    with pytest.raises(UserError, match=f"{task} has training data in English alone, not in 'qaa'"):
        world.load(task, "train", "qaa")


def test_dev_and_test_share_no_sentence_within_a_task(world: MiniatureSource) -> None:
    for task in EVALUATED:
        language = world.languages(task)[-1]
        dev, test = (
            {s for row in world.rows(task, split, language) for s in sentences(row)}
            for split in ("dev", "test")
        )
        assert not dev & test, task


def test_pairs_of_a_verb_and_its_object_are_held_out(world: MiniatureSource) -> None:
    pairs: dict[str, set[tuple[str, str]]] = {"train": set(), "dev": set(), "test": set()}
    lexicon = world.world.lexicon
    for split, found in pairs.items():
        for task in ("mini_mnli", "mini_squad"):
            for item in world.catalogue.items(task, split):
                found.update(
                    (lexicon.verbs[event.verb].family, event.patient.head)
                    for event in item.contents()
                    if event.patient.head in lexicon.nouns
                )
    assert all(len(found) > 30 for found in pairs.values())
    for one, other in itertools.combinations(pairs.values(), 2):
        assert not one & other


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train": {"mini_sqaud": 10}}, "mini_squad"),
        ({"evaluation": {"tset": 10}}, "test"),
        ({"train": {"mini_squad": 0}}, "whole number"),
        ({"train": 5}, "mapping"),
        ({"seed": "eleven"}, "whole number"),
        ({"parallel": 1.5}, "parallel: expected a number between 0 and 1, found 1.5"),
        ({"bucc_gold": 500, "bucc_sentences": 400}, "bucc_gold"),
        ({"retrieval_translation": "loose"}, "'loose' is not valid: valid names: free, literal"),
        ({"languages": {"qaz": {}}}, "did you mean"),
        ({"languages": {"qaa": {"ordre": "SOV"}}}, "order"),
        ({"languages": {"qaa": {"order": "OSV"}}}, "order: 'OSV' is not valid: did you mean 'SVO'?"),
        ({"languages": {"qaa": {"script": "Runic"}}}, "Cyrillic"),
        ({"languages": {"qaa": {"cognates": 2}}}, "cognates"),
        ({"languages": {"qaa": {"case": "yes"}}}, "case"),
        ({"languages": {"qaa": "SOV"}}, "mapping"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        MiniatureSource(MiniatureSettings(**settings)).check([])


def test_an_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="'retrieval_translation'"):
        open_source({"kind": "miniature", "retrieval_translations": "free"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mini_mnly", "train"), "mini_mnli"),
        (("xnli", "test"), "mini_xnli"),
        (("mini_xnli", "validation"), "split"),
        (("mini_xnli", "train"), "trains on mini_mnli"),
        (("mini_tatoeba", "train", "en"), "no training data"),
        (("mini_tydiqa", "train", "qaa"), "English alone"),
        (("mini_squad", "test", "qaa"), "not evaluated"),
        (("mini_xnli", "test", "qaz"), "no language"),
        (("mini_text", "test"), "no split"),
        (("mini_xnli", "test", "en", 0), "limit"),
    ],
)
def test_requests_for_what_is_not_there_are_refused(
    world: MiniatureSource, arguments: tuple, message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        world.load(*arguments)


def test_check_knows_the_tasks_of_the_world(world: MiniatureSource) -> None:
    world.check(EVALUATED)
    with pytest.raises(UserError, match="no task 'squad_v1'"):
        world.check(["mini_xnli", "squad_v1"])


def test_a_world_too_small_for_its_rows_says_so() -> None:
    tiny = MiniatureSource(
        MiniatureSettings(nouns=3, verbs=4, adjectives=2, names=4, train={"mini_pawsx": 10**6})
    )
    maker = tiny.catalogue
    with pytest.raises(UserError, match="too small"):
        maker._draw(lambda *_: None, ("mini_pawsx", "train"), "test", 1, 1)


def test_a_small_world_passes_through_every_task() -> None:
    sizes = {"nouns": 3, "verbs": 6, "adjectives": 4, "names": 6, "text_lines": 50, "text_dev": 5}
    rows = {"evaluation": {"dev": 12, "test": 12}, "train": dict.fromkeys(TRAINED, 40)}
    tiny = MiniatureSource(MiniatureSettings(**sizes, **rows, bucc_sentences=20, bucc_gold=6))
    for task in TRAINED:
        assert len(tiny.rows(task, "train")) == 40
    for task in EVALUATED:
        assert tiny.rows(task, "test", tiny.languages(task)[-1])
    assert len(tiny.rows("mini_text", "train", "qaf")) == 10
