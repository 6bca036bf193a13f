"""The hub source, through the code that reads the hub, over local repositories of the same layout."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_hub import MIRROR, build

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.hub import HubSource
from xstilts_lib.sources.hub.kept import Pins
from xstilts_lib.sources.hub.repositories import REPOSITORIES
from xstilts_lib.sources.rows import features
from xstilts_lib.sources.survey import check_table
from xstilts_lib.tasks import ENTITIES, TASKS


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def open_hub(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., HubSource]:
    """A source over the mirror; counts are not held against the published ones."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")

    def make(**settings: Any) -> HubSource:
        own = {"mirror": str(mirror), "cache": str(tmp_path), "counts": "any", "targets": [], **settings}
        return open_source({"kind": "hub", **own})  # type: ignore[return-value]

    return make


LOADS = [
    ("snli", "train", "en"),
    ("mnli", "train", "en"),
    ("mnli", "train", "de"),
    ("mnli", "dev", "en"),
    ("anli", "train", "en"),
    ("anli_plus", "train", "en"),
    ("qqp", "train", "en"),
    ("qqp", "test", "en"),
    ("squad_v1", "train", "en"),
    ("squad_v1", "train", "de"),
    ("squad_v1", "dev", "en"),
    ("squad_v2", "train", "en"),
    ("hellaswag", "dev", "en"),
    ("hellaswag", "test", "en"),
    ("cosmosqa", "train", "en"),
    ("commonsenseqa", "train", "en"),
    ("socialiqa", "train", "en"),
    ("copa", "train", "en"),
    ("copa", "test", "en"),
    ("xnli", "dev", "de"),
    ("xnli", "test", "de"),
    ("pawsx", "train", "de"),
    ("pawsx", "test", "de"),
    ("udpos", "train", "en"),
    ("udpos", "dev", "en"),
    ("udpos", "test", "ja"),
    ("panx", "test", "de"),
    ("xquad", "test", "zh"),
    ("mlqa", "dev", "de"),
    ("mlqa", "test", "de"),
    ("tydiqa", "train", "en"),
    ("tydiqa", "test", "ko"),
    ("bucc2018", "test", "de"),
    ("tatoeba", "test", "de"),
    ("tatoeba", "test", "sw"),
    ("xcopa", "test", "qu"),
    ("lareqa", "test", "de"),
    ("mewslix", "train", "en"),
    ("mewslix", "test", "de"),
    ("text", "train", "de"),
]


@pytest.mark.parametrize(("task", "split", "language"), LOADS)
def test_every_repository_gives_the_columns_of_its_format(open_hub, task, split, language):
    rows = open_hub().load(task, split, language)
    assert rows.num_rows > 0
    assert rows.features == features(TASKS[task].format)


def test_every_repository_of_the_table_is_tried():
    names = {repository.name for repositories in REPOSITORIES.values() for repository in repositories}
    assert names == set(MIRROR) | {"wilburOne/cosmosqa", "google-research-datasets/lareqa"}
    held = {row.name for row in TASKS.values() if "hub" in row.sources and not row.parts}
    assert held == set(REPOSITORIES)


def test_every_row_of_the_table_is_loaded_and_pinned():
    """Not every repository alone: every entry, with its own configuration and splits."""
    source = open_source({"kind": "hub"})
    every = [one for repositories in REPOSITORIES.values() for one in repositories]
    tried = [source.find(TASKS[task], split, code) for task, split, code in LOADS]
    assert [one for one in every if not any(one is other for other in tried)] == []
    # No commit is known at which it holds no loading script.
    moving = {one.name for one in every if len(one.revision) != 40}
    assert moving == {"facebook/mlqa"}


def test_labels_are_taken_by_name_and_minus_one_is_unknown(open_hub):
    source = open_hub()
    assert source.load("snli", "train")["label"][:] == [2, 0]
    assert source.reports["snli", "train", "en"].dropped == 1
    assert source.load("qqp", "test")["label"][:] == [-1]
    assert source.reports["qqp", "test", "en"].unlabelled == 1
    assert source.load("udpos", "test", "ja")["tags"][0] == ["PRON", "VERB"]
    tags = source.load("panx", "test", "de")["tags"][0]
    assert tags == ["O", "B-LOC"]
    assert set(tags) <= set(ENTITIES)
    assert source.load("socialiqa", "train")["label"][:] == [2]
    assert source.load("hellaswag", "dev")["label"][:] == [3]
    assert source.load("hellaswag", "test")["label"][:] == [-1]
    assert source.load("commonsenseqa", "train")["label"][:] == [1]
    assert source.load("copa", "train")["prompt"][:] == ["It rained. What was the effect?"]


