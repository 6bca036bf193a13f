"""Every shared set of real data: read, counted, encoded with XLM-R's tokenizer. Skipped where absent."""

from __future__ import annotations

import json

import pytest
from made_up import paragraph
from xlmr import load_tokenizer

from xstilts_lib.sources import open_source
from xstilts_lib.sources.files.layouts import LAYOUTS
from xstilts_lib.tasks import TASKS

# (task, split) -> {language: rows} of the sets that are shared; None stands for what the table of tasks says.
SHARED = {
    "squad_v1": {"train": 87_599, "dev": 10_570},
    "squad_v2": {"dev": 11_873},
    "snli": {"train": 1_666, "dev": 200, "test": 400},
    "snli_revised": {"train": 8_330, "dev": 1_000, "test": 2_000},
    "anli": {"dev": 3_198},
    "qqp": {"dev": 10_000},
    "hellaswag": {"dev": 10_042},
    "cosmosqa": {"dev": 2_985},
    "commonsenseqa": {"train": 9_741, "dev": 1_221, "test": 1_140},
    "socialiqa": {"dev": 1_954},
    "copa": {"train": 400, "dev": 100},
    "xnli": {"dev": 2_490, "test": 5_010},
    "pawsx": {"dev": 2_000, "test": 2_000},
    "panx": {"train": 20_000},
    "udpos": {"train": 21_253, "dev": 3_974},
    "xquad": {"test": 1_190},
    "mlqa": {},
    "tydiqa": {},
    "tatoeba": {},
    "bucc2018": {"dev": 257},
    "xcopa": {"dev": 100, "test": 500},
    "lareqa": {"test": 1_190},
    "ud": {},
}
LANGUAGES = {
    "xnli": {"dev": 15, "test": 5},
    "pawsx": {"dev": 7, "test": 3},
    "panx": {"train": 1, "dev": 14},
    "udpos": {"train": 1, "dev": 1, "test": 15},
    "xquad": {"test": 8},
    "mlqa": {"dev": 7},
    "tydiqa": {"train": 3, "test": 3},
    "tatoeba": {"test": 15},
    "bucc2018": {"dev": 1},
    "xcopa": {"dev": 11, "test": 11},
    "lareqa": {"test": 4},
    "ud": {"train": 1, "dev": 4, "test": 5},
}
SIZES_STATED = {"mlqa", "tydiqa", "tatoeba", "panx", "udpos"}


@pytest.mark.slow
@pytest.mark.parametrize("task", SHARED)
def test_every_shared_set_is_as_it_was_published(real, task):
    counts = LANGUAGES.get(task, dict.fromkeys(SHARED[task], 1))
    found = {split: real.held(task, split) for split in LAYOUTS[task]}
    assert {split: len(codes) for split, codes in found.items() if codes} == counts
    for split, codes in found.items():
        for language in codes:
            rows = real.load(task, split, language)
            report = real.reports[task, split, language]
            assert report.rows == SHARED[task].get(split, report.expected) or task == "ud"
            assert report.expected == report.rows or task == "ud"
            assert len(set(rows["id"])) == rows.num_rows
            if TASKS[task].format == "pair" and task != "pawsx":
                assert set(rows["label"]) == set(range(len(TASKS[task].labels)))
            assert report.repaired == (83 if task == "qqp" else 0)


@pytest.mark.slow
def test_parallel_sets_have_the_same_ids_and_labels(real):
    for task, split in (("xnli", "dev"), ("pawsx", "test"), ("xquad", "test"), ("xcopa", "test")):
        codes = real.held(task, split)
        ids = [real.load(task, split, code)["id"][:] for code in codes]
        assert all(other == ids[0] for other in ids), task
    labels = [real.load("xnli", "test", code)["label"][:] for code in real.held("xnli", "test")]
    assert all(other == labels[0] for other in labels)


@pytest.mark.slow
def test_offsets_that_a_strip_shifted_are_all_repaired(real, make_folder, tmp_path):
    """Hub copies of XQuAD strip the context and keep the offset; the answers come out right again."""
    rows = real.load("xquad", "test", "zh")
    stripped = [
        paragraph(
            row["context"].strip().strip("\ufeff"),
            (row["id"], row["question"], row["answers"]["text"][0], row["answers"]["start"][0]),
        )
        for row in rows
    ]
    folder = make_folder({"xquad/xquad.zh.json": json.dumps({"data": [{"paragraphs": stripped}]})})
    source = open_source({"kind": "files", "folder": str(folder), "cache": str(tmp_path)})
    repaired = source.load("xquad", "test", "zh")
    assert source.reports["xquad", "test", "zh"].repaired > 0
    for before, after in zip(rows, repaired, strict=True):
        start, text = after["answers"]["start"][0], after["answers"]["text"][0]
        assert after["context"][start : start + len(text)] == text == before["answers"]["text"][0]


