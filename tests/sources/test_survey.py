"""`xstilts data check` and `data fetch`: what is there, amiss; what an experiment asks of its source."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib import cli
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.sources.survey import COLUMNS

EXPERIMENT = """
title: A test
source: {kind: files, counts: any}
model: {name: tiny, architecture: {model_type: xlm-roberta}}
pretraining: {steps: 1}
seeds: [0]
recipes: [none, squad_v1]
targets: [xquad, tatoeba]
"""


@pytest.fixture
def xstilts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line here: (exit code, stdout, stderr)."""
    monkeypatch.setenv("XSTILTS_CACHE", str(tmp_path / "cache"))

    def run(*argv: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["xstilts", *argv])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def write_experiment(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(old: str = "", new: str = "") -> Path:
        file = tmp_path / "mine.yaml"
        file.write_text(EXPERIMENT.replace(old, new, 1), encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize("command", ["check", "fetch"])
def test_a_folder_that_is_well(xstilts, make_folder, command):
    folder = str(make_folder())
    code, out, err = xstilts(
        "data", command, "xquad", "udpos", "--data", folder, "--counts", "any", "--format", "json"
    )
    assert (code, err) == (0, "")
    rows = {(row["task"], row["split"], row["language"]): row for row in json.loads(out)}
    assert set(rows["xquad", "test", "de"]) == set(COLUMNS)
    found = rows["udpos", "test", "de"]
    assert (found["source"], found["rows"], found["expected"]) == ("udpos/test-de.tsv", 1, 20_436)
    assert found["revision"].startswith("sha256:")
    assert found["labels"] == "17 labels"
    assert found["licence"]


def test_repairs_are_counted(xstilts, make_folder):
    shifted = (
        (make_folder() / "xquad/xquad.de.json")
        .read_text()
        .replace('"answer_start": 17', '"answer_start": 15')
    )
    folder = make_folder({"xquad/xquad.de.json": shifted})
    code, out, _ = xstilts(
        "data",
        "check",
        "xquad",
        "--source",
        "files",
        "--data",
        str(folder),
        "--counts",
        "any",
        "--format",
        "csv",
    )
    assert code == 0
    rows = {row["language"]: row for row in csv.DictReader(io.StringIO(out))}
    assert (rows["de"]["repaired"], rows["en"]["repaired"]) == ("1", "0")


def test_what_is_amiss_is_named_and_the_rest_is_shown(xstilts, make_folder):
    folder = make_folder({"xquad/xquad.vi.json": '{"data": ['})
    code, out, err = xstilts("data", "check", "xquad", "mlqa", "--data", str(folder), "--counts", "any")
    assert code == 2
    assert "xquad/xquad.de.json" in out
    assert out.rstrip().endswith("2 splits with 2 rows, 0 repaired; problems: 2.")
    assert [line.split(":")[0] for line in err.splitlines()] == ["Error", "Error"]
    assert "the JSON ends too early" in err
    assert "lacks mlqa/" in err
    short = xstilts("data", "check", "udpos", "--data", str(folder))
    assert short[0] == 2
    assert "where 20,436 were published" in short[2]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "Say what to check: `--source hub`"),
        (("xquad",), "Say what to check"),
        (("--source", "files"), "give the folder that holds them, `--data DIR`"),
        (("xqad", "--data", "."), "There is no task 'xqad': did you mean 'xquad'?"),
        (("--data", "nowhere/at/all"), "--data nowhere/at/all is not a folder"),
        (("--source", "miniature", "--data", "."), "no use for a data folder"),
        (("xquad", "--experiment", "questions"), "leave those out"),
        (("mini_xnli", "--source", "hub"), "does not come from the source 'hub'"),
    ],
)
def test_mistakes_are_one_sentence(xstilts, argv, says):
    code, out, err = xstilts("data", "check", *argv)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert says in err


def test_an_experiment_is_checked_for_all_that_it_reads(xstilts, make_folder, write_experiment):
    folder = make_folder()
    code, out, err = xstilts("data", "check", "--experiment", str(write_experiment()), "--data", str(folder))
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()[1:-1]} == {"squad_v1", "xquad", "tatoeba"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("squad_v1]", "squad_v1, squad_v1@de]", r"squad_v1 \(train, de\) needs mlqa-translate-train/de"),
        ("targets: [", "languages: [de, vi]\ntargets: [", r"lacks xquad/xquad\.vi\.json.*xquad \(test, vi\)"),
        ("targets: [", "evaluation: {split: dev}\ntargets: [", r"xquad has no split 'dev'"),
        ("squad_v1]", "mnli]", r"lacks mnli/.*mnli \(train, en\)"),
        (", tatoeba]", ", mlqa]", r"lacks mlqa/"),
    ],
)
def test_what_an_experiment_lacks_is_refused_before_it_runs(
    xstilts, make_folder, write_experiment, old, new, says
):
    folder, file = make_folder(), write_experiment(old, new)
    with pytest.raises(UserError, match=says):
        load_experiment(file, folder).open_source()
    code, _, err = xstilts("data", "check", "--experiment", str(file), "--data", str(folder))
    assert code == 2
    assert all(line.startswith("Error: ") for line in err.splitlines())


@pytest.mark.slow
def test_every_shared_set_is_green(shared, xstilts):
    code, out, err = xstilts("data", "check", "--source", "files", "--data", str(shared), "--format", "json")
    assert (code, err) == (0, "")
    rows = {(row["task"], row["split"], row["language"]): row for row in json.loads(out)}
    assert all(row["absent"] for row in rows.values() if row["rows"] is None)
    assert not any(row["problem"] for row in rows.values())
    stated = [row for row in rows.values() if row["expected"] is not None]
    assert len(stated) > 100
    assert all(row["rows"] == row["expected"] and row["revision"] and row["licence"] for row in stated)
    assert rows["tydiqa", "train", "en"]["rows"] == 3_696
    assert rows["xquad", "test", "zh"]["rows"] == 1_190
    assert rows["qqp", "dev", "en"]["repaired"] == 83
    packed = {path.name.removesuffix(".tar.xz") for path in shared.glob("*.tar.xz")}
    read = {row["source"].split("/")[0] for row in rows.values() if row["rows"]}
    read |= {row["task"] for row in rows.values() if row["rows"]}
    read |= {"squad"}  # read as squad_v1 and squad_v2
    assert packed - read == {
        "hf_format_samples", "lang2vec", "xlmr_tokenizer", "xtreme_mock", "ntrex", "bible"
    }, "not data of a task"  # fmt: skip
