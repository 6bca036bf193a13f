"""Records of finished experiments, and the notebooks that read results: the tables, and the chapters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from xstilts_lib.cli import app
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment
from xstilts_lib.rendering import NO_CHAPTERS
from xstilts_lib.rendering import chapters as linked
from xstilts_lib.rendering.executed import Page
from xstilts_lib.rendering.tables import claimant
from xstilts_lib.runs import records, results
from xstilts_lib.runs.run import Run, all_runs
from xstilts_lib.workflow import analyses, graph, jobs, verification

Finish = Callable[[Run], None]
Template = Callable[..., Path]


def test_only_a_finished_experiment_is_recorded(questions: Experiment, finish: Finish) -> None:
    *others, last = all_runs(questions)
    for run in others:
        finish(run)
    with pytest.raises(UserError, match=r"3 parts are missing, the first encoder of mini_squad, seed 1"):
        records.write(questions)
    assert not records.path(questions).exists()
    with pytest.raises(UserError, match=r"No record of 'questions' is kept: book/records/questions\.parquet"):
        records.read(questions)
    assert records.provenance(questions) == {}
    finish(last)
    assert records.write(questions) == records.path(questions)


def test_a_record_is_the_table_and_what_it_was_made_from(
    questions: Experiment, finish: Finish, checkout: Path
) -> None:
    for run in all_runs(questions):
        finish(run)
    file = records.write(questions)
    assert file == checkout / "book" / "records" / "questions.parquet"
    assert sorted(path.name for path in file.parent.iterdir()) == ["questions.json", "questions.parquet"]
    pandas.testing.assert_frame_equal(records.read(questions), results.collect(questions))
    told = records.provenance(questions)
    parts = sum(len(run.parts) for run in all_runs(questions))
    assert (told["experiment"], told["rows"], told["parts"]) == ("questions", 80, parts)
    assert told["seconds"] == parts, "a second each"
    assert told["settings"] == questions.file.read_text()
    assert told["degenerate"] == []
    assert {"processor", "cores"} <= told["hardware"].keys()
    assert told["versions"]["python"]
    assert str(checkout) not in json.dumps(told)
    first = file.read_bytes()
    assert records.write(questions).read_bytes() == first, "the same scores, the same bytes"


def test_where_numbers_come_from_is_told(questions: Experiment, finish: Finish) -> None:
    assert records.origin(questions) == "Where the results were computed is not recorded."
    runs = all_runs(questions)
    for run in runs:
        finish(run)
    records.write(questions)
    here = "The results were computed on this machine, by “xstilts run questions”."
    assert records.origin(questions) == here
    runs[-1].begin("retrieval")
    told = records.origin(questions)
    assert told.startswith(f"The results are a record: {records.provenance(questions)['parts']} parts, ")
    assert "“xstilts verify questions”" in told
    assert records.provenance(questions)["hardware"]["processor"] in told


def test_trainings_that_learnt_nothing_are_named_in_their_own_design(
    kept: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = kept.designs.values()
    assert records.unlearnt(kept, first) == "Every training of this design learnt all of its tasks."
    elsewhere = next(name for name in second.targets if name not in first.targets)
    found = [
        ["tiny", "mini_squad", "encoder", 0, ["mini_squad"]],
        ["tiny", "mini_squad", "encoder", 1, ["mini_squad"]],
        ["tiny", "none", f"targets/{elsewhere}", 0, [elsewhere]],
    ]
    monkeypatch.setattr(
        records, "provenance", lambda _: {"degenerate": found, "seconds": 1.0, "parts": 1, "hardware": {}}
    )
    told = records.unlearnt(kept, first)
    assert told.endswith("table: mini_squad in 2 intermediate phases (mini_squad, tiny).")
    assert "2 left a task at chance" in told
    assert f"{elsewhere} once as the target (after none" in records.unlearnt(kept, second)


def test_the_reason_names_the_tasks_that_were_lost(questions: Experiment, finish: Finish) -> None:
    run = next(run for run in all_runs(questions) if run.recipe.name == "mini_squad")
    finish(run)
    reason = "the loss of mini_squad ends at 5.0, where guessing costs 5.0"
    told = {"rows": [{"task": "mini_squad"}, {"task": "mini_squad_2"}], "reason": reason}
    (run.part_directory("encoder") / "history.json").write_text(json.dumps(told))
    assert records._tasks_lost(run, "encoder") == ["mini_squad"]


def test_the_record_stands_in_for_runs_that_are_not_there(kept: Experiment, finish: Finish) -> None:
    record = records.read(kept)
    assert len(results.load(kept)) == len(results.load(kept, partial=False)) == len(record)
    assert len(verification.cells(results.load(kept))[0]) == 20
    runs = all_runs(kept)
    finish(runs[0])
    begun = results.collect(kept)
    assert 0 < len(begun) < len(record)
    assert len(results.load(kept)) == len(begun), "what has been computed here so far"
    assert len(results.load(kept, partial=False)) == len(record), "until all of it has been"
    altered = record.assign(value=-1.0)
    altered.to_parquet(records.path(kept), index=False)
    assert (results.load(kept, partial=False)["value"] == -1.0).all()
    for run in runs[1:]:
        finish(run)
    assert (results.load(kept, partial=False)["value"] > 0).all()


def test_without_a_record_what_is_done_counts(questions: Experiment, finish: Finish) -> None:
    with pytest.raises(UserError, match="xstilts run questions"):
        results.load(questions, partial=False)
    finish(all_runs(questions)[0])
    assert len(results.load(questions, partial=False)) == len(results.collect(questions)) > 0


def test_the_command_records_and_tells_what_it_shows(kept: Experiment, finish: Finish) -> None:
    command = CliRunner()
    shown = command.invoke(app, ["results", "questions", "--format", "csv"])
    assert shown.exit_code == 0
    assert "'questions' has not been run here; this is the record." in shown.stderr
    assert shown.stdout.splitlines()[1].startswith("none,mini_xnli,2,60.0,54.0")
    records.path(kept).unlink()
    for run in all_runs(kept):
        finish(run)
    recorded = command.invoke(app, ["results", "questions", "--record", "--format", "json"])
    assert "Recorded in book/records/questions.parquet." in recorded.stderr
    assert json.loads(recorded.stdout)["experiment"] == "questions"
    assert records.path(kept).is_file()


def test_a_record_is_shown_by_the_settings_that_it_was_made_with(kept: Experiment) -> None:
    test, before = load_experiment("test"), kept.file.read_text(encoding="utf-8")
    assert results.as_recorded(kept) is kept, "the file says the same"
    changed = before.replace("steps: 1", "steps: 2").replace("  order:", "  chain:").replace("wide", "broad")
    kept.file.write_text(changed, encoding="utf-8")
    today = load_experiment("questions")
    then = results.as_recorded(today)
    assert list(today.designs) == ["size", "chain"]
    assert list(then.designs) == records.answered(then) == ["size", "order"]
    assert (then.pretraining.steps, [*then.variants]) == (1, ["wide"])
    _, chapters = analyses.groups(test)
    assert chapters.templates == ["50_size", "51_order"], "its chapters stay"
    jobs.write_pages(graph.find(test, "results/chapters"))
    assert "Its file has changed since: pretraining.steps was 1 and is 2." in records.origin(then)
    unreadable = records.provenance(kept) | {"settings": before + "colour: red\n"}
    records.path(kept).with_suffix(".json").write_text(json.dumps(unreadable), encoding="utf-8")
    assert results.as_recorded(today) is today, "today's code knows no such key"


def labels(experiment: Experiment) -> list[str]:
    return [group.label for group in analyses.groups(experiment)]


def test_an_experiment_without_designs_has_tables_alone(checkout: Path) -> None:
    test = load_experiment("test")
    assert analyses.studies(test) == {}
    assert labels(test) == ["tables"]
    (tables,) = analyses.groups(test)
    assert tables.templates == ["40_table"]
    assert tables.folder == checkout / "runs/test/pages"


def test_an_experiment_with_designs_has_a_chapter_on_each(questions: Experiment, checkout: Path) -> None:
    tables, chapters = analyses.groups(questions)
    assert (tables.label, chapters.label) == ("tables", "chapters")
    assert chapters.templates == ["50_size", "51_order"], "none on a design that it has not"
    assert chapters.own
    assert [path for _, path in chapters.notebooks] == [
        checkout / "runs/questions/chapters" / name for name in ("50_size.ipynb", "51_order.ipynb")
    ]
    (checkout / "notebooks" / "50_size.ipynb").unlink()
    (checkout / "notebooks" / "51_order.ipynb").unlink()
    assert labels(questions) == ["tables"], "no chapter, no group"


def test_others_show_the_chapters_of_the_record(kept: Experiment, checkout: Path) -> None:
    test = load_experiment("test")
    tables, chapters = analyses.groups(test)
    assert (tables.about, chapters.experiment, chapters.about.name) == (test, test, "questions")
    assert not chapters.own
    assert chapters.folder == checkout / "runs/test/chapters"
    job = graph.find(test, "results/chapters")
    assert job.needs == (), "nothing of this experiment is read"
    assert list(dict(job.notebooks)) == ["50_size", "51_order"]
    records.path(kept).unlink()
    assert labels(test) == ["tables"], "without a record there is nothing to tell"


def test_chapters_are_made_once_until_what_they_read_changes(kept: Experiment, template: Template) -> None:
    job = graph.find(load_experiment("test"), "results/chapters")
    assert job.pending == (graph.PAGES,)
    assert not job.group.done()
    jobs.write_pages(job)
    assert job.group.done()
    assert not results.path(load_experiment("test")).exists(), "no table of runs that they do not read"
    made = json.loads(dict(job.group.notebooks)["50_size"].read_text())
    printed = "".join(made["cells"][2]["outputs"][0]["text"])
    assert printed.startswith("80 The results are a record: ")
    assert made["metadata"]["xstilts"]["parameters"] == {"experiment": "questions"}

    before = records.path(kept).read_bytes()
    records.read(kept).iloc[:-1].to_parquet(records.path(kept), index=False)
    assert not job.group.done(), "the record has changed"
    records.path(kept).write_bytes(before)
    assert job.group.done()
    template("51_order", 'experiment = "questions"', "print('another question')")
    assert not job.group.done(), "a template has changed"


def test_runs_that_are_finished_take_the_place_of_the_record(kept: Experiment, finish: Finish) -> None:
    _, chapters = analyses.groups(load_experiment("test"))
    of_the_record = chapters.fingerprint()
    *others, last = all_runs(kept)
    for run in others:
        finish(run)
    assert chapters.fingerprint() == of_the_record, "some runs are not all"
    finish(last)
    assert chapters.fingerprint() != of_the_record


def test_claims_are_put_to_what_the_chapters_read(kept: Experiment, finish: Finish) -> None:
    finish(all_runs(kept)[0])
    assert claimant("test") == "questions", "its record, whatever has been begun here"
    records.path(kept).unlink()
    assert claimant("test") == "test", "and no part of its runs"
    for run in all_runs(kept):
        finish(run)
    assert claimant("test") == "questions"


def test_the_page_of_the_questions_links_to_the_chapters(kept: Experiment) -> None:
    test = load_experiment("test")
    chapter = Page(
        "runs/chapters/50_size", "Ask for the size", "Ask for the size", "{}", "About it.", part="chapters"
    )
    shown = linked(test, [chapter])
    assert "- [Ask for the size](/runs/chapters/50_size): About it." in shown
    assert "The results are a record: " in shown
    assert linked(test, []) == NO_CHAPTERS
    records.path(kept).unlink()
    assert linked(test, []) == NO_CHAPTERS


def test_the_name_of_a_chapter_ends_in_its_design() -> None:
    assert analyses.design_of("54_chains") == "chains"
    assert analyses.design_of("50_two_words") == "two_words"


def test_a_record_grows_from_machine_to_machine(questions: Experiment, finish: Finish) -> None:
    """What one has done stays when another, which has none of it, records its own."""
    runs = all_runs(questions)
    for run in runs:
        finish(run)
    records.write(questions)
    whole, told = records.read(questions), records.provenance(questions)
    half = len(runs) // 2
    records.path(questions).unlink()
    records.path(questions).with_suffix(".json").unlink()
    for run in runs[half:]:
        shutil.rmtree(run.directory)
    with pytest.raises(UserError, match="parts are missing"):
        records.write(questions)
    records.write(questions, unfinished=True)
    part = records.provenance(questions)
    assert 0 < part["parts"] < told["parts"]
    assert f"{part['parts']} of {told['parts']} parts" in records.origin(questions)
    for run in runs[:half]:
        shutil.rmtree(run.directory)
    for run in runs[half:]:
        finish(run)
    records.write(questions)
    columns = ["model", "recipe", "seed", "target", "language", "metric"]
    both = (table.sort_values(columns, ignore_index=True) for table in (records.read(questions), whole))
    pandas.testing.assert_frame_equal(*both)
    now = records.provenance(questions)
    assert (now["parts"], now["seconds"]) == (told["parts"], told["seconds"])
    assert {name for machine in now["machines"] for name in machine["parts"]} == {
        f"{run.experiment.model.name}/{run.recipe.name}/seed{run.seed}/{part}"
        for run in runs
        for part in run.parts
    }


def test_a_record_of_other_settings_is_not_mixed_in(questions: Experiment, finish: Finish) -> None:
    runs = all_runs(questions)
    finish(runs[0])
    records.write(questions, unfinished=True)
    shutil.rmtree(runs[0].directory)
    questions.file.write_text(questions.file.read_text().replace("steps: 1", "steps: 2"))
    again = load_experiment(questions.name)
    finish(all_runs(again)[1])
    with pytest.raises(UserError, match=r"was made with other settings .*pretraining.steps was 1 and is 2"):
        records.write(again, unfinished=True)