@pytest.fixture(scope="module")
def xlmr(real, tmp_path_factory):
    return load_tokenizer(real.folder.set("xlmr_tokenizer"), tmp_path_factory.mktemp("tokenizer"))


@pytest.mark.slow
def test_the_tokenizer_gives_the_published_ids(xlmr):
    assert xlmr.is_fast
    assert xlmr("Hello world!")["input_ids"] == [0, 35378, 8999, 38, 2]
    assert len(xlmr) == 250_002


# Arabic, Devanagari, Thai, Han, Japanese, Latin, Cyrillic, Tamil.
SCRIPTS = ("ar", "hi", "th", "zh", "en", "ru", "ur", "el")


@pytest.mark.slow
@pytest.mark.parametrize("language", SCRIPTS)
def test_tokens_cover_the_characters_of_every_script(real, xlmr, language):
    """Offsets run forward, and no letter is left out."""
    for text in real.load("xnli", "dev", language, limit=100)["first"]:
        covered = [False] * len(text)
        last = 0
        for start, end in xlmr(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]:
            assert start >= last or start == end
            last = max(last, start)
            covered[start:end] = [True] * (end - start)
        assert all(covered[i] for i, character in enumerate(text) if character.isalnum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "split", "language"),
    [("xquad", "test", code) for code in ("en", "ar", "zh", "ru", "vi")]
    + [("mlqa", "dev", "hi"), ("tydiqa", "train", "ko")],
)
def test_answers_survive_encoding(real, xlmr, task, split, language):
    """The tokens that an answer is mapped to cover it."""
    from xstilts_lib.formats import FORMATS

    rows = real.load(task, split, language, limit=100)
    features = FORMATS["span"].encode(rows, xlmr, (), 384)
    found = set()
    for feature in features:
        if feature.start == 0:
            continue
        row = rows[feature.row]
        text = row["answers"]["text"][0]
        first, last = (feature.offsets[place - feature.lead] for place in (feature.start, feature.end))
        start = row["answers"]["start"][0]
        assert first[0] <= start
        assert last[1] >= start + len(text.rstrip())
        found.add(feature.row)
    assert len(found) >= 0.97 * rows.num_rows


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ar", "hi", "ja", "zh", "ta", "ru"])
def test_every_word_keeps_its_tag(real, xlmr, language):
    from xstilts_lib.formats import FORMATS

    rows = real.load("udpos", "test", language, limit=100)
    labels = TASKS["udpos"].labels
    features = FORMATS["tags"].encode(rows, xlmr, labels, 128)
    tags = {number: [] for number in range(rows.num_rows)}
    for feature in features:
        assert len(feature.positions) == len(feature.labels)
        tags[feature.row] += [labels[label] for label in feature.labels]
    assert list(tags.values()) == list(rows["tags"])


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ar", "tr"])
def test_questions_and_candidate_answers_are_encoded(real, xlmr, language):
    from xstilts_lib.formats import FORMATS
    from xstilts_lib.formats.ranking import QUERY
    from xstilts_lib.tasks.settings import TrainSettings

    rows = real.load("lareqa", "test", language, limit=100)
    assert rows["side"].count("query") == 100
    features = FORMATS["ranking"].to_predict(rows, xlmr, (), TrainSettings(max_length=256), (0,))
    for row, feature in zip(rows, features, strict=True):
        ids = feature.sequences[0].tolist()
        if row["side"] == "query":
            assert ids == xlmr(row["text"], truncation=True, max_length=QUERY)["input_ids"]
            continue
        whole = xlmr(row["text"], row["context"])["input_ids"]
        assert ids == whole if len(whole) <= 256 else len(ids) == 256
    xlmr.backend_tokenizer.no_truncation()


@pytest.mark.slow
def test_squad_s_answers_stand_in_the_sentences_that_are_trained_on(real, xlmr):
    from xstilts_lib.formats import FORMATS
    from xstilts_lib.formats.ranking import _matched_spans

    rows = real.load("squad_v1", "train", limit=2_000)
    matched = _matched_spans(rows)
    whole = sum(rows[row]["answers"]["text"][0] in sentence for row, _, (sentence, _) in matched)
    assert len(matched) >= 0.999 * rows.num_rows
    assert whole >= 0.99 * len(matched), "few answers reach over the end of a sentence"
    features = FORMATS["ranking"].encode(rows.select(range(50)), xlmr, (), 256)
    assert all(len(query) <= 96 and len(answer) <= 256 for query, answer in (f.sequences for f in features))
