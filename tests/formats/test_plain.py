"""Texts as SentencePiece reads them: normalised, special tokens spelt out, offsets into the text itself."""

from __future__ import annotations

import io
import random
import unicodedata

import numpy as np
import pytest
from xlmr import load_tokenizer

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS, Segmenter
from xstilts_lib.formats.plain import reader
from xstilts_lib.formats.span import Span

LINES = (
    "Chiếc cầu cũ ở gần dòng sông, tiếng nước rất êm.",
    "Afárá àtijọ́ náà wà nítòsí odò ńlá, ó sì gùn ún.",
    "Η παλιά γέφυρα στέκεται κοντά στο ποτάμι.",
    "Старый мост стоит у большой реки, ещё крепкий.",
    "पुराना पुल बड़ी नदी के पास खड़ा है।",
    "பழைய பாலம் பெரிய ஆற்றின் அருகில் உள்ளது.",
    "పాత వంతెన పెద్ద నది దగ్గర ఉంది.",
    "สะพานเก่าอยู่ใกล้แม่น้ำใหญ่",
    "오래된 다리는 큰 강 가까이에 있다.",
    "古い橋は大きな川のそばにある。ガード",
    "旧桥位于大河附近。",
    "الجسر القديم قريب من النهر الكبير.",
    "پرانا پل بڑے دریا کے پاس ہے۔",
    "הגשר הישן עומד ליד הנהר הגדול.",
    "The old bridge stands near the river: <, s, >, /, pad.",
    "Eski köprü büyük nehrin yanında duruyor, güçlü.",
)
ODD = (
    "<s> river </s> <pad><mask> <unk>x",
    "a</s>b",
    "river\u200bbank \ufeffold \u00adso-\u00adft\u200e",
    "tab\there\r\nand  two   spaces ",
    "Ｆｕｌｌ　ｗｉｄｔｈ ﬁne ㎏ ½ …",
    "👩\u200d👩\u200d👧 family 🌊",
    "q\u0323\u0301\u0302 e\u0323\u0301 ▁under ▁▁",
    "a\x00b\x85c",
    "",
    "  ",
)
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
LITERALS = ("<s>", "</s>", "<pad>", "<mask>", "<unk>")


@pytest.fixture(scope="module")
def model():
    """A small SentencePiece model, normalised as XLM-R's: (as it is written, its processor)."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*LINES, *("bridge river stands old" for _ in range(30))]),
        model_writer=written,
        vocab_size=400,
        model_type="unigram",
        normalization_rule_name="nmt_nfkc",
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return written.getvalue(), sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())


@pytest.fixture(scope="module")
def tokenizer_of_model(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    (folder / "small.model").write_bytes(model[0])
    return load_tokenizer(folder, folder / "cache")


@pytest.fixture(scope="module")
def expected(model):
    """The ids that XLM-R gives to SentencePiece's: one more each, and 3 for the unknown piece."""
    return lambda texts: [[i + 1 if i else 3 for i in ids] for ids in model[1].encode(list(texts))]


@pytest.mark.parametrize("form", [None, *FORMS])
def test_pieces_are_sentencepiece_s_own(tokenizer_of_model, expected, form):
    texts = [unicodedata.normalize(form, text) if form else text for text in (*LINES, *ODD)]
    assert [ids.tolist() for ids in Segmenter(tokenizer_of_model).pieces(texts).views()] == expected(texts)
    assert reader(tokenizer_of_model).ids_and_offsets(texts)[0] == expected(texts)


def test_words_in_decomposed_spelling_keep_every_mark(tokenizer_of_model):
    segmenter = Segmenter(tokenizer_of_model)
    words = [word for line in LINES for word in line.split()]
    assert words != [unicodedata.normalize("NFD", word) for word in words]
    apart = segmenter.pieces([unicodedata.normalize("NFD", word) for word in words]).views()
    for word, composed, decomposed in zip(words, segmenter.pieces(words).views(), apart, strict=True):
        assert composed.tolist() == decomposed.tolist(), word


def test_drawn_strings_are_read_as_sentencepiece_reads_them(tokenizer_of_model, expected):
    draw = random.Random(0)
    characters = [*"".join(LINES), *map(chr, range(0x300, 0x330)), *ODD[2], *ODD[4], *LITERALS, *(" " * 40)]
    texts = ["".join(draw.choices(characters, k=draw.randrange(1, 20))) for _ in range(3000)]
    assert reader(tokenizer_of_model).ids(texts) == expected(texts)


def test_written_and_loaded_again_it_reads_the_same(tokenizer_of_model, expected, tmp_path):
    tokenizer_of_model.save_pretrained(tmp_path)
    texts = [unicodedata.normalize("NFD", text) for text in (*LINES, *ODD)]
    for again in (load_tokenizer(tmp_path, tmp_path), _opened(tmp_path)):
        assert reader(again).ids(texts) == expected(texts)


