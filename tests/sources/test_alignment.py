"""Words to sub-tokens, and characters to tokens, on real text in six scripts with XLM-R's own tokenizer."""

from __future__ import annotations

import random
import tarfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from xlmr import load_tokenizer

from xstilts_lib.formats import FORMATS, Segmenter
from xstilts_lib.formats.plain import reader
from xstilts_lib.formats.span import Span
from xstilts_lib.sources import open_source
from xstilts_lib.sources.files import FilesSource

# Latin, Arabic, Devanagari, Thai, Han, Japanese.
SCRIPTS = ("en", "ar", "hi", "th", "zh", "ja")
LINES = 60  # of each


@pytest.fixture(scope="module")
def read(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> FilesSource:
    cache = tmp_path_factory.mktemp("cache")
    return open_source({"kind": "files", "folder": str(shared), "cache": str(cache)})  # type: ignore[return-value]


@pytest.fixture(scope="module")
def xlmr(read: FilesSource, tmp_path_factory: pytest.TempPathFactory):
    folder = read.folder.set("xlmr_tokenizer")
    assert folder is not None
    return load_tokenizer(folder, tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def ntrex(read: FilesSource) -> dict[str, list[str]]:
    """News sentences by NTREX's code for their language."""
    paths = read.folder.find_all("ntrex/newstest2019-*.txt")
    return {path.name.split(".")[1]: path.read_text(encoding="utf-8").split("\n")[:-1] for path in paths}


@pytest.fixture(scope="module")
def lines(read: FilesSource, ntrex: dict[str, list[str]]) -> dict[str, list[str]]:
    """Sentences of XNLI; of Japanese, which it lacks, of NTREX."""
    others = [code for code in SCRIPTS if code != "ja"]
    found = {code: read.load("xnli", "dev", code, limit=LINES)["first"][:] for code in others}
    return {**found, "ja": ntrex["jpn"][:LINES]}


@pytest.fixture(scope="module")
def processor(shared: Path, tmp_path_factory: pytest.TempPathFactory):
    """SentencePiece itself, over the same model."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("model")
    with tarfile.open(shared / "xlmr_tokenizer.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    [model] = folder.rglob("*.model")
    return sentencepiece.SentencePieceProcessor(model_file=str(model))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["as it is", "NFC", "NFD", "NFKC", "NFKD"])
def test_every_line_has_sentencepiece_s_own_pieces(ntrex, xlmr, processor, form):
    """In 24 languages and 15 scripts, composed and decomposed; some lines with every special token."""
    texts = [text for lines in ntrex.values() for text in lines[:500]]
    texts += [text.replace(" ", " <s></s><pad><mask><unk> ", 1) for text in texts[::50]]
    if form != "as it is":
        texts = [unicodedata.normalize(form, text) for text in texts]
    assert len(ntrex) >= 20
    assert len(texts) > 10_000
    expected = [[i + 1 if i else 3 for i in ids] for ids in processor.encode(texts)]
    assert reader(xlmr).ids(texts) == expected


@pytest.mark.slow
def test_an_oracle_of_tokens_reaches_answers_that_end_in_a_zero_width_space(read, xlmr):
    rows = read.load("mlqa", "dev", "es")
    ending = [row for row, answers in enumerate(rows["answers"]) if answers["text"][0].endswith("\u200b")]
    assert len(ending) == 10
    rows = rows.select(ending)
    form = FORMATS["span"]
    features = [feature for feature in form.encode(rows, xlmr, (), 384) if feature.end]
    offsets = [f.offsets[np.array([f.start, f.end]) - f.lead] for f in features]
    spans = [Span(int(own[0, 0]), int(own[1, 1]), 1.0, 0.0) for own in offsets]
    assert form.decode(rows, features, spans, ()) == [answers["text"][0] for answers in rows["answers"]]


def seen(text: str) -> str:
    """Letters and digits as the tokenizer sees them: compatibility forms apart, marks and spaces left out."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def words_of(text: str, code: str) -> list[str]:
    """Words between spaces; where there are none, letters with the marks that belong to them."""
    if code not in ("th", "zh", "ja"):
        return text.split()
    words: list[str] = []
    for character in text:
        if character.isspace():
            continue
        # A Thai vowel or tone mark above or below, and SARA AM, belongs to the letter before it.
        if words and (unicodedata.category(character).startswith("M") or character == "\u0e33"):
            words[-1] += character
        else:
            words.append(character)
    return words


@pytest.mark.slow
@pytest.mark.parametrize("code", SCRIPTS)
@pytest.mark.parametrize("length", [24, 256])
def test_a_word_s_first_piece_speaks_for_the_word(lines, xlmr, code, length):
    """The pieces from one position to the next spell that very word, in windows short and long."""
    words = [words_of(text, code) for text in lines[code]]
    tags = [["AB"[place % 2] for place in range(len(row))] for row in words]
    form = FORMATS["tags"]
    features = form.encode({"words": words, "tags": tags}, xlmr, ("A", "B"), length)
    told: list[list[str]] = [[] for _ in words]
    spelt = unknown = 0
    for feature in features:
        [ids] = feature.sequences
        assert ids[0] == xlmr.cls_token_id
        assert ids[-1] == xlmr.sep_token_id
        assert feature.positions[0] == 1
        assert len(ids) <= length
        row, done = words[feature.row], len(told[feature.row])
        borders = [*feature.positions.tolist(), len(ids) - 1]
        for word, begin, end in zip(row[done:], borders[:-1], borders[1:], strict=False):
            pieces = ids[begin:end].tolist()
            if xlmr.unk_token_id in pieces:
                unknown += 1
                continue
            spelt += 1
            assert seen(xlmr.decode(pieces)) == seen(word), word
        told[feature.row] += ["AB"[label] for label in feature.labels]
    assert told == tags
    assert spelt > 9 * unknown
    assert form.decode({"words": words}, features, [f.labels for f in features], ("A", "B")) == tags


@pytest.mark.slow
@pytest.mark.parametrize("code", SCRIPTS)
@pytest.mark.parametrize("length", [64, 384])
def test_an_answer_s_tokens_cover_it_and_no_token_more(lines, xlmr, code, length):
    """Answers at any letters of a text: drawn, since no set of questions is at hand in Thai or Japanese."""
    texts = lines[code]
    draw = random.Random(code)
    contexts, answers = [], []
    for first in range(0, len(texts), 4):
        context = " ".join(texts[first : first + 4])
        letters = [place for place, character in enumerate(context) if character.isalnum()]
        for _ in range(4):
            start = draw.randrange(len(letters) - 12)
            begin, end = letters[start], letters[start + draw.randrange(12)] + 1
            contexts.append(context)
            answers.append({"text": [context[begin:end]], "start": [begin]})
    rows = {"context": contexts, "question": [texts[0]] * len(contexts), "answers": answers}
    form = FORMATS["span"]
    features = form.encode(rows, xlmr, (), length)
    found: dict[int, tuple[int, int]] = {}
    for feature in features:
        if not feature.end:
            continue
        places = [feature.start - feature.lead, feature.end - feature.lead]
        start = answers[feature.row]["start"][0]
        end = start + len(answers[feature.row]["text"][0])
        first, last = (feature.offsets[place] for place in places)
        assert first[0] <= start < first[1]
        assert last[0] < end <= last[1]
        # The token before ends where the answer begins, or sooner; the one after begins where it ends.
        assert places[0] == 0 or feature.offsets[places[0] - 1][1] <= start
        assert places[1] + 1 == len(feature.offsets) or feature.offsets[places[1] + 1][0] >= end
        found[feature.row] = int(first[0]), int(last[1])
    assert set(found) == set(range(len(contexts)))
    # Cut out again, an answer is itself, with no more around it than its tokens hold.
    given = [Span(*found[f.row], 0.0, 0.0) for f in features]
    texts_of = form.decode(rows, features, given, ())
    golds = [answer["text"][0] for answer in answers]
    assert all(gold in text for gold, text in zip(golds, texts_of, strict=True))
    assert any(gold == text for gold, text in zip(golds, texts_of, strict=True))


@pytest.mark.slow
def test_thai_tokens_hold_the_characters_that_their_normal_form_takes_apart(xlmr):
    """SARA AM is one character, and two in the tokenizer's normal form: offsets count the one."""
    text = "น้ำทำให้ คำ"
    pieces, offsets = Segmenter(xlmr).pieces_and_offsets([text])
    assert pieces.lengths.tolist() == [len(offsets)]
    covered = np.zeros(len(text), dtype=bool)
    for start, end in offsets.tolist():
        assert start < end
        covered[start:end] = True
    assert [text[place] for place in np.flatnonzero(~covered)] == [" "]
    assert text[offsets[-1][0] : offsets[-1][1]] == "คำ"
    form = FORMATS["span"]
    rows = {"context": [text], "question": ["อะไร"], "answers": [{"text": ["คำ"], "start": [9]}]}
    [feature] = form.encode(rows, xlmr, (), 64)
    first, last = (feature.offsets[place - feature.lead] for place in (feature.start, feature.end))
    assert text[first[0] : last[1]] == "คำ"
