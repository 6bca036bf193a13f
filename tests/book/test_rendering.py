"""What is made for the book: its markup, its tables, the notebooks it gathers, and the refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from xstilts_lib import rendering
from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering import contents, executed, markup, table_of_contents, write
from xstilts_lib.sources import open_source
from xstilts_lib.tasks import TASKS

Showing = Callable[..., dict[str, str]]
TAKEN_IN = re.compile(r"```\{(?:shown|explorer|drawn)\} runs/pages/(\w+)\.ipynb::(\S+)\n")


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


def test_a_frame_is_shown_to_readers_of_the_notebook_and_of_the_book() -> None:
    frame = pandas.DataFrame({"Task": ["[XNLI](#task-xnli) {cite}`conneau`"], "Share": [0.256]})
    InteractiveShell.instance()  # without one nothing is displayed
    with capture_output() as captured:
        markup.show(frame, "table-x", "Of {numref}`table-y`.", {"Share": "{:.1%}"}, of="all")
    (output,) = captured.outputs
    assert output.metadata == {markup.KEY: "all"}
    assert "| [XNLI](#task-xnli) {cite}`conneau` | 25.6% |" in output.data["text/markdown"]
    assert output.data["text/markdown"].startswith(":::{table} Of {numref}`table-y`.\n:name: table-x\n")
    for words in (">XNLI conneau</td>", ">25.6%</td>", "Of table-y.</caption>"):
        assert words in output.data["text/html"], "what only the book can follow is shown as its words"


def test_recipes_in_words() -> None:
    assert executed.meaning("untrained") == "random weights: the floor"
    said = executed.meaning("mini_mnli+mini_squad-then-mini_ccg")
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


def test_all_pages_are_built_anew_where_the_contents_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "book", lambda: tmp_path)
    monkeypatch.setattr(rendering, "gather", lambda *_: [])
    monkeypatch.setattr(rendering, "contents", lambda *_: {rendering.TOC: "a recipe"})
    monkeypatch.setattr(rendering, "_build_html", lambda _: None)
    for kept in (False, True):
        (tmp_path / "_build" / ".doctrees").mkdir(parents=True, exist_ok=True)
        rendering.build("smoke")
        assert (tmp_path / "_build" / ".doctrees").is_dir() == kept


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
    assert chapters["notebooks"]["sections"] == [
        {
            "file": "runs/none/index",
            "title": "none",
            "sections": [{"file": page.document, "title": "mini_xnli"}],
        }
    ]


def test_every_table_stands_in_the_contents() -> None:
    toc = (places.book() / "_toc.yml").read_text(encoding="utf-8")
    named = re.findall(r"runs/pages/(\w+)", toc)
    assert sorted(named) == sorted(path.stem for path in places.notebooks().glob("[46]*.ipynb"))


def test_every_task_stands_in_the_table_and_cites_what_is_there(showing: Showing) -> None:
    keys = set(
        re.findall(
            r"^@\w+\{(\S+),$", (places.book() / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    found = showing("44_tasks")
    table = found["table-tasks"] + found["table-tasks-real"]
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


def test_the_table_counts_the_languages_that_are_spoken(showing: Showing) -> None:
    counted = {}
    for name in ("smoke", "questions"):
        table = showing("44_tasks", experiment=name)["table-tasks"]
        line = next(line for line in table.splitlines() if markup.code("mini_xnli") in line)
        counted[name] = line.split(" | ")[-1].strip(" |")
    assert counted == {"smoke": "8", "questions": "12"}


def test_pages_take_in_what_the_notebooks_show_and_all_of_it(showing: Showing, smoke_runs: Path) -> None:
    taken: dict[str, set[str]] = {}
    for page in places.book().glob("*.md"):
        for name, key in TAKEN_IN.findall(page.read_text(encoding="utf-8")):
            taken.setdefault(name, set()).add(key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSTILTS_RUNS", str(smoke_runs))
        assert {name: set(showing(name)) for name in taken} == taken
    showing_alone = [*places.notebooks().glob("4[3-8]_*.ipynb"), *places.notebooks().glob("6*.ipynb")]
    # The page on two hundred languages is read itself, and lends the first page its map.
    assert set(taken) == {f"{path.stem}" for path in showing_alone} | {"49_names"}


def test_every_fragment_stands_on_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    included = {
        name
        for page in places.book().glob("*.md")
        for name in re.findall(r"runs/generated/(\w+)\.md", page.read_text(encoding="utf-8"))
    }
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    found = contents(load_experiment("smoke"), [])
    assert {Path(name).stem for name in found if "/generated/" in name} == included


def test_the_status_is_read_from_the_manifests(
    showing: Showing, smoke_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(smoke_runs))
    found = showing("43_status")
    assert "| Pretraining | <code>00&#95;<wbr>pretrain</code> | 1 | " in found["table-times"]
    assert found["table-times"].rstrip(":\n").endswith("|  |  |")
    assert "(/runs/none/00_pretrain)" in found["table-notebooks"]
    assert "cores" in found["machine"]
    assert markup.code("torch") in found["versions"]
    assert "```yaml\ntitle: " in found["experiment"]
    assert "| [none](/runs/none/index) | pretrained, nothing else: the baseline |" in found["table-recipes"]


def test_an_experiment_with_designs_says_what_they_ask() -> None:
    questions = load_experiment("questions")
    cells = json.loads((places.notebooks() / "43_status.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    known = {"plan": questions, "parts": [], "records": pandas.DataFrame({"seconds": [0.0]})}
    exec(sources["load"], known)
    exec(sources["settings"], known)
    for name, design in questions.designs.items():
        assert known["rows"][f"Design {markup.code(name)}"] == markup.text(design.question)
    assert all(f"Encoder {markup.code(name)}" in known["rows"] for name in questions.variants)


def test_the_world_shows_every_task_and_language(showing: Showing) -> None:
    found = showing("45_world")
    for row in TASKS.values():
        assert ("miniature" in row.sources) == (f"`{row.name}`" in found["examples"]), row.name
    source = open_source(load_experiment("smoke").source)
    assert all(markup.code(row["code"]) in found["table-languages"] for row in source.language_table())
    assert '<span lang="qag-Geor">' in found["examples"]
    assert 'class="answer"' in found["examples"]
    assert '<rt lang="en">agent</rt>' in found["table-sentence"]