def test_configurations_follow_the_language(open_hub):
    source = open_hub()
    assert source.load("mnli", "train", "de").num_rows == 2
    assert source.reports["mnli", "train", "de"].source == "facebook/xnli"
    assert source.reports["mnli", "train", "de"].notes == ["machine-translated"]
    source.load("mnli", "train", "en")
    assert source.reports["mnli", "train", "en"].source == "nyu-mll/glue"
    assert source.load("xquad", "train").num_rows == 2


def test_offsets_are_repaired_and_counted(open_hub):
    source = open_hub()
    assert source.load("xquad", "test", "zh")["answers"][0]["start"] == [24]
    assert source.reports["xquad", "test", "zh"].repaired == 1
    source.load("squad_v1", "train", "de")
    assert source.reports["squad_v1", "train", "de"].repaired == 1


def test_tydiqa_is_one_language_at_a_time(open_hub):
    source = open_hub()
    assert source.load("tydiqa", "train")["id"][:] == ["english-1-0", "english-3-0"]
    assert source.reports["tydiqa", "train", "en"].dropped == 1


def test_bucc_counts_its_pairs_from_one(open_hub):
    rows = open_hub().load("bucc2018", "test", "de")
    assert dict(zip(rows["id"], rows["mate"], strict=True)) == {
        "de-0": "",
        "de-1": "en-2",
        "en-0": "",
        "en-1": "",
        "en-2": "de-1",
    }
    with pytest.raises(UserError, match="the sample set, on which the threshold is tuned, is not on the hub"):
        open_hub().load("bucc2018", "dev", "de")


def test_tatoeba_s_english_side_is_found(open_hub):
    source = open_hub()
    for language in ("de", "sw"):
        rows = source.load("tatoeba", "test", language)
        assert rows["sentence"][rows["side"].index("target")] == "It is the rain."
    with pytest.raises(UserError, match="neither column is plainly English"):
        source.load("tatoeba", "test", "fr")


def test_csv_keeps_words_that_pandas_takes_for_nothing(open_hub):
    row = open_hub().load("cosmosqa", "train")[0]
    assert row["choices"] == ["a", "None", "NA", "None of these"]
    assert row["prompt"] == 'He said "no", twice Why'


def test_mentions_stand_in_their_sentence(open_hub):
    rows = {row["id"]: row for row in open_hub().load("mewslix", "test", "de")}
    assert rows["m1"]["context"] == "(So) did { Smith } today."
    assert rows["m1"]["mate"] == "Q1"
    assert (rows["Q1"]["text"], rows["Q1"]["context"]) == ("A person.", "")


def test_text_is_wikipedia_without_what_is_evaluated(open_hub):
    rows = open_hub().load("text", "train", "de")
    assert rows.num_rows == 1
    assert rows["text"][0].startswith("Ein langer Absatz")


def test_a_repository_that_changed_is_refused_with_a_way_out(open_hub, tmp_path, mirror):
    from datasets import Dataset

    changed = tmp_path / "changed"
    place = changed / "google/xquad/xquad.zh"
    place.mkdir(parents=True)
    Dataset.from_list([{"id": "1", "passage": "p", "question": "q", "answers": []}]).to_parquet(
        place / "validation.parquet"
    )
    (changed / "google/xquad/README.md").write_text(
        "---\nconfigs:\n- config_name: xquad.zh\n  data_files:\n  - split: validation\n"
        "    path: xquad.zh/validation.parquet\n---\n"
    )
    with pytest.raises(
        UserError, match=r"google/xquad lacks the column 'context' .*it has changed; fetch the publisher"
    ):
        open_hub(mirror=str(changed)).load("xquad", "test", "zh")


def write_xquad(folder: Path, questions: list[str]) -> Path:
    """A mirror that holds XQuAD in Chinese, with these questions."""
    from datasets import Dataset

    file = folder / "google/xquad/xquad.zh/validation.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    answers = {"text": ["p"], "answer_start": [0]}
    rows = [{"id": q, "context": "p", "question": q, "answers": answers} for q in questions]
    Dataset.from_list(rows).to_parquet(file)
    (folder / "google/xquad/README.md").write_text(
        "---\nconfigs:\n- config_name: xquad.zh\n  data_files:\n  - split: validation\n"
        "    path: xquad.zh/validation.parquet\n---\n"
    )
    return file


