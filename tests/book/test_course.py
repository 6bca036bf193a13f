"""The notebooks of the course: made for slides, for a fresh clone, and for what the page says of them."""

from __future__ import annotations

import ast
import json
import re

import pytest
from bs4 import BeautifulSoup

from xstilts_lib.common import places

FOLDER = places.notebooks() / "course"
SESSIONS = sorted(FOLDER.glob("*.ipynb"))
SLIDES = {"slide", "subslide", "fragment", "skip", "-"}
TAGS = {"parameters", "hide-input"}
LARGEST = {"code cells": 20, "lines of a cell": 12, "width": 80}


@pytest.fixture(params=SESSIONS, ids=lambda path: path.stem)
def session(request: pytest.FixtureRequest) -> dict:
    return json.loads(request.param.read_text(encoding="utf-8"))


def code(session: dict) -> list[dict]:
    return [cell for cell in session["cells"] if cell["cell_type"] == "code"]


def text(cell: dict) -> str:
    return "".join(cell["source"])


def test_there_are_six_sessions_and_the_page_lists_them() -> None:
    assert [path.stem[0] for path in SESSIONS] == list("123456")
    page = (places.book() / "course.md").read_text(encoding="utf-8")
    assert re.findall(r"<\.\./notebooks/course/(\S+)\.ipynb>", page) == [path.stem for path in SESSIONS]


def test_every_cell_says_how_it_stands_on_a_slide(session: dict) -> None:
    assert {cell["metadata"]["slideshow"]["slide_type"] for cell in session["cells"]} <= SLIDES
    assert session["cells"][0]["metadata"]["slideshow"]["slide_type"] == "slide"
    assert {tag for cell in session["cells"] for tag in cell["metadata"].get("tags", [])} <= TAGS


def test_a_session_opens_as_every_lesson_does_and_ends_in_answers(session: dict) -> None:
    opening = text(session["cells"][0])
    assert opening.startswith("# Session ")
    assert all(f"**{words}:**" in opening for words in ("What you will be able to do", "You need", "Time"))
    prose = "\n".join(text(cell) for cell in session["cells"] if cell["cell_type"] == "markdown")
    tasks, _, answers = prose.partition("## Your turn")[2].partition("### Answers")
    numbers = [re.findall(r"^(\d)\. ", part, re.MULTILINE) for part in (tasks, answers)]
    assert numbers[0] == numbers[1] == list("123")
    assert len(re.findall(r"^\d\. \*\((?:\d+ min|take home), (?:easy|middle|hard)\)\*", tasks, re.M)) == 3
    # What only the book can follow would stand as it is on a slide, in Colab and in Kaggle.
    assert not re.search(r"\{\w+\}`", prose)


def test_a_session_can_be_read_from_the_back_row(session: dict) -> None:
    lines = [text(cell).splitlines() for cell in code(session)]
    assert len(lines) <= LARGEST["code cells"]
    assert max(map(len, lines)) <= LARGEST["lines of a cell"]
    assert max(len(line) for cell in lines for line in cell) <= LARGEST["width"]


def test_a_session_is_as_it_was_written(session: dict) -> None:
    assert not [cell for cell in code(session) if cell["outputs"] or cell["execution_count"] is not None]
    tagged = [cell for cell in code(session) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for statement in ast.parse(text(tagged[0])).body:
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)
    everything = "\n".join(map(text, session["cells"]))
    assert not re.search(r"(?<![\w.])/(home|root|Users|tmp|work|mnt|opt)/", everything)


def test_slides_are_made_of_a_session_and_load_nothing() -> None:
    """By the template of `make slides`, which executes the notebooks besides."""
    from nbconvert.exporters import SlidesExporter

    exporter = SlidesExporter(extra_template_basedirs=[str(FOLDER)], template_name="slides")
    page = BeautifulSoup(exporter.from_filename(str(FOLDER / "3_scoring.ipynb"))[0], "html.parser")
    assert sum(not section.find("section") for section in page.find_all("section")) > 5
    assert page.select(".fragment")
    assert not page.find("h3"), "answers stand on no slide"
    loaded = page.find_all(src=True) + page.find_all("link", href=True)
    assert not loaded