def _opened(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_pieces_without_a_normaliser_get_xlm_r_s(model, tokenizer_of_model, expected):
    from transformers import XLMRobertaTokenizer

    pieces = [(model[1].id_to_piece(i), model[1].get_score(i)) for i in range(3, len(model[1]))]
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    bare = XLMRobertaTokenizer(vocab=[*special, *pieces, ("<mask>", 0.0)])
    assert bare.backend_tokenizer.normalizer is None
    texts = [unicodedata.normalize("NFD", text) for text in (*LINES, *ODD)]
    assert reader(bare).ids(texts) == expected(texts)


def test_pieces_that_make_no_model_are_refused():
    from transformers import XLMRobertaTokenizer

    with pytest.raises(UserError, match="pieces make no SentencePiece model"):
        reader(XLMRobertaTokenizer())  # of special tokens alone


def test_tokens_added_later_are_read_as_themselves(model, expected, tmp_path):
    (tmp_path / "small.model").write_bytes(model[0])
    tokenizer = load_tokenizer(tmp_path, tmp_path / "cache")
    reader(tokenizer)
    tokenizer.add_tokens(["[river]"])
    (ids,) = reader(tokenizer).ids(["old [river]"])
    assert ids[-1] == len(tokenizer) - 1
    assert reader(tokenizer).ids(LINES) == expected(LINES)


@pytest.mark.parametrize("name", ["tokenizer", "scripts_tokenizer", "tokenizer_of_model"])
def test_special_tokens_written_out_are_text(name, request):
    tokenizer = request.getfixturevalue(name)
    segmenter = Segmenter(tokenizer)
    borders = set(segmenter.special.tolist()) - {segmenter.unknown}
    for text in (*LITERALS, " ".join(LITERALS), "w1 </s> w2", "w1</s>w2"):
        for pieces in (segmenter.pieces([text]), segmenter.pieces_and_offsets([text])[0]):
            assert not borders & set(pieces.flat.tolist()), text


def test_no_format_takes_a_border_from_a_text(tokenizer_of_model):
    """One special token or another stands only where the format has put it."""
    text = "the <s> old </s> bridge <mask>"
    rows = {
        "pair": {"first": [text], "second": [text], "label": [0]},
        "choice": {"prompt": [text], "choices": [[text, text]], "label": [0]},
        "tags": {"words": [text.split()], "tags": [["A"] * 6]},
        "span": {"context": [text], "question": [text], "answers": [{"text": ["old"], "start": [8]}]},
        "bitext": {"sentence": [text]},
        "text": {"text": [text], "pair": [text]},
    }
    segmenter = Segmenter(tokenizer_of_model)
    frames = {"tags": segmenter.single, "bitext": segmenter.single}
    for name, columns in rows.items():
        for feature in FORMATS[name].encode(columns, tokenizer_of_model, ("A",), 128):
            for ids in feature.sequences:
                found = [i for i in ids.tolist() if i in segmenter.special and i != segmenter.unknown]
                assert found == np.concatenate(frames.get(name, segmenter.pair)).tolist(), name


@pytest.mark.parametrize("name", ["tokenizer", "scripts_tokenizer", "tokenizer_of_model"])
def test_half_a_character_is_refused(name, request):
    segmenter = Segmenter(request.getfixturevalue(name))
    for read in (segmenter.pieces, segmenter.pieces_and_offsets):
        with pytest.raises(UserError, match=r"'an \\ud83d answer' holds half a character \(U\+D83D"):
            read(["whole", "an \ud83d answer"])


ANSWERS = {
    "decomposed": ("tiê\u0301ng nươ\u0301c", "Gâ\u0300n tiê\u0301ng nươ\u0301c râ\u0301t êm"),
    "decomposed Hangul": (
        unicodedata.normalize("NFD", "다리는"),
        unicodedata.normalize("NFD", "큰 다리는 강"),
    ),
    "one character that becomes several": ("㎏", "old ㎏ river"),
    "several that become one": ("ｶﾞｰﾄﾞ", "橋 ｶﾞｰﾄﾞ 川"),
    "around what becomes nothing": ("bri\x01dge", "old bri\x01dge stands"),
    "beyond the basic plane": ("🌊", "the 🌊 and"),
    "full width": ("ｂｒｉｄｇｅ", "ｏｌｄ　ｂｒｉｄｇｅ　ｎｅａｒ"),
    "a special token": ("</s>", "the </s> token"),
    "a zero-width space at its end": ("river\u200b", "the old river\u200b stands"),
    "two at the end of the context": ("river\u200b\u200e", "the old river\u200b\u200e"),
    "one at its start": ("\u200briver", "the old \u200briver stands"),
    "one in a context without any other space": ("river\u200b", "river\u200b"),
    "none, and a byte order mark before it": ("river", "\ufeffriver stands"),
    "none, and a zero-width space after a space": ("river", "old river \u200b stands"),
    "none, and one inside the word": ("river", "old river\u200bbank stands"),
    "none, and a soft hyphen, which is a piece": ("old", "the old\u00ad river"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_are_recovered_through_offsets(tokenizer_of_model, case):
    answer, context = ANSWERS[case]
    start = context.index(answer)
    rows = {"context": [context], "question": ["?"], "answers": [{"text": [answer], "start": [start]}]}
    (feature,) = FORMATS["span"].encode(rows, tokenizer_of_model, (), 128)
    first, last = (int(place) - feature.lead for place in (feature.start, feature.end))
    assert first >= 0
    span = Span(int(feature.offsets[first, 0]), int(feature.offsets[last, 1]), 1.0, 0.0)
    assert FORMATS["span"].decode(rows, [feature], [span], ()) == [answer]


def test_offsets_run_forward_and_hold_no_space(tokenizer_of_model):
    texts = [unicodedata.normalize(form, text) for form in FORMS for text in (*LINES, *ODD)]
    pieces, offsets = Segmenter(tokenizer_of_model).pieces_and_offsets(texts)
    for text, start, length in zip(texts, pieces.starts, pieces.lengths, strict=True):
        own = offsets[start : start + length]
        assert (np.diff(own, axis=0) >= 0).all()
        parts = [text[begin:end] for begin, end in own]
        assert all(part == part.strip() for part in parts)
        letters = {place for begin, end in own for place in range(begin, end)}
        assert letters >= {place for place, character in enumerate(text) if character.isalnum()}
