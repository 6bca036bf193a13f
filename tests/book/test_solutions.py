"""The code, the settings and the commands that the pages show: they run, they load, they exist."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering.catalogue import FAMILIES

LESSONS = ["idea", "three_phases", "training", "tasks_and_languages", "miniature_world"]
LESSONS += [f"task_{name}" for name in FAMILIES]
LESSONS += [
    "results",
    "learnt",
    "mysteries",
    "real_input",
    "questions",
    "claims",
    "rerun",
    "add_a_task",
    "course",
    "footguns",
]
LESSONS += ["architecture"]
EXERCISE = re.compile(
    r"^`{3,}\{admonition\} Exercise (\d+) \((recall|what if|extend), \d+ minutes, (easy|middle|hard)\)\n"
    r":class: tip$",
    re.MULTILINE,
)
PAGES = [*sorted(places.book().glob("*.md")), places.home() / "README.md"]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.stem
)
def test_python_on_the_pages_runs_and_prints_what_stands_beside_it(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.findall(r"^```(python|text)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for (language, block), (following, output) in pairwise([*found, ("", "")]):
        if language == "python":
            exec(compile(block, page.name, "exec"), {"__name__": "__main__"})
            printed = capsys.readouterr().out
            assert (printed == output) if following == "text" else not printed, printed


@pytest.mark.parametrize("page", LESSONS)
def test_exercises_are_numbered_timed_and_answered(page: str) -> None:
    """In their order, each with its answer folded behind it; at least one answer is code that ran."""
    text = (places.book() / f"{page}.md").read_text(encoding="utf-8")
    body = text.partition("\n## Exercises\n")[2]
    found = EXERCISE.findall(body)
    assert found, "a lesson ends in exercises"
    assert [int(number) for number, _, _ in found] == list(range(1, len(found) + 1))
    assert re.findall(r"^`{3,}\{admonition\} Answer (\d+)\n:class: dropdown$", body, re.MULTILINE) == [
        number for number, _, _ in found
    ]
    assert len(re.findall(r"^`{3,}\{admonition\}", body, re.MULTILINE)) == 2 * len(found)
    assert "```python" in body


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


@pytest.mark.parametrize("page", LESSONS)
def test_every_lesson_opens_alike(page: str) -> None:
    opening = (places.book() / f"{page}.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert all(f"**{words}:**" in opening for words in ("What you will be able to do", "You need", "Time"))


@pytest.mark.parametrize("page", PAGES[:-1], ids=lambda page: page.stem)
def test_code_on_the_pages_fits_into_eighty_columns(page: Path) -> None:
    wide = [
        line
        for language in ("python", "sh", "text", "yaml")
        for line in "".join(blocks(page, language)).splitlines()
        if len(line) > 80
    ]
    assert not wide


EXCERPTS = [
    (page, file, name)
    for page in PAGES
    for file, name in re.findall(
        r"^```{literalinclude} \.\./(\S+)\n(?:.*\n)*?:pyobject: (\w+)$", page.read_text("utf-8"), re.MULTILINE
    )
]


@pytest.mark.parametrize(("page", "file", "name"), EXCERPTS, ids=lambda part: getattr(part, "stem", part))
def test_code_of_the_library_on_the_pages_does_too(page: Path, file: str, name: str) -> None:
    text = (places.book().parent / file).read_text("utf-8")
    [shown] = [node for node in ast.parse(text).body if getattr(node, "name", "") == name]
    lines = ast.get_source_segment(text, shown, padded=True).splitlines()
    assert not [line for line in lines if len(line) > 80]


def test_there_is_code_of_the_library_on_the_pages() -> None:
    assert {name for _, _, name in EXCERPTS} >= {"train", "Mixture"}
