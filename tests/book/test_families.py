"""The pages of the task families, of the licences and of the traps: computed whole, with examples at hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering import at_hand, examples, families, footguns, licences, markup, world
from xstilts_lib.sources.miniature import MiniatureSource
from xstilts_lib.sources.real import RealSource
from xstilts_lib.tasks import TASKS, task

ROOT = Path(__file__).resolve().parents[2]
FOOTGUNS = (places.book() / "footguns.md").read_text(encoding="utf-8")
REAL = [row for row in TASKS.values() if "miniature" not in row.sources]


@pytest.fixture(scope="module")
def miniature() -> MiniatureSource:
    return world.source(load_experiment("smoke"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> RealSource:
    """A folder with a made-up example of each format, in the layouts of the real files."""
    folder, river = tmp_path_factory.mktemp("data"), "  The river rises in 1901 in the hills."
    answer = [{"text": "1901", "answer_start": river.index("1901")}]
    question = {"id": "q1", "question": "When does it rise?", "answers": answer}
    sides = {"sentences": [river[2:]], "sentence_breaks": [[2, len(river)]]}
    ranked = {"context": river, "qas": [question], **sides}
    cause = {"premise": "It rains.", "choice1": "It is wet.", "choice2": "It is dry.", "question": "effect"}
    files = {
        "xquad/xquad.ar.json": {"data": [{"paragraphs": [{"context": river, "qas": [question]}]}]},
        "lareqa/de.json": {"data": [{"title": "t", "paragraphs": [ranked]}]},
        "xcopa/et/val.et.jsonl": cause | {"label": 0, "idx": 0, "changed": False},
        "xnli/dev-en.tsv": "A | man sleeps.\tA man is awake.\tcontradiction\n",
        "udpos/dev-en.tsv": "Snow\tNOUN\nfalls\tVERB\n",
        "tatoeba/tatoeba.deu-eng.deu": "Es regnet.\nEs schneit.\n",
        "tatoeba/tatoeba.deu-eng.eng": "It rains.\nIt snows.\n",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content) + "\n"
        path.write_text(text, encoding="utf-8")
    source = at_hand(load_experiment("smoke"), folder)
    assert source is not None
    return source


def test_every_real_task_stands_on_one_page_with_its_facts(miniature: MiniatureSource) -> None:
    found = families.parts(miniature, None)
    pages = [body for name, body in found.items() if name.endswith("_tasks")]
    for row in REAL:
        sections = [body for body in pages if f"### {row.title}: `{row.name}`\n" in body]
        assert len(sections) == 1, row.name
        section = sections[0].split(f": `{row.name}`\n")[1].split("\n### ")[0]
        assert markup.text(row.licence) in section
        assert all(markup.code(label) in section for label in row.labels)
        assert row.languages[-1] in section


def test_every_page_of_a_family_takes_in_its_parts() -> None:
    for name in families.FAMILIES:
        page = (places.book() / f"task_{name}.md").read_text(encoding="utf-8")
        included = set(re.findall(r"runs/generated/(\w+)\.md", page))
        assert {f"family_{name}", f"family_{name}_example", f"family_{name}_tasks"} <= included


@pytest.mark.parametrize(
    ("name", "split", "said"),
    [
        ("xnli", "test", "5,010 in each language"),
        ("squad_v1", "dev", "10,570"),
        ("udpos", "dev", "3,974 (en)"),
        ("xquad", "dev", ""),
        ("bucc2018", "dev", "2,374 pairs (ru); 1,038 pairs (de); 929 pairs (fr); 257 pairs (zh)"),
    ],
)
def test_sizes_in_words(name: str, split: str, said: str) -> None:
    assert families.sizes(task(name), split) == said


def test_sizes_of_many_languages_are_grouped() -> None:
    retrieval = families.sizes(task("tatoeba"), "test")
    assert retrieval.startswith("1,000 pairs in a language, but 746 pairs (ka); ")
    assert families.sizes(task("panx"), "test").count(";") == 2, "three sizes of test sets"


def test_training_sets_that_are_borrowed_say_so() -> None:
    assert families.training(task("xnli")) == f"392,702, those of {markup.code('mnli')}"
    assert families.training(task("tydiqa")) == "3,696"
    assert families.training(task("tatoeba")) == ""


def test_translated_training_sets_are_recipes() -> None:
    shown = families.translated()
    assert markup.code("mnli@ar") in shown
    assert markup.code("squad_v1@ar") in shown
    assert " en " not in shown.split("|---|")[1]


def test_the_miniature_shows_what_a_family_asks(miniature: MiniatureSource) -> None:
    for name, (formats, shown) in families.FAMILIES.items():
        assert TASKS[shown].format in formats
        example = families.parts(miniature, None)[f"family_{name}_example"]
        assert markup.code(shown) in example
        assert "--data" in example, "how to see real ones"


def test_real_examples_are_drawn_from_the_copy_at_hand(miniature: MiniatureSource, copy: RealSource) -> None:
    found = families.parts(miniature, copy)
    assert "A &#124; man sleeps." in found["family_pairs_tasks"]
    assert '<span lang="ar" dir="rtl">' in found["family_questions_tasks"]
    assert '<span class="answer">1901</span>' in found["family_questions_tasks"]
    assert '<ruby>Snow<rt lang="en">NOUN</rt></ruby>' in found["family_tags_tasks"]
    assert "It rains." in found["family_retrieval_tasks"]
    assert "The river rises" in found["family_retrieval_tasks"]
    assert '<span class="answer">It is wet.</span></span> (right)' in found["family_choices_tasks"]
    assert "--data" not in found["family_pairs_example"]
    assert not re.search(r"example-(mnli|pawsx)\b", found["family_pairs_tasks"]), "not at hand"


def test_without_a_copy_there_is_none(miniature: MiniatureSource) -> None:
    assert at_hand(load_experiment("smoke"), None) is None
    every = "\n".join(families.parts(miniature, None).values())
    assert not re.search(r":name: example-(?!mini-)", every)


def test_a_long_text_is_shown_around_its_answer() -> None:
    row = {
        "question": "?",
        "context": "a" * 500 + " here " + "b" * 500,
        "answers": {"text": ["here"], "start": [501]},
    }
    (_, shown) = examples.SHAPES["span"][1](examples.Drawn(row, "en", ()))
    assert "… aaa" in shown
    assert "bbb …" in shown
    assert len(shown) < 500


def test_every_licence_says_what_it_allows() -> None:
    stated = {row.licence for row in TASKS.values()}
    assert stated == set(licences.ALLOWED)
    table = licences.table()
    assert all(markup.code(name) in table for name in TASKS)


def test_traps_are_counted_in_the_copy_at_hand(copy: RealSource) -> None:
    assert "nothing was counted" in footguns.offsets(None)
    assert "| ar | 1 | 1 | 100.0% |" in footguns.offsets(copy)


def test_what_a_trap_costs_is_computed(miniature: MiniatureSource) -> None:
    found = footguns.parts(miniature, None)
    sizes = task("tydiqa").sizes
    every = sum(number for key, number in sizes.items() if key.startswith("train/"))
    assert f"{every:,}" in found["trap_nine_languages"]
    assert "| el | 456 | 2,809 | 84% |" in found["trap_treebanks"]
    token, run = map(float, re.findall(r"(\d+\.\d)[,.]", found["trap_parts_of_speech"])[-2:])
    assert run < token < 95, "runs of tags lose more than tokens by the same mistakes"
    assert ": 100.0 as" in found["trap_entities"]
    assert "67 / 0 | 100 / 100 |" in found["trap_normalisation"]


def test_the_page_of_traps_takes_in_every_computed_part(miniature: MiniatureSource) -> None:
    included = set(re.findall(r"runs/generated/(trap_\w+)\.md", FOOTGUNS))
    assert included == set(footguns.parts(miniature, None))


def test_every_trap_has_a_source_and_a_test() -> None:
    traps = re.split(r"^\(trap-[\w-]+\)=$", FOOTGUNS, flags=re.MULTILINE)[1:]
    assert len(traps) > 20
    for trap in traps:
        assert "*Source:*" in trap, trap[:80]
        assert re.search(r"\*Held shut by\* `tests/", trap), trap[:80]


@pytest.mark.slow
def test_the_tests_that_hold_the_traps_shut_exist() -> None:
    named = sorted(set(re.findall(r"`(tests/[\w/]+\.py::[\w:]+)`", FOOTGUNS)))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *named]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    collected = {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}
    assert collected == set(named)


def test_a_family_has_the_formats_of_no_other() -> None:
    formats = [name for names, _ in families.FAMILIES.values() for name in names]
    assert sorted(formats) == sorted(examples.SHAPES)


def test_every_metric_has_words() -> None:
    assert {row.metric for row in TASKS.values()} <= set(families.METRICS)
