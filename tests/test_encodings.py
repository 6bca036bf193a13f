"""Encoded examples on disk: the same to the bit, found again by content alone, made again where damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from xstilts_lib import encodings, evaluate
from xstilts_lib.formats import FORMATS
from xstilts_lib.settings import TrainSettings
from xstilts_lib.sources.columns import dataset
from xstilts_lib.tasks import task
from xstilts_lib.train import Ingredient

KEPT = [name for name, form in FORMATS.items() if form.reads]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    return tmp_path / "encodings"


@pytest.fixture
def encode(tokenizer, labels_of) -> Callable[..., Any]:
    def run(form: str, rows: Any, length: int = 16, **settings: Any) -> Any:
        settings = {"labels": labels_of.get(form, ()), "tokenizer": tokenizer, "keep": True, **settings}
        return encodings.encode(FORMATS[form], rows, max_length=length, **settings)

    return run


@pytest.fixture
def rows(make_rows) -> Callable[..., Any]:
    """Rows of any format as a data set."""

    def make(form: str, **settings: Any) -> Any:
        if form == "bitext":
            text = make_rows("text", **settings)
            return dataset(form, [{"id": i, "side": "source", "sentence": t, "mate": ""} for i, t in zip(
                text["id"], text["text"], strict=True)])  # fmt: skip
        columns = make_rows(form, **settings)
        return dataset(
            form, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        )

    return make


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def assert_same(features: Any, others: Any) -> None:
    assert len(features) == len(others) > 0
    for feature, other in zip(features, others, strict=True):
        assert type(feature) is type(other)
        for field in fields(feature):
            if field.name != "segmenter":
                assert same(getattr(feature, field.name), getattr(other, field.name)), field.name


@pytest.fixture
def reads_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, encoding anything is an error."""

    def forbid() -> None:
        for form in FORMATS.values():
            monkeypatch.setattr(type(form), "encode", lambda *_: pytest.fail("it was encoded again"))

    return forbid


@pytest.mark.parametrize("form", KEPT)
def test_what_is_read_is_what_was_encoded_to_the_bit(form, encode, rows, folder, reads_only):
    given = rows(form, n=40, lengths=(3, 4, 40))
    plain = encode(form, given, keep=False)
    assert not folder.exists()
    assert_same(encode(form, given), plain)
    assert len(list(folder.iterdir())) == 1
    reads_only()
    assert_same(encode(form, given), plain)


def test_every_format_but_ranking_is_kept():
    assert set(FORMATS) - set(KEPT) <= {"ranking"}


def test_only_what_decides_the_features_is_in_the_name(encode, rows, folder, tokenizer, scripts_tokenizer):
    given = rows("pair", n=20)
    encode("pair", given)
    [entry] = folder.iterdir()
    renamed = given.remove_columns("id").add_column("id", [f"other-{i}" for i in range(20)])
    encode("pair", renamed)
    encode("pair", given.select(range(20)))
    encode("pair", given.flatten_indices())
    assert list(folder.iterdir()) == [entry]

    def adds(**changes: Any) -> bool:
        before = set(folder.iterdir())
        encode("pair", **{"rows": given, **changes})
        return len(set(folder.iterdir()) - before) == 1

    assert adds(length=15)
    assert adds(labels=("yes", "no", "maybe"))
    assert adds(rows=given.select(range(19)))
    assert adds(rows=given.select(range(19, -1, -1)))
    assert adds(tokenizer=scripts_tokenizer)
    assert not adds()


def test_a_version_makes_what_was_kept_void(encode, rows, folder, monkeypatch):
    given = rows("tags")
    encode("tags", given)
    monkeypatch.setattr(FORMATS["tags"], "version", FORMATS["tags"].version + 1, raising=False)
    encode("tags", given)
    assert len(list(folder.iterdir())) == 2


# What each version of a format makes of the same rows. Where this fails, raise the version of the format and
# add a line: what was kept of the old features is void.
MADE = {
    ("pair", 2): "7c24ca697fe33050",
    ("choice", 2): "9688b574a9f763cf",
    ("tags", 2): "8833335f5c6e2d1f",
    ("span", 2): "eaeffd65b6d6c91b",
    ("bitext", 2): "46993411eae4aed8",
    ("text", 2): "6105e3fb9e1e6c6b",
}


