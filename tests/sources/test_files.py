"""The files source: what it offers, how it finds and unpacks sets, its settings."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.checks import spread
from xstilts_lib.sources.rows import COLUMNS, dataset, features
from xstilts_lib.sources.survey import check_table
from xstilts_lib.tasks import TASKS


def test_every_format_gives_its_columns(open_folder):
    source = open_folder()
    for task, split, language in (
        ("squad_v1", "train", "en"),
        ("udpos", "test", "de"),
        ("tatoeba", "test", "de"),
        ("xnli", "dev", "en"),
    ):
        rows = source.load(task, split, language)
        assert rows.column_names == list(COLUMNS[TASKS[task].format])
        assert rows.features == features(TASKS[task].format)


def test_a_task_without_a_training_set_trains_on_another(open_folder):
    source = open_folder()
    assert source.load("xquad", "train")["id"][:] == source.load("squad_v1", "train")["id"][:] == ["q1"]


def test_languages_are_those_that_are_there_or_those_declared(open_folder):
    assert open_folder().languages("xquad") == ("en", "de")
    declared = open_folder(languages={"xquad": ["de"]})
    assert declared.languages("xquad") == ("de",)
    declared.check(["xquad"])
    missing = open_folder(languages={"xquad": ["de", "vi"]})
    with pytest.raises(UserError, match=r"lacks xquad/xquad\.vi\.json"):
        missing.check(["xquad"])


def test_check_asks_for_training_and_evaluation_files(open_folder):
    open_folder().check(["squad_v1", "xquad", "udpos", "tatoeba"])
    with pytest.raises(UserError, match=r"lacks squad/train-v1.1.json, which squad_v1 \(train, en\) needs"):
        open_folder({"squad/train-v1.1.json": None}).check(["xquad"])
    with pytest.raises(UserError, match="lacks mlqa/"):
        open_folder().check(["mlqa"])


def test_labels_are_taken_by_name(open_folder):
    rows = open_folder().load("xnli", "dev")
    assert rows["label"][:] == [TASKS["xnli"].labels.index("contradiction")]


def test_limit_spreads_over_the_split_and_keeps_pairs(open_folder):
    sentences_of = {"deu": "".join(f"Satz {n} steht hier.\n" for n in range(10)), "eng": "Sentence.\n" * 10}
    files = {f"tatoeba/tatoeba.deu-eng.{code}": text for code, text in sentences_of.items()}
    rows = open_folder(files).load("tatoeba", "test", "de", limit=2)
    assert rows["id"][:] == ["de-0", "de-5", "en-0", "en-5"]
    assert rows["mate"][:] == ["en-0", "en-5", "de-0", "de-5"]
    assert spread(10, 3) == [0, 3, 6]
    assert spread(2, 5) == [0, 1]
    with pytest.raises(UserError, match="limit must be at least 1"):
        open_folder().load("squad_v1", "train", limit=0)


def test_a_limit_on_mining_keeps_the_share_of_pairs(open_folder):
    foreign = "".join(f"zh-{n}\t句子 {n}\n" for n in range(100))
    english = "".join(f"en-{n}\tsentence {n}\n" for n in range(200))
    gold = "".join(f"zh-{n}\ten-{2 * n}\n" for n in range(20))
    files = {
        f"bucc2018/zh-en.dev.{kind}": text
        for kind, text in (("zh", foreign), ("en", english), ("gold", gold))
    }
    source = open_folder(files)
    rows = source.load("bucc2018", "dev", "zh", limit=50)
    sides = rows["side"][:]
    assert (sides.count("source"), sides.count("target")) == (50, 100)
    assert sum(bool(mate) for mate in rows["mate"][:]) == 2 * 10
    assert source.reports["bucc2018", "dev", "zh"].rows == 20


def test_line_ends_of_both_kinds_and_a_byte_order_mark_are_read(open_folder):
    windows = "It\tPRON\r\nrains\tVERB\r\n\r\nRain\tNOUN\r\n"
    rows = open_folder({"udpos/test-de.tsv": b"\xef\xbb\xbf" + windows.encode()}).load("udpos", "test", "de")
    assert rows["words"][:] == [["It", "rains"], ["Rain"]]


def test_only_line_feeds_end_a_line(open_folder):
    pair = "a\u2028b\u0085c\td\x0be\tneutral\n"
    row = open_folder({"xnli/dev-en.tsv": pair}).load("xnli", "dev")[0]
    assert (row["first"], row["second"]) == ("a\u2028b\u0085c", "d\x0be")


def test_archives_are_unpacked_once_and_only_those_needed(make_folder, tmp_path):
    folder, packed, cache = make_folder(), tmp_path / "packed", tmp_path / "cache"
    packed.mkdir()
    with tarfile.open(packed / "xquad.tar.xz", "w:xz") as tar:
        tar.add(folder / "xquad", "xquad")
    with tarfile.open(packed / "squad.tar.gz", "w:gz") as tar:
        tar.add(folder / "squad", "squad")
    with zipfile.ZipFile(packed / "udpos.zip", "w") as archive:
        for path in (folder / "udpos").iterdir():
            archive.write(path, path.name)  # without a folder of the set's name inside
    settings = {"kind": "files", "folder": str(packed), "cache": str(cache), "counts": "any"}
    source = open_source(settings)
    source.check(["squad_v1", "xquad"])
    assert sorted(path.name.split("-")[0] for path in cache.iterdir()) == ["squad", "xquad"]
    assert source.load("udpos", "test", "de").num_rows == 1
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert open_source(settings).load("xquad", "test", "de").num_rows == 1
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_the_revision_changes_with_a_byte(open_folder):
    first, again = (open_folder().identify("udpos", "dev", "en") for _ in range(2))
    assert first.startswith("sha256:")
    assert again == first
    changed = open_folder({"udpos/dev-en.tsv": "Snow\tNOUN\nmelts\tVERB\n"})
    assert changed.identify("udpos", "dev", "en") != first


def test_settings_are_checked(make_folder):
    folder = str(make_folder())
    for settings, message in (
        ({}, "--data DIR"),
        ({"folder": folder + "/nowhere"}, "is missing"),
        ({"folder": folder, "count": "any"}, "did you mean 'counts'"),
        ({"folder": folder, "languages": {"xqad": []}}, "did you mean 'xquad'"),
        ({"folder": folder, "languages": {"xquad": ["xx"]}}, "there is no 'xx'"),
        ({"folder": folder, "counts": "some"}, "valid names: any, exact"),
    ):
        with pytest.raises(UserError, match=message):
            open_source({"kind": "files", **settings})
    with pytest.raises(UserError, match=r"there is no kind 'flies'.*'files'"):
        open_source({"kind": "flies"})
    with pytest.raises(UserError, match="does not come from the source 'files'"):
        open_source({"kind": "files", "folder": folder}).load("mini_squad", "train")


def test_the_survey_says_what_is_there_absent_and_wrong(open_folder):
    source = open_folder({"xquad/xquad.vi.json": "{"})
    table = {(row.task, row.split, row.language): row for row in check_table(source)}
    assert table["xquad", "test", "de"].rows == 1
    assert table["xquad", "test", "de"].expected == 1190
    assert table["xquad", "test", "de"].source == "xquad/xquad.de.json"
    assert "cut short" in table["xquad", "test", "vi"].problem
    assert "lacks mlqa/" in table["mlqa", "", ""].absent
    named = list(check_table(source, ["mlqa"]))
    assert "lacks mlqa/" in named[0].problem


def test_nothing_heavy_is_imported_before_data_is_loaded():
    code = (
        "import sys; from xstilts_lib.sources import open_source; open_source({'kind': 'hub'}); "
        "from xstilts_lib.sources import files, survey; "
        "print([name for name in ('torch', 'transformers', 'datasets', 'pandas') if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_columns_are_typed():
    rows = dataset(
        "span", [{"id": "1", "context": "c", "question": "q", "answers": {"text": ["c"], "start": [0]}}]
    )
    assert rows[0]["answers"] == {"text": ["c"], "start": [0]}
    assert dataset("tags", []).features == features("tags")


def test_files_are_named_in_errors_as_the_user_named_them(open_folder, tmp_path):
    with pytest.raises(UserError) as caught:
        open_folder({"xquad/xquad.de.json": "[]"}).load("xquad", "test", "de")
    assert str(tmp_path / "data" / "xquad" / "xquad.de.json") in str(caught.value)
