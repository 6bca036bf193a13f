"""The pages of the task families, of the licences and of the traps: computed whole, with examples at hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering import catalogue, examples, look, markup
from xstilts_lib.tasks import TASKS, task

ROOT = Path(__file__).resolve().parents[2]
FOOTGUNS = (places.book() / "footguns.md").read_text(encoding="utf-8")
Showing = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def tasks(showing: Showing) -> dict[str, str]:
    return showing("44_tasks")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    return folder


@pytest.fixture
def looked(copy: Path, showing: Showing, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What 48_copies shows of that folder."""
    monkeypatch.setenv(examples.COPIES, str(copy))
    return showing("48_copies")


def test_every_real_task_stands_on_one_page_with_its_facts(tasks: dict[str, str]) -> None:
    pages = [tasks[f"family-{name}"] for name in catalogue.FAMILIES]
    for row in catalogue.REAL:
        sections = [body for body in pages if f"### {row.title}: `{row.name}`\n" in body]
        assert len(sections) == 1, row.name
        section = sections[0].split(f": `{row.name}`\n")[1].split("\n### ")[0]
        assert markup.text(row.licence) in section
        assert all(markup.code(label) in section for label in row.labels)
        assert row.languages[-1] in section


def test_every_page_of_a_family_takes_in_its_parts() -> None:
    for name, (_, shown) in catalogue.FAMILIES.items():
        page = (places.book() / f"task_{name}.md").read_text(encoding="utf-8")
        taken = set(re.findall(r"runs/pages/\w+\.ipynb::(\S+)", page))
        example = f"example-{shown.replace('_', '-')}"
        assert {f"table-family-{name}", example, f"family-{name}", f"copies-{name}"} <= taken


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
    assert catalogue.sizes(task(name), split) == said


def test_sizes_of_many_languages_are_grouped() -> None:
    retrieval = catalogue.sizes(task("tatoeba"), "test")
    assert retrieval.startswith("1,000 pairs in a language, but 746 pairs (ka); ")
    assert catalogue.sizes(task("panx"), "test").count(";") == 2, "three sizes of test sets"


def test_training_sets_that_are_borrowed_say_so() -> None:
    assert catalogue.training(task("xnli")) == f"392,702, those of {markup.code('mnli')}"
    assert catalogue.training(task("tydiqa")) == "3,696"
    assert catalogue.training(task("tatoeba")) == ""


def test_translated_training_sets_are_recipes(tasks: dict[str, str]) -> None:
    shown = tasks["table-translated"]
    assert markup.code("mnli@ar") in shown
    assert markup.code("squad_v1@ar") in shown
    assert " en " not in shown.split("|---|")[1]


def test_the_miniature_shows_what_a_family_asks(tasks: dict[str, str]) -> None:
    for formats, shown in catalogue.FAMILIES.values():
        assert TASKS[shown].format in formats
        assert markup.code(shown) in tasks[f"example-{shown.replace('_', '-')}"]


def test_real_examples_are_drawn_from_the_copy_at_hand(looked: dict[str, str]) -> None:
    assert "A &#124; man sleeps." in looked["copies-pairs"]
    assert '<span lang="ar" dir="rtl">' in looked["copies-questions"]
    assert '<span class="answer">1901</span>' in looked["copies-questions"]
    assert '<ruby>Snow<rt lang="en">NOUN</rt></ruby>' in looked["copies-tags"]
    assert "It rains." in looked["copies-retrieval"]
    assert "The river rises" in looked["copies-retrieval"]
    assert '<span class="answer">It is wet.</span></span> (right)' in looked["copies-choices"]
    assert looked["copies-text"] == "Of these tasks the copy at hand holds none."
    assert not re.search(r"example-(mnli|pawsx)\b", looked["copies-pairs"]), "not at hand"


def test_without_a_copy_there_is_none(showing: Showing) -> None:
    assert examples.at_hand(load_experiment("smoke")) is None
    found = showing("48_copies")
    for name in catalogue.FAMILIES:
        assert "--data" in found[f"copies-{name}"], "how to see real ones"
    assert "nothing was counted" in found["table-trap-offsets"]
    assert "nothing was counted" in found["table-trap-questions"]


