"""The analysis templates, executed on results that a test left: of the miniature, and of real tasks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from xstilts_lib.analysis import crossed, typology
from xstilts_lib.common import places

TEMPLATES = ("40_main_table", "41_languages", "42_training_runs")
GLUED = re.compile(r"\{glue:text\}`([^`]+)`")
REAL = """
title: Real tasks
source: {kind: files, folder: nowhere}
model: {name: small, architecture: {model_type: xlm-roberta, hidden_size: 32}}
pretraining: {steps: 10}
seeds: [0, 1]
recipes: [untrained, none, squad_v1]
targets: [xquad, udpos, tatoeba]
"""
CHAPTERS = ("50_scale", "51_joint", "52_number", "53_distance", "54_chains", "55_alternatives", "56_claims")
ASKED = """
title: Real questions
source: {kind: files, folder: nowhere}
model: {name: base, architecture: {model_type: xlm-roberta, hidden_size: 32}}
variants: {small: {architecture: {hidden_size: 16}}, large: {architecture: {hidden_size: 64}}}
pretraining: {steps: 10}
seeds: [0, 1]
designs:
  scale: {question: Size, recipes: [none, squad_v1, hellaswag], targets: [xnli]}
  joint:
    question: Joint
    models: [base]
    recipes: [none, mnli+squad_v1, mnli-then-squad_v1, squad_v1-then-mnli, squad_v1, squad_v1+tydiqa]
    targets: [xnli, tydiqa]
  number:
    question: Number
    models: [base]
    recipes: [none, squad_v1, mnli, mnli+squad_v1]
    targets: [xnli, pawsx]
  distance: {question: Distance, recipes: [none, squad_v1, hellaswag], targets: [xnli, tydiqa]}
  chains:
    question: Chains
    models: [base]
    recipes: [none, mnli, hellaswag, hellaswag-then-mnli, mnli-then-hellaswag, hellaswag+mnli]
    targets: [xnli]
  alternatives:
    question: Alternatives
    models: [base]
    recipes: [none, squad_v1, squad_v1@de]
    targets: [xnli, tydiqa, tatoeba]
"""
ALONE = REAL.replace("recipes: [untrained, none, squad_v1]", "recipes: [none]")


def cells(name: str) -> list[dict]:
    return json.loads((places.notebooks() / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def prose(name: str) -> list[str]:
    """All that a page says: its Markdown, and the captions and descriptions of its figures."""
    texts = ["".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "markdown"]
    shown = [cell["metadata"].get("mystnb", {}) for cell in cells(name)]
    texts += [one["figure"]["caption"] for one in shown if "figure" in one]
    return texts + [one["image"]["alt"] for one in shown if "figure" in one]


def execute(name: str, experiment: str) -> tuple[dict[str, str], dict[str, str]]:
    """Run the code of a template; what it glued by name, and what each cell showed by id."""
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    glued: dict[str, str] = {}
    shown: dict[str, str] = {}
    for cell in cells(name):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if "parameters" in cell["metadata"].get("tags", []):
            source += f"\nexperiment = {experiment!r}"
        with capture_output() as captured:
            result = shell.run_cell(source)
        result.raise_error()
        for output in captured.outputs:
            if "scrapbook" in (output.metadata or {}):
                glued[output.metadata["scrapbook"]["name"]] = next(iter(output.data.values())).strip("'\"")
        drawn = [each.data["text/html"] for each in captured.outputs if "shown" in (each.metadata or {})]
        drawn += [_html(result.result)] if result.result is not None else []
        shown[cell["id"]] = captured.stdout + "".join(drawn)
    return glued, shown


def _html(value: object) -> str:
    bundle = getattr(value, "_repr_mimebundle_", lambda: ({"text/html": value._repr_html_()}, {}))()
    return bundle[0]["text/html"]


@pytest.fixture(params=["smoke", "official", "alone"])
def experiment(request, finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an experiment whose runs are all done."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / "official.yaml").write_text(REAL)
    (folder / "alone.yaml").write_text(ALONE)
    (folder / "asked.yaml").write_text(ASKED)
    monkeypatch.setenv("XSTILTS_EXPERIMENTS", str(folder))
    finish(request.param)
    # What is left holds scores and no predictions.
    draw = np.random.default_rng(0)
    monkeypatch.setattr(crossed, "cube", lambda *_: draw.normal(60, 5, size=(2, 3, 20)))
    return request.param


@pytest.mark.parametrize("experiment", ["asked"], indirect=True)
@pytest.mark.parametrize("name", CHAPTERS)
def test_chapters_run_on_real_tasks(name: str, experiment: str) -> None:
    check(name, experiment)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_run_on_any_experiment(name: str, experiment: str) -> None:
    check(name, experiment)


def check(name: str, experiment: str) -> None:
    """Execute a template, and hold what it glues and draws against what its page quotes."""
    glued, shown = execute(name, experiment)
    wanted = {key for text in prose(name) for key in GLUED.findall(text)}
    assert wanted
    assert wanted <= set(glued), "a page quotes what the notebook does not glue"
    assert all(key.startswith(f"{name[:2]}_") for key in glued)
    assert all(value and "nan" not in value.lower() for value in glued.values())
    for cell in cells(name):
        if "figure" in cell["metadata"].get("mystnb", {}):
            assert re.search(r'<svg [^>]*role="img" aria-label="[^"]{40,}"', shown[cell["id"]])


@pytest.mark.parametrize("experiment", ["official"], indirect=True)
def test_where_no_distance_is_known_the_page_says_so(
    experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typology, "packaged", lambda: None)
    glued, shown = execute("41_languages", experiment)
    assert glued["41_order"] == "by code, because no distances are known for these languages"
    assert glued["41_far_found"] == "Untestable here: no distances are known for these languages."
    assert glued["41_pairs"] == "Such pairs here: 1.", "in how much text they have"
    assert ">XQuAD<" not in shown["languages-table"]


@pytest.mark.parametrize("experiment", ["official"], indirect=True)
def test_the_table_of_real_tasks(experiment: str) -> None:
    glued, shown = execute("40_main_table", experiment)
    assert glued["40_best"] == "SQuAD"
    assert "40_check_same-data" in glued
    for word in ("random weights", "SQuAD", "XQuAD", "Tatoeba", "2 seeds"):
        assert word in shown["scores-table"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_number_is_typed_where_it_could_go_stale(name: str) -> None:
    for cell in cells(name):
        figure = cell["metadata"].get("mystnb", {})
        if "figure" in figure:
            caption = GLUED.sub("", figure["figure"]["caption"])
            assert not re.search(r"\d", caption + figure["image"]["alt"])
    for text in prose(name):
        body = text.partition("## Exercises")[0]
        assert not re.search(r"\d", GLUED.sub("", re.sub(r"\bF1\b", "", body)))
