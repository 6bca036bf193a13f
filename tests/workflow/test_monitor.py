"""What the terminal shows: progress, the table of results, expected plan."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from xstilts_lib.common.disk import write_json
from xstilts_lib.experiment import Training, load_experiment
from xstilts_lib.rendering import tables
from xstilts_lib.runs.run import Run
from xstilts_lib.tasks.recipe import parse
from xstilts_lib.workflow import costs, graph, plan
from xstilts_lib.workflow.monitor import Monitor, cells, clock

PROGRESS = {"phase": "none: mini_xnli", "step": 1500, "steps": 4000, "loss": 1.5, "tokens_per_second": 20000,
            "seconds_left": 75.2}  # fmt: skip


def status(job: graph.Job, state: str, **more: object) -> None:
    write_json(job.status, {"state": state, "done": 1, "parts": 3, "seconds": 61.0, "failures": [], **more})


def test_lines_without_a_terminal(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = graph.jobs(load_experiment("test"))
    monitor = Monitor(listed, terminal=False)
    monitor.update()
    write_json(checkout / "progress.json", PROGRESS)
    status(listed[0], "done")
    status(listed[1], "running", part="targets/mini_xnli", progress=str(checkout / "progress.json"))
    monitor.update()
    monitor.reported = -math.inf
    monitor.update()
    status(listed[1], "failed")
    monitor.close()
    assert capsys.readouterr().out.splitlines() == [
        "4 of 4 jobs to do.",
        "encoder/none.seed0 done, 1 min 01 s [1/4]",
        "recipe/none.seed0 started",
        "  recipe/none.seed0: targets/mini_xnli (2/3) none: mini_xnli, step 1,500/4,000, loss 1.500, "
        "20,000 tokens/s, 1 min 15 s left",
        "recipe/none.seed0 FAILED, 1 min 01 s [1/4]",
        "1 of 4 jobs done, 0 s.",
    ]


def test_a_table_in_a_terminal(checkout: Path) -> None:
    from rich.console import Console

    listed = graph.jobs(load_experiment("test"))
    monitor = Monitor(listed, terminal=False)
    write_json(checkout / "progress.json", PROGRESS)
    status(listed[0], "running", part="encoder", progress=str(checkout / "progress.json"))
    monitor.update()
    console = Console(file=io.StringIO(), width=140)
    console.print(monitor._table())
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of 4 jobs" in shown
    for word in ("encoder/none.seed0", "1,500/4,000", "1.500", "20,000", "1 min 15 s"):
        assert word in shown


def test_a_status_half_written_is_no_accident(checkout: Path) -> None:
    (checkout / "progress.json").write_text('{"phase": "none')
    shown = cells({"part": "encoder", "done": 0, "parts": 1, "progress": str(checkout / "progress.json")})
    assert shown == ("encoder (1/1)", "", "", "", "", "")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (3599, "59 min 59 s"), (7260, "2 h 01 min")]
)
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


ROWS = [
    {"recipe": "none", "target": "mini_xnli", "seeds": 3, "english": 70.0, "mean": 50.0, "low": 48.0,
     "high": 52.0, "gain": math.nan, "gain_low": math.nan, "gain_high": math.nan, "model": "tiny"},
    {"recipe": "mini_squad", "target": "mini_xnli", "seeds": 3, "english": 71.0, "mean": 52.25, "low": 51.0,
     "high": 53.5, "gain": 2.25, "gain_low": 1.25, "gain_high": 3.25, "model": "tiny"},
]  # fmt: skip


def test_results_for_people_and_programs(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = load_experiment("test")
    tables.show(experiment, ROWS, "table")
    shown = capsys.readouterr().out
    assert "50.0 ±2.0" in shown
    assert "(+2.2 ±1.0)" in shown
    assert "seeds: 3" in shown
    tables.show(experiment, ROWS, "csv")
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["gain"], second["gain"], second["mean"]) == ("", "2.25", "52.25")
    tables.show(experiment, ROWS, "json")
    content = json.loads(capsys.readouterr().out)
    assert content["experiment"] == "test"
    assert content["results"][0]["gain"] is None, "JSON knows no nan"


def test_costs_come_from_settings_until_they_were_measured(checkout: Path) -> None:
    experiment = load_experiment("test")
    job = graph.jobs(experiment)[0]
    guess = plan.expected(job, plan.measured(experiment))
    assert not guess.measured
    tokens = 768  # one step of the default batch
    assert costs.training(Run(experiment, "none", 0), "encoder") == 6 * tokens
    shape = costs.shape_of(experiment)
    computing = 6 * tokens * shape.matrices / costs.core_rate(shape)
    assert guess.seconds == pytest.approx(computing + costs.KERNEL_SECONDS)

    run = Run(experiment, "none", 0)
    run.begin("encoder")
    run.encoder.mkdir()
    run.finish("encoder", [], 120.0)
    other = replace(experiment, seeds=(1,))
    known = plan.expected(graph.jobs(other)[0], plan.measured(other))
    assert known.measured
    assert known.seconds == 120.0 + costs.KERNEL_SECONDS, "another seed costs what the first did"


def test_a_joint_step_costs_what_each_of_its_tasks_reads(checkout: Path) -> None:
    """As many examples of each as it states for itself, or as the step states for both."""
    experiment = load_experiment("test")
    source = {**experiment.source, "train": {"mini_mnli": 400, "mini_squad": 90}}
    for step, read in (({"epochs": 1}, 150 + 90), ({"epochs": 1, "examples": 50}, 50 + 50)):
        training = Training(tasks={"mini_mnli": {"examples": 150}, "mini_mnli+mini_squad": step})
        recipes = (parse("mini_mnli+mini_squad"),)
        own = replace(experiment, source=source, recipes=recipes, training=training)
        tokens = read * costs.TOKENS_ELSEWHERE
        assert costs.training(Run(own, "mini_mnli+mini_squad", 0), "encoder") == 6 * tokens
