"""Rows that have no label: counted, never trained on, never scored by, and no gold is made up for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up import BRIDGE, paragraph, squad_json

from xstilts_lib import cli
from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation.submission import write_labels
from xstilts_lib.experiment import LABELLED, load_experiment
from xstilts_lib.sources import open_source
from xstilts_lib.sources.checks import LoadReport, checked
from xstilts_lib.sources.examples import Given, pair
from xstilts_lib.sources.hub import converters
from xstilts_lib.sources.rows import dataset
from xstilts_lib.sources.survey import check_table
from xstilts_lib.tasks import NLI, TASKS
from xstilts_lib.workflow import engine as workflow

EXPERIMENT = """
title: A test
source: {kind: files, counts: any}
model: {name: tiny, architecture: {model_type: xlm-roberta}}
pretraining: {steps: 1}
seeds: [0]
recipes: [none]
targets: [TARGET]
"""


def blanked(answer: str = "", start: int = 0) -> str:
    return squad_json([paragraph(BRIDGE, ("q", "When?", answer, start))])


XCOPA = json.dumps({"premise": "a", "choice1": "b", "choice2": "c", "question": "cause", "idx": 0})
RANKED = {
    "context": "It is old.",
    "sentences": ["It is old."],
    "sentence_breaks": [[0, 10]],
    "qas": [{"id": "q", "question": "How is it?", "answers": [{"text": "", "answer_start": 0}]}],
}
MENTION = {"example_id": "m", "mention_span": {"start": 0, "end": 3, "text": "Ana"}}
MEWSLIX = {
    "mewslix/wikinews_mentions-test.jsonl": json.dumps(
        {"context": {"text": "Ana spoke.", "language": "de"}, "mention": MENTION}
    ),
    "mewslix/candidate_set_entities.jsonl": '{"entity_id": "Q1", "description": "A person."}',
}
BESIDE, BUCC = "xnli/xnli_test_labels.txt", "bucc2018/de-en.test"
MLQA = "mlqa/dev-context-de-question-de.json"
NLI_MT = {"xnli/train-en.tsv": "a\tb\tneutral\n"}
# (task, split, language, files, rows without a label): one for each way that a publisher keeps labels.
UNLABELLED = [
    ("xnli", "test", "de", {"xnli/test-de.tsv": "a\tb\nc\td\n"}, 2),
    ("xnli", "test", "de", {"xnli/test-de.tsv": "a\tb\t\nc\td\tneutral\n"}, 1),
    ("xnli", "test", "de", {"xnli/test-de.tsv": "a\tb\nc\td\n", BESIDE: "?\nneutral\n"}, 1),
    ("pawsx", "test", "de", {"x-final/de/test_2k.tsv": "id\tsentence1\tsentence2\tlabel\n1\ta\tb\t-1\n"}, 1),
    ("panx", "test", "de", {"panx/test-de.tsv": "In\nRom\n\nHier\n"}, 2),
    ("panx", "test", "de", {"panx/test-de.tsv": "In\tO\nRom\tB-LOC\n\nHier\t\n"}, 1),
    ("udpos", "test", "ja", {"udpos/test-ja.tsv": "雨\n"}, 1),
    ("ud", "test", "de", {"ud/UD_X/de_x-ud-test.conllu": "1\tEs\tes\t_\t_\t_\t0\troot\t_\t_\n"}, 1),
    ("tydiqa", "test", "sw", {"tydiqa/tydiqa.goldp.sw.dev.json": blanked()}, 1),
    ("xquad", "test", "de", {"xquad/xquad.de.json": blanked(" ")}, 1),
    ("mlqa", "dev", "de", {MLQA: blanked().replace('"answers": ', '"a": ')}, 1),
    ("xcopa", "test", "et", {"xcopa/test.et.jsonl": XCOPA}, 1),
    ("xcopa", "test", "et", {"xcopa/test.et.jsonl": XCOPA[:-1] + ', "label": NaN}'}, 1),
    ("hellaswag", "test", "en", {"hellaswag/hellaswag_test.jsonl": json.dumps(
        {"ind": 1, "ctx_a": "a", "ctx_b": "b", "endings": ["c"] * 4, "label": ""})}, 1),
    ("bucc2018", "test", "de", {f"{BUCC}.de": "de-1\ta\n", f"{BUCC}.en": "en-1\tb\n"}, 1),
    ("lareqa", "test", "de", {"lareqa/de.json": json.dumps({"data": [{"paragraphs": [RANKED]}]})}, 1),
    ("mewslix", "test", "de", MEWSLIX, 1),
]  # fmt: skip


@pytest.mark.parametrize(("task", "split", "language", "files", "number"), UNLABELLED)
def test_rows_without_a_label_are_counted_in_every_format(open_folder, task, split, language, files, number):
    source = open_folder(files)
    (found,) = [row for row in check_table(source, [task]) if (row.split, row.language) == (split, language)]
    assert (found.unlabelled, found.problem) == (number, "")
    with pytest.raises(
        UserError, match=rf"{number} of \d rows of {task} \({split}, {language}\) ha(s|ve) no "
    ):
        source.require_labels(task, split, language)


@pytest.mark.parametrize(("task", "split", "language", "files", "number"), UNLABELLED)
def test_no_gold_is_written_for_a_row_without_a_label(
    open_folder, tmp_path, task, split, language, files, number
):
    rows = open_folder(files).load(task, split, language)
    with pytest.raises(UserError, match=rf"{task}, {language}: {number} of \d rows have no label"):
        write_labels(task, language, rows, tmp_path / "labels")
    assert not (tmp_path / "labels").exists()


@pytest.mark.parametrize(
    ("task", "gold"), [("mini_xnli", -1), ("mini_udpos", [""]), ("mini_hellaswag", -1), ("mini_tatoeba", "")]
)
def test_generated_tasks_are_held_to_the_same(tmp_path, task, gold):
    columns = {"pair": "label", "choice": "label", "tags": "tags", "bitext": "mate"}
    texts = {"first": "a", "second": "b", "prompt": "a", "choices": ["b"], "words": ["a"], "sentence": "a"}
    row = {"id": "0", "side": "target", **texts, columns[TASKS[task].format]: gold}
    with pytest.raises(UserError, match="1 of 1 rows have no label"):
        write_labels(task, "en", dataset(TASKS[task].format, [row]), tmp_path)


@pytest.mark.parametrize(
    ("task", "files", "says"),
    [
        (
            "xnli",
            {"xnli/train-en.tsv": "a\tb\tneutral\nc\td\t\n"},
            "1 of 2 rows of mnli .* no label to learn",
        ),
        ("udpos", {"udpos/train-en.tsv": "It\tPRON\n\nRain\n"}, "1 of 2 rows of udpos .* no tags to learn"),
        ("xquad", {"squad/train-v1.1.json": blanked()}, "1 of 1 rows of squad_v1 .* no answer to learn"),
    ],
)
def test_nothing_is_trained_on_rows_without_a_label(open_folder, task, files, says):
    with pytest.raises(UserError, match=says):
        open_folder(files).load(task, "train")


@pytest.fixture
def check_and_run(
    make_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Callable[..., tuple[str, str]]:
    """What `data check` and `run` say of an experiment on a target that would refuse to start its jobs."""
    monkeypatch.setenv("XSTILTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(workflow, "snakemake", lambda *_: pytest.fail("the engine started"))

    def said(*argv: str) -> str:
        monkeypatch.setattr("sys.argv", ["xstilts", *argv])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 2
        return capsys.readouterr().err

    def call(target: str, files: dict[str, str], more: str = "") -> tuple[str, str]:
        folder, file = str(make_folder(files)), tmp_path / "mine.yaml"
        file.write_text(EXPERIMENT.replace("TARGET", target) + more, encoding="utf-8")
        checked = said("data", "check", "--experiment", str(file), "--data", folder)
        return checked, said("run", str(file), "--data", folder, "--cores", "1")

    return call


@pytest.mark.parametrize(
    ("target", "files", "more", "says"),
    [
        ("xnli", {"xnli/test-de.tsv": "a\tb\n", **NLI_MT}, "", "put xnli/xnli_test_labels.txt beside it"),
        ("xnli", {"xnli/test-de.tsv": "a\tb\n", **NLI_MT}, "languages: [de]", "read xnli/xnli.test.tsv or"),
        ("xnli", {"xnli/test-en.tsv": "a\tb\tneutral\n", "xnli/dev-en.tsv": "a\tb\n", **NLI_MT},
         "evaluation: {examples: 1}", "rows of xnli (dev, en) has no label to score by"),
        ("xnli", {"xnli/test-en.tsv": "a\tb\tneutral\n", "xnli/train-en.tsv": "a\tb\n"}, "",
         "rows of mnli (train, en) has no label to learn from"),
        ("udpos", {"udpos/test-de.tsv": "Es\nregnet\n"}, "", "ud-treebanks-v2.7/UD_*/de_*-ud-test.conllu"),
        ("xquad", {"xquad/xquad.de.json": blanked()}, "", "xquad (test, de) has no answer to score by"),
        ("bucc2018", {f"bucc2018/de-en.{split}.{code}": f"{code}-1\ta\n" for split in ("dev", "test")
                      for code in ("de", "en")}, "", "put bucc2018/de-en.dev.gold beside it"),
    ],
)  # fmt: skip
def test_an_experiment_without_gold_is_refused_before_it_trains(check_and_run, target, files, more, says):
    for sentence in check_and_run(target, files, more):
        assert sentence.startswith("Error: ")
        assert says in sentence


def test_only_rows_that_are_read_must_have_labels(make_folder, tmp_path):
    """Of three rows two are evaluated on, the first and the second: the last one may do without a label."""
    test = "a\tb\tneutral\nc\td\tneutral\ne\tf\t\n"
    folder = make_folder({**NLI_MT, "xnli/test-en.tsv": test})
    file = tmp_path / "mine.yaml"
    file.write_text(EXPERIMENT.replace("TARGET", "xnli") + "evaluation: {examples: 2}", encoding="utf-8")
    load_experiment(file, folder).open_source()
    file.write_text(EXPERIMENT.replace("TARGET", "xnli"), encoding="utf-8")
    with pytest.raises(UserError, match="1 of 3 rows of xnli"):
        load_experiment(file, folder).open_source()


def test_jobs_of_a_run_do_not_load_everything_again(make_folder, tmp_path, monkeypatch):
    folder = make_folder({**NLI_MT, "xnli/test-en.tsv": "a\tb\n"})
    file = tmp_path / "mine.yaml"
    file.write_text(EXPERIMENT.replace("TARGET", "xnli"), encoding="utf-8")
    experiment = load_experiment(file, folder)
    told = workflow.environment(experiment)[LABELLED]
    with pytest.raises(UserError, match="no label"):  # a notebook on its own
        experiment.open_source()
    monkeypatch.setenv(LABELLED, told)
    experiment.open_source()


def test_generated_rows_are_counted_too():
    world = open_source({"kind": "miniature", "evaluation": {"dev": 4, "test": 4}})
    found = list(check_table(world, ["mini_xnli"]))
    assert found
    assert {row.unlabelled for row in found} == {0}


def _part(features: dict[str, Any], row: dict[str, Any]) -> Given:
    from datasets import Dataset, Features

    data = Dataset.from_list([row], features=Features(features))
    return converters.given(data, "test", "test", "de", LoadReport("x", "test", "de", "owner/name"))


def test_the_last_name_is_no_gold_of_a_row_of_the_hub():
    from datasets import ClassLabel, List, Value

    text = Value("string")
    tagged = _part(
        {"t": List(text), "l": List(ClassLabel(names=["O", "X"]))}, {"t": ["a", "b"], "l": [0, -1]}
    )
    ((_, row),) = converters.tags("t", "l")(tagged)
    assert row["tags"] == ["O", ""]
    nothing = _part({"t": List(text), "l": List(ClassLabel(names=["O", "X"]))}, {"t": ["a", "b"], "l": None})
    ((_, row),) = converters.tags("t", "l")(nothing)
    assert row["tags"] == ["", ""]
    pairs = {"a": text, "b": text}
    for kind, value in ((ClassLabel(names=list(NLI)), -1), (Value("float64"), float("nan")), (text, "")):
        ((_, row),) = pair("a", "b", "l")(_part({**pairs, "l": kind}, {"a": "", "b": "", "l": value}))
        assert row["label"] is None


@pytest.mark.parametrize("label", ["true", "1.5", '"one"', "[0]"])
def test_a_label_of_another_type_is_no_label(open_folder, label):
    with pytest.raises(UserError, match="line 1: unknown label"):
        open_folder({"xcopa/test.et.jsonl": XCOPA[:-1] + f', "label": {label}}}'}).load("xcopa", "test", "et")


@pytest.mark.parametrize("label", ["1", "1.0", '"1"'])
def test_a_label_as_a_table_writes_it_is_read(open_folder, label):
    files = {"xcopa/test.et.jsonl": XCOPA[:-1] + f', "label": {label}}}'}
    assert open_folder(files).load("xcopa", "test", "et")["label"][:] == [1]


def test_no_question_of_squad_2_is_taken_for_unanswerable_by_a_lost_answer(open_folder):
    lost = blanked().replace('"answers": [{"text": "", "answer_start": 0}]', '"answers": []')
    stated = lost.replace('"answers": []', '"answers": [], "is_impossible": true')
    assert open_folder({"squad/dev-v2.0.json": stated}).load("squad_v2", "dev")[0]["answers"]["text"] == []
    with pytest.raises(UserError, match="there is no answer, and yet 'is_impossible' is not true"):
        open_folder({"squad/dev-v2.0.json": lost}).load("squad_v2", "dev")
    row = {
        "id": "q",
        "context": BRIDGE,
        "question": "?",
        "answers": {"text": [], "start": []},
        "impossible": False,
    }
    report = LoadReport("squad_v2", "dev", "en", "owner/name", unanswerable=True)
    with pytest.raises(UserError, match="not one of 1 questions has an answer"):  # the hub does not state it
        checked(TASKS["squad_v2"], (), [(1, row)], report, exact=False)
