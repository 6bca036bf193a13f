"""The explorers of the book: drawn when it is built, drawn again in a browser, and the way between states."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from xstilts_lib.common import places
from xstilts_lib.rendering.executed import plain

DATA: dict[str, Any] = {
    "title": "Gains & losses",
    "asked": {"study": "Study", "target": "Target", "language": "Language"},
    "names": {
        "study": {"a": "Study A", "b": "Study <B>"},
        "target": {"x": "XNLI"},
        "language": {"mean": "mean", "ar": "Arabic", "zh": "Chinese"},
    },
    "head": ["Gain", "Interval"],
    "margin": "2",
    "question": "What happens to {target}, {language}?",
    "told": "{target}, {language}, moves by {told}.",
    "alt": "Gains with intervals.",
    "guesses": {"up": "It rises", "same": "It stays", "down": "It falls"},
    "findings": {
        "up": "Above zero.",
        "down": "Below zero.",
        "same": "Within ±{margin}.",
        "single": "One seed.",
    },
    "figures": {
        "a|x": [
            ["mean", ["+3.0", "+1.0 to +5.0"], [[3.0, 1.0, 5.0]], "+3.0 points", "up"],
            ["ar", ["−1.0", "−31.0 to +29.0"], [[-1.0, -31.0, 29.0]], "−1.0 points", "open"],
        ],
        "a|y": [["mean", ["−3.0", "none"], [[-3.0]], "−3.0 points", "down"]],
        "b|y": [["zh", ["0.0", "−0.5 to +0.5"], [[0.0, -0.5, 0.5], [0.1]], "0.0 points", "same"]],
    },
}


@pytest.fixture
def data() -> dict[str, Any]:
    return copy.deepcopy(DATA)


@pytest.fixture
def site(explorer: ModuleType, data: dict[str, Any], tmp_path: Path) -> str:
    """A page with one explorer, as a file; returns its address."""
    script, style = ((places.book() / "_static" / name).as_uri() for name in ("explorer.js", "book.css"))
    page = f"""<!doctype html><html lang="en"><head><title>t</title><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><script src="{script}"></script>
    <link rel="stylesheet" href="{style}"></head>
    <body><main class="bd-article"><h1>t</h1>{explorer.page("explorer-t", data)}</main></body></html>"""
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    return (tmp_path / "page.html").as_uri()


class TestWhenTheBookIsBuilt:
    def test_an_axis_holds_zero_and_cuts_what_runs_far_beyond(
        self, explorer: ModuleType, data: dict[str, Any]
    ) -> None:
        figure = explorer.placed(data["figures"]["a|x"])
        assert "0" in [text for _, text in figure["axis"]]
        (mean,), (arabic,) = (row[2] for row in figure["rows"])
        assert mean[3] == 1
        assert arabic[1:] == [0, 100, 0], "cut at both edges, and not without zero"
        places_of = [x for x, _ in figure["axis"]]
        assert places_of == sorted(places_of)
        assert math.isclose(places_of[-1], 100 - explorer.EDGE)

    def test_the_first_state_is_there_without_a_script(
        self, explorer: ModuleType, data: dict[str, Any]
    ) -> None:
        page = explorer.page("explorer-t", data)
        assert "XNLI, mean, moves by +3.0 points. Above zero." in page
        assert '<th scope="row">Arabic</th><td>−1.0</td><td>−31.0 to +29.0</td>' in page
        assert 'aria-label="Gains &amp; losses"' in page

    def test_text_cannot_end_the_data(self, explorer: ModuleType, data: dict[str, Any]) -> None:
        data["names"]["study"] = {"a": "</script>"}
        assert explorer.page("explorer-t", data).count("</script>") == 1

    @pytest.mark.parametrize("rough", [0.013, 0.7, 1.0, 3.3, 42.0])
    def test_steps_of_an_axis_are_round(self, explorer: ModuleType, rough: float) -> None:
        step = explorer._step(rough)
        assert rough <= step <= 2.5 * rough
        assert f"{step:e}"[0] in "125"


def test_recipes_and_tasks_have_plain_names() -> None:
    assert plain("squad_v1+mnli-then-hellaswag") == "MultiNLI + SQuAD 1.1, then HellaSwag"
    assert plain("mini_squad@qaa", {"qaa": "Tolvish"}) == "span question answering in Tolvish"
    assert plain("xquad") == "XQuAD"


class TestInABrowser:
    def test_a_script_draws_what_the_build_drew(self, browser: Any, site: str) -> None:
        drawn = []
        for script in (False, True):
            context = browser.new_context(java_script_enabled=script)
            page = context.new_page()
            page.goto(site)
            drawn.append(page.inner_html(".explorer-shown"))
            context.close()
        assert drawn[0] == drawn[1]

    def test_without_a_script_all_is_seen(self, browser: Any, site: str) -> None:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(site)
        assert page.is_visible(".explorer svg")
        assert page.is_visible(".explorer table")
        assert not page.is_visible(".explorer-choices")
        context.close()

    def test_a_guess_comes_before_the_answer(self, page: Any, site: str) -> None:
        page.goto(site)
        assert not page.is_visible(".explorer svg")
        assert page.get_attribute(".explorer-told", "aria-live") == "polite"
        assert page.inner_text(".explorer-told") == "What happens to XNLI, mean?"
        page.focus(".explorer-guesses button")
        page.keyboard.press("Enter")
        said = page.inner_text(".explorer-told")
        assert said.startswith("You said “It rises”: so it is. XNLI, mean, moves by +3.0 points. Above zero.")
        assert said.endswith("Right so far: 1 of 1.")
        assert page.is_visible(".explorer svg")
        assert page.evaluate("document.activeElement.className") == "explorer-told"
        page.select_option("select[name=language]", "ar")
        assert not page.is_visible(".explorer svg")
        page.click("text=It falls")
        assert "nobody can say" in page.inner_text(".explorer-told")

    def test_choices_follow_each_other_and_stand_in_the_address(self, page: Any, site: str) -> None:
        page.goto(site)
        page.uncheck("input[name=ask]")
        page.select_option("select[name=study]", "b")
        options = "[...document.querySelectorAll('select')].map((s) => [...s.options].map((o) => o.text))"
        assert page.evaluate(options) == [["Study A", "Study <B>"], ["y"], ["Chinese"]]
        told = page.inner_text(".explorer-told")
        assert told == "y, Chinese, moves by 0.0 points. Within ±2."
        address = page.url
        assert address.endswith("#explorer-t?study=b&target=y&language=zh&ask=no")
        page.goto("about:blank")
        page.goto(address)
        assert page.inner_text(".explorer-told") == told
        assert page.is_visible(".explorer svg")

    def test_paper_has_the_figure_and_no_buttons(self, page: Any, site: str) -> None:
        page.goto(site)
        page.emulate_media(media="print")
        assert page.is_visible(".explorer svg")
        assert not page.is_visible(".explorer-guesses")
        assert not page.is_visible(".explorer-choices")

    def test_a_phone_is_wide_enough(self, page: Any, site: str) -> None:
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto(site)
        page.click("text=Just show me")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
