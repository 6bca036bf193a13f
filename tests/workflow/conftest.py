"""A checkout in a temporary folder: an experiment, and templates that take no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.experiment import Experiment, load_experiment
from xstilts_lib.runs import records, results
from xstilts_lib.runs.run import ENCODER as ENCODER_PART
from xstilts_lib.runs.run import Run, all_runs

EXPERIMENT = """
title: A test
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta}}
pretraining: {steps: 1}
seeds: [0]
recipes: [none, mini_squad]
targets: [mini_xnli, mini_tatoeba]
"""
# Two encoders, and two questions, of which one is put to the first encoder alone.
QUESTIONS = """
title: Two questions
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta, hidden_size: 32}}
variants: {wide: {architecture: {hidden_size: 64}}}
pretraining: {steps: 1}
seeds: [0, 1]
designs:
  size: {question: "Does size matter?", recipes: [none, mini_squad], targets: [mini_xnli, mini_tatoeba]}
  order:
    question: Does the order matter?
    models: [tiny]
    recipes: [none, mini_squad-then-mini_mnli]
    targets: [mini_pawsx]
"""
RUN = """
from xstilts_lib.runs import results
from xstilts_lib.workflow import notebook
from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs.run import Run, all_runs
"""
ENCODER = (
    RUN
    + """
run = Run(load_experiment(experiment, variant=variant), {recipe}, seed)
{ensure}
directory = run.begin("encoder")
run.encoder.mkdir(exist_ok=True)
(run.encoder / "weights").write_text(run.recipe.name)
with open(directory / "times", "a") as file:
    file.write("made ")
run.finish("encoder", [run.encoder], 1.0)
"""
)
SCORED = (
    RUN
    + """
run = Run(load_experiment(experiment, variant=variant), recipe, seed)
notebook.ensure(run)
directory = run.begin({part})
names = {names}
one = {{"en": {{"accuracy": 60.0}}, "qaa": {{"accuracy": 50.0 + len(recipe)}}}}
scores = dict.fromkeys(names, one)
results.write_scores(directory, scores, {{name: {{"en": 10, "qaa": 10}} for name in names}})
run.finish({part}, [directory / results.SCORES], 1.0)
"""
)
TEMPLATES = {
    "00_pretrain": [
        'experiment = "test"\nvariant = ""\nseed = 0',
        ENCODER.format(recipe='"none"', ensure=""),
    ],
    "10_intermediate": [
        'experiment = "test"\nvariant = ""\nrecipe = "mini_squad"\nseed = 0',
        ENCODER.format(recipe="recipe", ensure="notebook.ensure(run.parent)"),
    ],
    "20_target": [
        'experiment = "test"\nvariant = ""\nrecipe = "none"\ntask = "mini_xnli"\nseed = 0',
        SCORED.format(part='f"targets/{task}"', names="[task]"),
    ],
    "30_retrieval": [
        'experiment = "test"\nvariant = ""\nrecipe = "none"\nseed = 0',
        SCORED.format(part='"retrieval"', names='list(run.tasks("retrieval"))'),
    ],
    "40_table": ['experiment = "test"', "print(experiment)"],
}


def write_template(folder: Path, name: str, cells: list[str], tags: tuple[str, ...] = ()) -> Path:
    """A notebook whose first cell holds its parameters."""
    code = [
        {
            "cell_type": "code",
            "id": f"cell{i}",
            "metadata": {"tags": ["parameters", *tags]} if i == 0 else {},
            "source": source.strip(),
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return folder / f"{name}.ipynb"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in a folder that a shell would take apart, with the experiment `test`; runs go below it."""
    folder = tmp_path / "a b ж"
    (folder / "experiments").mkdir(parents=True)
    (folder / "experiments" / "test.yaml").write_text(EXPERIMENT)
    for name, cells in TEMPLATES.items():
        write_template(folder / "notebooks", name, cells)
    repository = Path(__file__).resolve().parents[2]
    (folder / "workflow").symlink_to(repository / "workflow")
    monkeypatch.setenv("XSTILTS_HOME", str(folder))
    monkeypatch.delenv("XSTILTS_RUNS", raising=False)
    return folder


@pytest.fixture
def template(checkout: Path) -> Callable[..., Path]:
    """`template(name, *cells)`: one more template in the checkout, or another in the place of one."""
    return lambda name, *cells, tags=(): write_template(checkout / "notebooks", name, list(cells), tags)


@pytest.fixture
def questions(checkout: Path) -> Experiment:
    """The experiment `questions` of the checkout, with a chapter on each of its designs and one too many."""
    (checkout / "experiments" / "questions.yaml").write_text(QUESTIONS)
    shown = """
from xstilts_lib.runs import records, results
from xstilts_lib.experiment import load_experiment
plan = load_experiment(experiment)
print(len(results.load(plan, partial=False)), records.origin(plan))
"""
    for name in ("50_size", "51_order", "52_distance"):
        write_template(checkout / "notebooks", name, ['experiment = "questions"', shown])
    return load_experiment("questions")


@pytest.fixture
def finish() -> Callable[[Run], None]:
    """`finish(run)`: leave what the templates above would, without executing them."""

    def leave(run: Run) -> None:
        for part in run.parts:
            directory = run.begin(part)
            if part == ENCODER_PART:
                run.encoder.mkdir(exist_ok=True)
                (run.encoder / "weights").write_text(run.recipe.name)
                run.finish(part, [run.encoder], 1.0)
                continue
            one = {"en": {"accuracy": 60.0}, "qaa": {"accuracy": 50.0 + len(run.recipe.name)}}
            names = run.tasks(part)
            results.write_scores(
                directory, dict.fromkeys(names, one), {name: {"en": 10, "qaa": 10} for name in names}
            )
            run.finish(part, [directory / results.SCORES], 1.0)

    return leave


@pytest.fixture
def kept(
    questions: Experiment, finish: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Experiment:
    """The experiment `questions` with a record, made where no run of it is left."""
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "elsewhere"))
    for run in all_runs(questions):
        finish(run)
    records.write(questions)
    monkeypatch.delenv("XSTILTS_RUNS")
    return questions