@pytest.mark.slow
def test_a_folder_named_to_the_book_is_looked_into_and_stays_unnamed(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    executed = look(load_experiment("smoke"), copy).read_text(encoding="utf-8")
    assert "man sleeps." in executed
    assert str(copy) not in executed
    assert examples.COPIES not in os.environ
    damaged = shutil.copytree(copy, tmp_path / "damaged")
    (damaged / "xnli" / "dev-en.tsv").write_text("A man sleeps.\tA man is awake.\tno such label\n")
    with pytest.raises(UserError, match=r"dev-en\.tsv.*no such label"):
        look(load_experiment("smoke"), damaged)


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


def test_every_licence_says_what_it_allows(tasks: dict[str, str]) -> None:
    stated = {row.licence for row in TASKS.values()}
    assert stated == set(catalogue.ALLOWED)
    assert all(markup.code(name) in tasks["table-licences"] for name in TASKS)


def test_traps_are_counted_in_the_copy_at_hand(looked: dict[str, str]) -> None:
    assert "| ar | 1 | 1 | 100.0% |" in looked["table-trap-offsets"]


def test_what_a_trap_costs_is_computed(showing: Showing) -> None:
    found = showing("46_footguns")
    sizes = task("tydiqa").sizes
    every = sum(number for key, number in sizes.items() if key.startswith("train/"))
    assert f"{every:,}" in found["trap-nine-languages"]
    assert "| el | 456 | 2,809 | 84% |" in found["table-trap-treebanks"]
    token, run = map(float, re.findall(r"(\d+\.\d)[,.]", found["trap-parts-of-speech"])[-2:])
    assert run < token < 95, "runs of tags lose more than tokens by the same mistakes"
    assert ": 100.0 as" in found["trap-entities"]
    assert "67 / 0 | 100 / 100 |" in found["table-trap-normalisation"]


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
    formats = [name for names, _ in catalogue.FAMILIES.values() for name in names]
    assert sorted(formats) == sorted(examples.SHAPES)


def test_every_metric_has_words() -> None:
    assert {row.metric for row in TASKS.values()} <= set(catalogue.METRICS)


@pytest.mark.parametrize("name", ["mini_xnli", "mini_pawsx", "mini_panx", "mini_udpos"])
def test_a_table_of_examples_shows_every_label(name: str) -> None:
    """In English; of the other languages it shows the first example, which is the same one."""
    world, task = examples.world(load_experiment("smoke")), TASKS[name]
    drawn = examples.from_miniature(world, task, ["en", "qaa"])
    there, shown = (
        {label for row in rows for label in ([row["label"]] if task.format == "pair" else row["tags"])}
        for rows in (world.rows(name, "dev"), [one.row for one in drawn if one.language == "en"])
    )
    assert shown == there
    assert len(there) > 1
    assert [one.row["id"] for one in drawn if one.language == "qaa"] == [drawn[0].row["id"]]


def test_of_two_sides_a_pair_is_shown_the_same_one_in_every_language() -> None:
    drawn = examples.from_miniature(
        examples.world(load_experiment("smoke")), TASKS["mini_tatoeba"], ["qaa", "qae"]
    )
    assert [one.language for one in drawn] == ["qaa", "qae"]
    assert drawn[0].row["id"] == drawn[1].row["id"]
    assert drawn[0].partner == drawn[1].partner != ""


def test_of_rows_at_hand_no_more_are_drawn_than_show_a_label_more() -> None:
    rows = [{"label": label} for label in (1, 1, 0, 1, 0, 2)]
    assert examples.lacking(rows[:1], rows, TASKS["xnli"]) == [{"label": 0}, {"label": 2}]
    spans = [{"answers": {"text": text}} for text in (["a"], ["b"], [])]
    assert examples.lacking(spans[:1], spans, TASKS["squad_v2"]) == spans[2:]
