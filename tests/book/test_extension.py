"""What the book asks of Sphinx: pages follow the notebooks they quote, docstrings become equal markup."""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace

import pytest

from xstilts_lib.common import places


@pytest.fixture(scope="module")
def extension() -> ModuleType:
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