def test_a_mirror_is_what_is_in_it_now(open_hub, tmp_path):
    def questions(name: str) -> tuple[list[str], str]:
        source = open_hub(mirror=str(tmp_path / name))
        return source.load("xquad", "test", "zh")["question"][:], source.identify("xquad", "test", "zh")

    first = write_xquad(tmp_path / "a", ["1", "2"])
    write_xquad(tmp_path / "b", ["3", "4", "5"])
    one, two = questions("a"), questions("b")
    assert (one[0], two[0]) == (["1", "2"], ["3", "4", "5"])
    stat = first.stat()
    shutil.copy2(write_xquad(tmp_path / "c", ["6", "7"]), first)
    os.utime(first, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    three = questions("a")
    assert three[0] == ["6", "7"]
    assert len({one[1], two[1], three[1]}) == 3
    first.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    with pytest.raises(UserError, match=r"validation\.parquet is a Git LFS pointer, not data"):
        questions("a")


def test_what_is_read_is_named_without_asking_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr("xstilts_lib.sources.hub.kept._ask", lambda *_: pytest.fail("the hub was asked"))
    settings = {"kind": "hub", "cache": str(tmp_path), "revisions": {"facebook/xnli": "main"}}
    source = open_source(settings)
    assert source.identify("xnli", "test", "de") == "facebook/xnli@main"
    (tmp_path / "hub-pins.json").write_text(json.dumps({"facebook/xnli@main": "f" * 40}))
    assert source.identify("xnli", "test", "de") == f"facebook/xnli@{'f' * 40}"
    assert source.identify("xnli", "test", "xx") == "absent"
    assert source.identify("anli_plus", "train", "en").count(" + ") == 2


def test_a_configuration_or_split_that_is_missing_is_named(open_hub):
    with pytest.raises(
        UserError, match=r"google/xquad \(xquad\.vi, validation\) cannot be loaded .*`kind: files`"
    ):
        open_hub().load("xquad", "test", "vi")
    with pytest.raises(UserError, match=r"facebook/mlqa \(mlqa-translate-train\.vi, train\).*refs/pr/5"):
        open_hub().load("squad_v1", "train", "vi")
    with pytest.raises(UserError, match="cannot be loaded"):
        open_hub().load("snli", "dev")


def test_counts_are_held_against_the_published_ones(open_hub):
    with pytest.raises(
        UserError, match=r"google/xquad holds 1 rows of xquad \(test, zh\), where 1,190 were published"
    ):
        open_hub(counts="exact").load("xquad", "test", "zh")


def test_check_and_survey(open_hub, tmp_path):
    open_hub().check(["xnli", "anli_plus", "lareqa"])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="lacks facebook/xnli, which xnli needs"):
        open_hub(mirror=str(empty)).check(["xnli"])
    table = {(row.split, row.language): row for row in check_table(open_hub(), ["xquad"])}
    assert len(table) == 12
    assert table["test", "zh"].repaired == 1
    assert table["test", "zh"].revision.startswith("mirror:")
    assert "cannot be loaded" in table["test", "de"].problem


def test_languages_and_splits_that_the_hub_has():
    source = open_source({"kind": "hub"})
    assert source.languages("udpos") == TASKS["udpos"].languages
    assert source.held("mnli", "train") == (
        "en",
        *[code for code in source.held("mnli", "train") if code != "en"],
    )
    assert len(source.held("mnli", "train")) == 15
    assert set(source.held("squad_v1", "train")) == {"en", "ar", "de", "es", "hi", "vi", "zh"}
    assert source.splits("bucc2018") == ("test",)
    assert source.splits("anli_plus") == ("train", "dev")
    assert source.tokenizer() is None
    with pytest.raises(UserError, match="does not come from the source 'hub'"):
        source.load("ccg", "train")


def test_commits_are_pinned_when_first_read(tmp_path, monkeypatch):
    commit, asked = "0123456789abcdef" * 2 + "01234567", []

    def ask(repository: str, revision: str) -> str:
        asked.append((repository, revision))
        return commit

    monkeypatch.setattr("xstilts_lib.sources.hub.kept._ask", ask)
    pins = Pins(tmp_path / "cache" / "hub-pins.json", {"a/stated": "f" * 40})
    assert pins.commit("a/stated", "main") == "f" * 40
    assert pins.commit("a/known", "e" * 40) == "e" * 40
    assert pins.commit("a/branch", "main") == commit
    assert Pins(tmp_path / "cache" / "hub-pins.json", {}).commit("a/branch", "main") == commit
    assert asked == [("a/branch", "main")]
    (tmp_path / "cache" / "hub-pins.json").write_text("{")
    with pytest.raises(UserError, match="delete it"):
        pins.commit("a/other", "main")


def test_a_hub_out_of_reach_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    source = open_source({"kind": "hub", "cache": str(tmp_path)})
    with pytest.raises(
        UserError, match=r"does not say which commit 'main' of facebook/mlqa is.*xstilts data fetch"
    ):
        source.check(["squad_v1"])
    source.check(["mnli"])  # at a commit that is known
