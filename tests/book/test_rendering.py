"""What is computed for the book: its markup, its tables, the notebooks it gathers, and the refusals."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pandas
import pytest
import yaml

import xstilts_lib
from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import available, load_experiment
from xstilts_lib.rendering import (
    executed,
    library,
    markup,
    pages,
    real,
    status,
    table_of_contents,
    world,
    write,
)
from xstilts_lib.tasks import TASKS

PACKAGE = Path(xstilts_lib.__file__).parent


def test_markup_keeps_any_character() -> None:
    shown = markup.code(r"(S[dcl]\NP)/NP|*_`<")
    assert "\\" not in shown
    assert "|" not in shown
    assert "&lt;" in shown
    assert shown.startswith("<code>")


def test_foreign_text_names_language_and_script() -> None:
    assert markup.foreign("вав", "qad", "Cyrillic") == '<span lang="qad-Cyrl">вав</span>'
    assert markup.foreign("bar", "qaa") == '<span lang="qaa">bar</span>'


def test_a_table_with_a_caption_can_be_referred_to() -> None:
    text = markup.table(["a"], [["1"]], "Code `x` and more.", "table-a")
    assert text.startswith(":::{table} Code `x` and more.\n:name: table-a\n")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.42, "0.4 s"), (59.6, "60 s"), (75, "1 min 15 s"), (4000, "1 h 6 min")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert markup.duration(seconds) == shown


def test_recipes_in_words() -> None:
    assert pages.meaning("untrained") == "random weights: the floor"
    said = pages.meaning("mini_mnli+mini_squad-then-mini_ccg")
    assert said == "pretrained, then trained on mini_mnli and mini_squad jointly, then on mini_ccg"


def test_addresses_have_no_special_characters() -> None:
    assert executed.slug("mini_mnli+squad@de-then-mini_ccg") == "mini_mnli-and-squad-in-de-then-mini_ccg"


def _notebook() -> nbformat.NotebookNode:
    v4 = nbformat.v4
    figure = {"mystnb": {"figure": {"name": "fig-loss", "caption": "The loss."}}}
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("(loss)=\n# Train it\n\n**What you will be able to do:** train. And more."),
            v4.new_code_cell("task = 1", metadata={"tags": ["parameters"]}),
            v4.new_code_cell("task = 2", metadata={"tags": ["injected-parameters"]}),
            v4.new_markdown_cell("{numref}`fig-loss`, {ref}`here <loss>`, but not fig-loss-2 or a loss."),
            v4.new_code_cell("plot()", metadata=figure),
        ]
    )


def test_labels_become_the_page_s_own() -> None:
    node = _notebook()
    executed._rename(node, "none--x", "Train it: none, x")
    assert node.cells[0].source.startswith("(loss--none--x)=\n# Train it: none, x\n")
    assert "{numref}`fig-loss--none--x`, {ref}`here <loss--none--x>`" in node.cells[3].source
    assert node.cells[3].source.endswith("but not fig-loss-2 or a loss.")
    assert node.cells[4].metadata["mystnb"]["figure"]["name"] == "fig-loss--none--x"


def test_the_first_sentence_describes_a_notebook() -> None:
    assert executed._first_sentence(_notebook()) == "Train."


def test_default_parameters_give_way_to_those_that_ran() -> None:
    node = _notebook()
    executed._hide_defaults(node)
    assert "remove-cell" in node.cells[1].metadata["tags"]
    assert "remove-cell" not in node.cells[2].metadata["tags"]


def test_a_notebook_that_failed_is_refused(tmp_path: Path) -> None:
    node = _notebook()
    node.cells[4].outputs = [nbformat.v4.new_output("error", ename="E", evalue="no", traceback=["..."])]
    nbformat.write(node, tmp_path / "x.ipynb")
    with pytest.raises(UserError, match=r"x\.ipynb: cell 5 ended in an error"):
        executed._read(tmp_path / "x.ipynb")


def test_an_experiment_that_was_not_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    with pytest.raises(
        UserError, match=r"'smoke' has not been run to its end: .* run `xstilts run smoke` first"
    ):
        executed.gather(load_experiment("smoke"))


def test_only_what_changed_is_written_and_what_is_gone_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "book", lambda: tmp_path)
    assert write({"runs/a/x.md": "1\n", "runs/y.md": "2\n"}) == []
    before = (tmp_path / "runs/y.md").stat().st_mtime_ns
    assert write({"runs/y.md": "2\n"}) == ["runs/a/x.md"]
    assert (tmp_path / "runs/y.md").stat().st_mtime_ns == before
    assert not (tmp_path / "runs/a").exists()


def test_runs_stand_under_their_recipe_in_the_contents() -> None:
    page = executed.Page(
        "runs/none/mini_xnli",
        "Fine-tune: none, mini_xnli",
        "mini_xnli",
        "{}",
        "",
        "none",
        "targets/mini_xnli",
    )
    toc = yaml.safe_load(table_of_contents([page]))
    chapters = {chapter["file"]: chapter for part in toc["parts"] for chapter in part["chapters"]}
    assert chapters["runs/index"]["sections"] == [
        {
            "file": "runs/none/index",
            "title": "none",
            "sections": [{"file": page.document, "title": "mini_xnli"}],
        }
    ]
    assert chapters["api"]["sections"]


def test_every_task_stands_in_the_table_and_cites_what_is_there() -> None:
    keys = set(
        re.findall(
            r"^@\w+\{(\S+),$", (places.book() / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    table = pages.tasks(world.source(load_experiment("smoke")))
    for row in TASKS.values():
        assert markup.code(row.name) in table
        assert not row.citation or row.citation in keys, f"references.bib lacks {row.citation!r} ({row.name})"


def test_pages_cite_what_is_there() -> None:
    keys = set(
        re.findall(
            r"^@\w+\{(\S+),$", (places.book() / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    for page in places.book().glob("*.md"):
        for cited in re.findall(r"\{cite(?::t)?\}`([^`]+)`", page.read_text(encoding="utf-8")):
            assert set(cited.split(",")) <= keys, f"{page.name}: {cited}"


def test_the_table_counts_the_languages_that_are_spoken() -> None:
    counted = {}
    for name in ("smoke", "miniature"):
        table = pages.tasks(world.source(load_experiment(name)))
        line = next(line for line in table.splitlines() if markup.code("mini_xnli") in line)
        counted[name] = line.split(" | ")[-1].strip(" |")
    assert counted == {"smoke": "8", "miniature": "10"}


def test_every_part_stands_on_a_page_and_every_page_has_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    included = {
        name
        for page in places.book().glob("*.md")
        for name in re.findall(r"runs/generated/(\w+)\.md", page.read_text(encoding="utf-8"))
    }
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    monkeypatch.setattr(status, "report", lambda *_: "")
    monkeypatch.setattr(status, "total", lambda _: 0.0)
    assert set(pages.parts(load_experiment("smoke"), [])) == included


def test_an_experiment_with_designs_says_what_they_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "total", lambda _: 0.0)
    questions = load_experiment("questions")
    shown = pages.summary(questions)
    for name, design in questions.designs.items():
        assert f"| Design {markup.code(name)} | {markup.text(design.question)} |" in shown
    assert all(f"| Encoder {markup.code(name)} |" in shown for name in questions.variants)


def test_the_world_shows_every_task_and_language() -> None:
    source = world.source(load_experiment("smoke"))
    examples, languages = world.examples(source), world.languages(source)
    for row in TASKS.values():
        assert ("miniature" in row.sources) == (f"`{row.name}`" in examples), row.name
    assert all(markup.code(row["code"]) in languages for row in source.language_table())
    assert '<span lang="qag-Geor">' in examples
    assert 'class="answer"' in examples


def test_every_room_has_a_floor() -> None:
    named = [room for floor in library.FLOORS for room in floor.rooms]
    assert len(named) == len(set(named))
    homeless = {module.room for module in library.modules()} - set(named)
    assert not homeless, f"name the floor of {sorted(homeless)} in xstilts_lib/rendering/library.py"


def test_every_module_says_what_it_is() -> None:
    assert not [module.name for module in library.modules() if not module.summary]


def _imports(path: Path) -> set[str]:
    """The rooms that a file imports when it is imported itself; imports inside functions are not counted."""
    package = path.relative_to(PACKAGE).parts[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = [
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level and node not in typing_only:
            base = package[: len(package) - node.level + 1]
            parts = (*base, *(node.module or "").split(".")) if node.module else base
            found |= {parts[0]} if parts else {alias.name for alias in node.names}
    return found


def test_arrows_point_down() -> None:
    level = {room: number for number, floor in enumerate(library.FLOORS) for room in floor.rooms}
    upward = [
        f"{path.relative_to(PACKAGE)} imports {room}"
        for path in PACKAGE.rglob("*.py")
        for room in _imports(path)
        if room in level and level[room] < level[path.relative_to(PACKAGE).with_suffix("").parts[0]]
    ]
    assert not upward


def test_real_results_come_from_the_record_where_there_are_no_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(places, "book", lambda: tmp_path)
    assert "Not run here" in real.results_table()
    if real.REAL not in available():
        pytest.skip(f"experiments/{real.REAL}.yaml is not there")
    experiment = load_experiment(real.REAL)
    recipe, target = experiment.recipes[0].name, experiment.targets[0]
    common = {"experiment": real.REAL, "model": experiment.model.name, "parameters": 1}
    common |= {
        "recipe": recipe,
        "target": target,
        "seed": 0,
        "metric": "score",
        "examples": 10,
        "provenance": "abc def 2026-11-21",
    }
    rows = [
        {**common, "language": code, "value": value}
        for code, value in (("en", 90.0), ("de", 40.0), ("ru", 50.0))
    ]
    (tmp_path / "records").mkdir()
    pandas.DataFrame(rows).to_parquet(tmp_path / "records" / f"{real.REAL}.parquet", index=False)
    shown = real.results_table()
    assert f"| {markup.code(recipe)} | 45.0 |" in shown
    assert "abc def 2026" in shown
