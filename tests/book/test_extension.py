"""What the book asks of Sphinx: pages follow the notebooks they quote, docstrings become equal markup."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from xstilts_lib.common import places


@pytest.fixture(scope="module")
def extension() -> ModuleType:
    sys.path.insert(0, str(places.book() / "_ext"))
    spec = importlib.util.spec_from_file_location("book_pages", places.book() / "_ext" / "book_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_page_follows_the_notebooks_that_it_quotes(extension: ModuleType) -> None:
    metadata = {
        "index": {"glued_from": ["runs/pages/40_main_table"]},
        "idea": {"glued_from": []},
        "glossary": {},
    }
    env = SimpleNamespace(metadata=metadata)
    stale = extension.outdated(None, env, set(), {"runs/pages/40_main_table"}, set())
    assert stale == ["index"]
    assert extension.outdated(None, env, set(), {"idea"}, set()) == []


@pytest.mark.parametrize(
    ("docstring", "markup"),
    [
        (["Sets `x` of a*b."], ["Sets ``x`` of a\\*b.", ""]),
        (["One:", "", "    a_ | b", "", "Two."], ["One:", "", "::", "", "        a_ | b", "", "Two.", ""]),
        ([">>> f('a_')", "'*'"], [">>> f('a_')", "'*'", ""]),
        (["Rooms:", "- one `a`", "- two"], ["Rooms:", "", "- one ``a``", "- two", ""]),
        (["A pair:", "  x -> y_"], ["::", "", "    A pair:", "      x -> y_", ""]),
    ],
)
def test_plain_docstrings_become_markup(
    extension: ModuleType, docstring: list[str], markup: list[str]
) -> None:
    lines = list(docstring)
    extension.plain_docstring(None, "function", "f", None, None, lines)
    assert lines == markup


def test_pages_of_sphinx_itself_are_described(extension: ModuleType) -> None:
    context = {"metatags": ""}
    extension.describe(None, "search", "search.html", context, None)
    assert 'name="description" content="Search this book."' in context["metatags"]
    untouched = {"metatags": "m"}
    extension.describe(None, "index", "page.html", untouched, None)
    assert untouched == {"metatags": "m"}


def test_next_leads_past_the_api_and_notebooks_like_those_before(extension: ModuleType) -> None:
    runs = [
        "untrained/xnli",
        "none/index",
        "none/00_pretrain",
        "none/xnli",
        "none/panx",
        "squad/10_intermediate",
        "squad/xnli",
    ]
    documents = ["index", "runs/pages/40_main_table", *(f"runs/{name}" for name in runs), "api", "api_ground"]
    path = list(extension.reading_path(documents))
    kept = ["none/00_pretrain", "none/xnli", "squad/10_intermediate"]
    assert path == ["index", "runs/pages/40_main_table", *(f"runs/{name}" for name in kept)]


def test_a_page_takes_in_all_that_a_notebook_showed_under_a_name(
    extension: ModuleType, tmp_path: Path
) -> None:
    outputs = [
        {"metadata": {"shown": name}, "data": {"text/html": "<p>no</p>", "text/markdown": text}}
        for name, text in (("a", ["one\n", "two"]), ("b", "three"), ("a", "four"))
    ]
    cells = [{"cell_type": "markdown"}, {"outputs": outputs}, {"outputs": [{"output_type": "stream"}]}]
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": cells}))
    assert list(extension.shown(str(tmp_path / "x.ipynb"), "a")) == ["one\ntwo", "four"]
    assert list(extension.shown(str(tmp_path / "x.ipynb"), "c")) == []


def test_every_room_is_on_one_page_of_the_api_and_in_its_table(extension: ModuleType) -> None:
    rooms = sorted(extension.house.rooms())
    directive = re.compile(r"^```\{modules\} (.+)$", re.MULTILINE)
    for files in ([places.book() / "api.md"], sorted(places.book().glob("api_*.md"))):
        named = [
            room for file in files for found in directive.findall(file.read_text()) for room in found.split()
        ]
        assert sorted(named) == rooms


def test_every_module_says_what_it_is(extension: ModuleType) -> None:
    found = [module for room in extension.house.rooms() for module in extension.modules(room)]
    assert len(found) > 100
    assert not [name for name, summary in found if not summary]