@pytest.mark.parametrize("form", KEPT)
def test_other_features_are_another_version(form, encode, rows):
    features = encode(form, rows(form, n=30, lengths=(3, 4, 40)), keep=False)
    arrays = encodings._packed(FORMATS[form], features)
    assert encodings._checksum(Path("made"), arrays)[:16] == MADE[form, FORMATS[form].version]


def test_a_trimmed_vocabulary_and_added_tokens_count(rows, folder):
    import copy

    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2, "w1": 3}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    own = PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", pad_token="</s>", cls_token="<s>"
    )
    keys = [encodings._tokenizer(own)]
    own.trimmed = np.array([0, 1, 2, 2])
    keys.append(encodings._tokenizer(own))
    more = copy.deepcopy(own)
    more.add_tokens(["w2"])
    keys.append(encodings._tokenizer(more))
    own.add_tokens(["w2"])
    keys.append(encodings._tokenizer(own))
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "another"])
def test_a_damaged_entry_is_made_again(damage, encode, rows, folder):
    given = rows("span", n=30)
    plain = encode("span", given)
    [entry] = folder.iterdir()
    whole = entry.read_bytes()
    if damage == "another":
        encode("tags", rows("tags"))
        [other] = set(folder.iterdir()) - {entry}
        entry.write_bytes(other.read_bytes())
    else:
        spoilt = {"cut": whole[:-7], "flipped": whole[:-3] + b"\xff\xff\xff", "emptied": b""}
        entry.write_bytes(spoilt[damage])
    assert_same(encode("span", given), plain)
    assert entry.read_bytes() == whole


def test_small_sets_are_not_kept(encode, rows, folder, monkeypatch):
    given = rows("pair", n=20)
    assert not encodings.worthwhile(FORMATS["pair"], given)
    encode("pair", given, keep=None)
    assert not folder.exists()
    monkeypatch.setattr(encodings, "LEAST", given.data.select(["first", "second", "label"]).nbytes)
    assert encodings.worthwhile(FORMATS["pair"], given)
    assert not encodings.worthwhile(FORMATS["pair"], given.select(range(5)))
    assert not encodings.worthwhile(FORMATS["pair"], given.select([0, 3, 5]))
    encode("pair", given, keep=None)
    assert len(list(folder.iterdir())) == 1


def test_the_oldest_entries_make_room(encode, rows, folder, monkeypatch):
    import os

    sets = [rows("pair", n=20, seed=seed) for seed in range(3)]
    for age, given in enumerate(sets[:2]):
        encode("pair", given)
        newest = max(folder.iterdir(), key=lambda entry: entry.stat().st_mtime)
        os.utime(newest, (1000 + age, 1000 + age))
    first = min(folder.iterdir(), key=lambda entry: entry.stat().st_mtime)
    encode("pair", sets[0])  # read, so that it is the newest now
    monkeypatch.setattr(encodings, "MOST", 2.5 * first.stat().st_size)
    encode("pair", sets[2])
    assert len(list(folder.iterdir())) == 2
    assert first.exists()


def test_a_folder_that_cannot_be_written_costs_nothing(encode, rows, folder):
    folder.write_text("a file where a folder should be")
    assert_same(encode("pair", rows("pair")), encode("pair", rows("pair"), keep=False))


def test_training_and_evaluation_read_what_was_kept(
    rows, tokenizer, make_model, folder, monkeypatch, reads_only, labels_of
):
    """Through the two functions that the notebooks call, and with the same predictions."""
    monkeypatch.setattr(encodings, "LEAST", 1)
    settings = TrainSettings(steps=1, max_length=32)
    parts = {code: rows("pair", n=12, seed=seed) for seed, code in enumerate(("en", "de"))}
    form, labels, model = FORMATS["pair"], labels_of["pair"], make_model()
    torch.manual_seed(0)
    head = form.head(16, labels, settings, model)

    def both() -> tuple[Any, Any]:
        read = Ingredient.read(task("mnli"), parts["en"], tokenizer, settings, labels)
        return read, evaluate.predict_languages(model, head, parts, form, tokenizer, labels, settings)

    plain, predicted = both()
    assert len(list(folder.iterdir())) == 2
    reads_only()
    again, predicted_again = both()
    assert_same(again.features, plain.features)
    assert predicted_again == predicted
