"""The code, the settings and the commands that the pages show: they run, they load, they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering.catalogue import FAMILIES

PAGES = [*sorted(places.book().glob("*.md")), places.home() / "README.md"]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.stem
)
def test_python_on_the_pages_runs(page: Path) -> None:
    for number, block in enumerate(blocks(page, "python"), start=1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), {"__name__": "__main__"})


def test_the_three_lessons_have_executed_solutions() -> None:
    for name in ("idea", "three_phases", "miniature_world"):
        page = places.book() / f"{name}.md"
        text = page.read_text(encoding="utf-8")
        assert all(f"{{admonition}} {kind}\n" in text for kind in ("Recall", "What if", "Extend")), name
        assert blocks(page, "python"), name


def test_experiments_on_the_pages_load(tmp_path: Path) -> None:
    found = [(page, block) for page in PAGES for block in blocks(page, "yaml") if block.startswith("title:")]
    assert found
    for number, (_, block) in enumerate(found):
        file = tmp_path / f"page{number}.yaml"
        file.write_text(block, encoding="utf-8")
        assert load_experiment(file).title == yaml.safe_load(block)["title"]


def test_commands_on_the_pages_exist() -> None:
    from typer.main import get_command

    from xstilts_lib.cli import app

    targets = set(
        re.findall(
            r"^([a-z]+):", (places.home() / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    commands = set(get_command(app).commands)
    shown = "\n".join(block for page in PAGES for block in blocks(page, "sh"))
    made, run = (
        re.findall(r"^make ([a-z]+)", shown, re.MULTILINE),
        re.findall(r"^xstilts ([a-z]+)", shown, re.MULTILINE),
    )
    assert made
    assert run
    assert set(made) <= targets
    assert set(run) <= commands


def test_every_page_opens_alike() -> None:
    study = ["idea", "three_phases", "tasks_and_languages", "miniature_world"]
    tasks = [f"task_{name}" for name in FAMILIES]
    lessons = [*study, *tasks, "results", "real_input", "questions", "claims", "rerun", "add_a_task"]
    lessons += ["footguns", "architecture"]
    for name in lessons:
        text = (places.book() / f"{name}.md").read_text(encoding="utf-8")
        opening = text.split("\n## ")[0]
        assert all(
            f"**{words}:**" in opening for words in ("What you will be able to do", "You need", "Time")
        ), name
