"""Every notebook template: what a reader, papermill, nbval and the book rely on."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.workflow import analyses

TEMPLATES = sorted(places.notebooks().glob("*.ipynb"))
TAGS = {
    "parameters",
    "hide-cell",
    "hide-input",
    "hide-output",
    "remove-input",
    "remove-cell",
    "remove-output",
}
LARGEST = {"code cells": 20, "lines of a cell": 12, "lines": 80}
COLUMNS = 80


CHAPTERS = [path.stem for path in TEMPLATES if path.stem.startswith("5")]


@pytest.fixture(params=TEMPLATES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def template(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def code(template: dict) -> list[dict]:
    return [cell for cell in template["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_template_for_each_phase_each_analysis_and_each_chapter() -> None:
    phases = ["00", "10", "20", "30"]
    numbers = (*range(40, 50), *range(50, 57), *range(60, 64))
    assert [path.stem[:2] for path in TEMPLATES] == [*phases, *map(str, numbers)]


def test_every_question_has_a_chapter() -> None:
    """The first design is the whole table, which the tables show; every other one of the laboratory has a
    chapter. One that only real languages are asked has one too, and the last is about the claims."""
    laboratory, real = (set(load_experiment(name).designs) for name in (analyses.QUESTIONS, analyses.REAL))
    shown = set(map(analyses.design_of, CHAPTERS))
    first = next(iter(load_experiment(analyses.QUESTIONS).designs))
    assert laboratory - {first} <= shown
    assert shown <= (laboratory | real | {analyses.CLAIMS})


def test_one_cell_holds_the_parameters_and_literals_alone(path: Path, template: dict) -> None:
    tagged = [cell for cell in code(template) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for statement in ast.parse("".join(tagged[0]["source"])).body:
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)
    source = "".join(tagged[0]["source"])
    asked = {analyses.CLAIMS, *load_experiment(analyses.QUESTIONS).designs}
    named = analyses.QUESTIONS if analyses.design_of(path.stem) in asked else analyses.REAL
    named = named if path.stem in CHAPTERS else "smoke"
    assert f'experiment = "{named}"' in source
    if path.stem[0] in "0123":
        assert 'variant = ""' in source, "of the experiment's encoders the main one"


def test_tags_are_spelt_as_the_book_reads_them(template: dict) -> None:
    assert {tag for cell in template["cells"] for tag in cell["metadata"].get("tags", [])} <= TAGS


def test_nothing_is_left_of_an_execution(template: dict) -> None:
    for cell in code(template):
        assert not cell["outputs"]
        assert cell["execution_count"] is None
    assert template["metadata"]["kernelspec"]["name"] == "python3"


def test_a_template_fits_into_a_lesson(template: dict) -> None:
    lines = [len("".join(cell["source"]).splitlines()) for cell in code(template)]
    assert len(lines) <= LARGEST["code cells"]
    assert max(lines) <= LARGEST["lines of a cell"]
    assert sum(lines) <= LARGEST["lines"]


def test_code_that_a_reader_meets_unfolded_fits_the_page(path: Path, template: dict) -> None:
    """In a phase it is the lesson; elsewhere it is folded, and scrolls when opened."""
    if path.stem[0] in "0123":
        lines = [line for cell in code(template) for line in "".join(cell["source"]).splitlines()]
        assert [line for line in lines if len(line) > COLUMNS] == []


def test_a_template_opens_as_every_lesson_does(template: dict) -> None:
    opening = "".join(template["cells"][0]["source"])
    assert re.match(r"(\([\w-]+\)=\n)?# [A-Z]", opening[opening.find("#") :])
    for promise in ("you will be able to", "need", "**Time"):
        assert promise.lower() in opening.lower()


def test_no_path_of_a_machine_stands_in_a_template(template: dict) -> None:
    text = json.dumps([cell["source"] for cell in template["cells"]])
    assert not re.search(r"(?<![\w.])/(home|root|Users|tmp|work|mnt|opt)/", text)
