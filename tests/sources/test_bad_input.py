"""Every kind of bad input ends in one sentence that names the file and the place."""

from __future__ import annotations

import json

import pytest
from made_up import BRIDGE, FILES, paragraph, squad_json

from xstilts_lib.common.errors import UserError

HTML = "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
TWICE = squad_json([paragraph(BRIDGE, ("q1", "When?", "1901", 24), ("q1", "Who?", "the town", 32))])
ELSEWHERE = squad_json([paragraph(BRIDGE, ("q1", "When?", "1902", 24))])
COPA = '{"premise": "a", "question": "%s", "choice1": "b", "choice2": "c", "idx": 0, "label": %s}\n'

# What a load asks for, and the file that is bad: (task, split, language, file).
LOADS = {
    "xquad": ("xquad", "test", "de", "xquad/xquad.de.json"),
    "squad": ("squad_v1", "train", "en", "squad/train-v1.1.json"),
    "squad2": ("squad_v2", "dev", "en", "squad/dev-v2.0.json"),
    "pos": ("udpos", "test", "de", "udpos/test-de.tsv"),
    "ud": ("ud", "test", "de", "ud/UD_German-X/de_x-ud-test.conllu"),
    "panx": ("panx", "dev", "sw", "panx/sw/dev"),
    "tatoeba": ("tatoeba", "test", "de", "tatoeba/tatoeba.deu-eng.eng"),
    "bucc": ("bucc2018", "dev", "zh", "bucc2018/zh-en.dev.zh"),
    "gold": ("bucc2018", "dev", "zh", "bucc2018/zh-en.dev.gold"),
    "xnli": ("xnli", "dev", "en", "xnli/dev-en.tsv"),
    "mnli": ("mnli", "train", "en", "mnli/train.tsv"),
    "copa": ("copa", "train", "en", "xcopa/train-en.jsonl"),
    "csqa": ("commonsenseqa", "dev", "en", "commonsenseqa/dev_rand_split.jsonl"),
    "siqa": ("socialiqa", "dev", "en", "socialiqa/socialIQa_v1.4_dev.jsonl"),
    "cosmos": ("cosmosqa", "dev", "en", "cosmosqa/valid.csv"),
    "swag": ("hellaswag", "dev", "en", "hellaswag/hellaswag_val.jsonl"),
    "hellaswag": ("hellaswag", "dev", "en", "hellaswag/hellaswag_val_full.txt"),
}
SWAG = '{"ind": 1, "ctx_a": "a", "ctx_b": "b", "endings": %s, "label": 0}'
CSQA = json.dumps(
    {
        "id": "1",
        "question": {
            "stem": "q",
            "choices": [{"label": a, "text": b} for a, b in zip("ABCDE", "vwxyz", strict=True)],
        },
        "answerKey": "KEY",
    }
).replace('"KEY"', "%s")
SIQA = '{"context": "a", "question": "b", "answerA": "c", "answerB": "d", "answerC": "e", "correct": "D"}'
COSMOS = "id,context,question,answer0,answer1,answer2,answer3,label\n"
V2 = '{"data": [{"paragraphs": [{"context": "c", "qas": [{"id": "1", "question": "q", %s}]}]}]}'
ANSWER = '"answers": [{"text": "c", "answer_start": %s}]'
NO_START = [{"context": "c", "qas": [{"id": "1", "question": "q", "answers": [{"text": "c"}]}]}]
MIXED = "Es\tPRON\nÖl\tNOUN\n".encode() + "Öl\tNOUN\n".encode("latin-1")

# (load, content, what the sentence says about it)
BAD = [
    # missing, empty, not data at all
    ("xquad", None, r"lacks xquad/xquad\.de\.json, which xquad \(test, de\) needs"),
    ("xquad", "", r"xquad\.de\.json is empty"),
    ("pos", " \n\n", r"test-de\.tsv is empty"),
    ("xquad", HTML, r"xquad\.de\.json is an HTML page"),
    ("pos", "\n" + HTML.lower(), "is an HTML page"),
    ("tatoeba", HTML, "is an HTML page"),
    ("squad", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ("pos", "Es\tPRON\n".encode("utf-16"), "not UTF-8"),
    ("pos", b"\x00\x01\x02\x03binary", "not UTF-8"),
    ("pos", MIXED, r"test-de\.tsv, line 3: the byte 0xd6 is not UTF-8: the file mixes encodings"),
    # JSON
    (
        "squad",
        FILES["squad/train-v1.1.json"][:-30],
        r"v1\.1\.json, line 1: the JSON ends too early: the file was cut",
    ),
    ("squad", '{\n"data": [\n{]}', "line 3, column 2: this is not JSON"),
    ("squad", "[1, 2]", "is not SQuAD JSON: it has no list 'data'"),
    ("squad", '{"data": [{"title": "x"}]}', "article 1: the list 'paragraphs' is missing"),
    (
        "squad",
        squad_json([{"context": 3, "qas": []}]),
        "article 1, paragraph 1: 'context' is the number 3, where a text belongs",
    ),
    (
        "squad",
        squad_json([{"context": "c", "qas": [{"id": "1"}]}]),
        "question 1: the text 'question' is missing",
    ),
    ("squad", squad_json(NO_START), "question 1: the number 'answer_start' is missing"),
    ("squad", squad_json([]), "holds no example of squad_v1"),
    # of a wrong type, and said to be so
    (
        "squad",
        V2 % (ANSWER % '"0"'),
        "question 1: 'answer_start' is the text \"0\", where a whole number belongs",
    ),
    ("squad", V2 % (ANSWER % "0.5"), "'answer_start' is the number 0.5, where a whole number belongs"),
    ("squad", V2 % (ANSWER % "true"), "'answer_start' is the truth value true, where a whole number belongs"),
    ("squad", V2 % '"answers": {"text": ["c"]}', "'answers' is the object .*, where a list belongs"),
    ("squad", V2 % '"answers": ["c"]', "an object with the text 'text' belongs here, not the text \"c\""),
    *(
        ("squad2", V2 % f'{ANSWER % 0}, "is_impossible": {value}', f"'is_impossible' is the {kind}")
        for value, kind in (
            ('"false"', "text"),
            ('"true"', "text"),
            ("1", "number 1, where a truth"),
            ("0", "n"),
        )
    ),
    (
        "squad2",
        V2 % f'{ANSWER % 0}, "is_impossible": true',
        "'is_impossible' is true, and yet there is an answer",
    ),
    ("csqa", CSQA % "0", "unknown label 0: it must be one of A, B"),
    ("csqa", CSQA % "false", "unknown label False"),
    ("siqa", SIQA.replace('"D"', "1"), "unknown label 1"),
    ("csqa", (CSQA % '"A"').replace('"v"', "7"), "'text' is the number 7, where a text belongs"),
    ("copa", COPA.replace('"idx": 0, ', "") % ("cause", 0), "line 1: the number 'idx' is missing"),
    ("swag", SWAG % "[1, 2, 3, 4]", "line 1: 'choices' holds 1, where a text belongs"),
    # half of a character
    (
        "squad",
        V2.replace('"c"', '"c \\ud83d"') % (ANSWER % 0),
        r"question 1: 'context' holds half of a character",
    ),
    (
        "squad",
        V2.replace('"q"', '"\\ude00 q"') % (ANSWER % 0),
        r"'question' holds .*\\ude00.* at character 0",
    ),
    (
        "copa",
        COPA.replace('"b"', '"b \\ud83d"') % ("cause", 0),
        "line 1: 'choices' holds half of a character",
    ),
    ("csqa", (CSQA % '"A"').replace('"v"', '"\\ud83d"'), "line 1: 'choices' holds half of a character"),
    # cut short, or not
    (
        "copa",
        COPA % ("cause", 0) + '{"premise": "a\n' + COPA % ("cause", 0),
        "line 2: the JSON ends too early: lines",
    ),
    ("cosmos", COSMOS + '1,"a" b,c,d,e,f,g,0\n', r"line 2: this is not CSV \(.*must be doubled\)"),
    (
        "cosmos",
        COSMOS + '1,a,c,d,e,f,g,0\n2,"b,c\nd\n',
        "line 3: this is not CSV .*no closing quotation mark",
    ),
    ("xnli", '"a ""b"""\tc\tneutral\n"d" e\tf\tneutral\n', r"line 2: this is not CSV \(.*must be doubled\)"),
    ("hellaswag", "a: b\n1\nc\nd\ne\nf\na: b\nc\nd\ne\nf\ng\n", "line 8: the label must be 0 to 3, not 'c'"),
    ("csqa", '{"id": "1"}\n{"id": \n', r"jsonl, line 1: the object 'question' is missing"),
    ("copa", COPA % ("cause", 0) + '{"premise": "a",\n', r"train-en\.jsonl, line 2: the JSON ends too early"),
    ("copa", "[]\n", "a JSON object was expected"),
    # columns
    ("pos", "Es\tPRON\nregnet\n", r"test-de\.tsv, line 2: 2 columns were expected .*1 found"),
    ("pos", "Es\tPRON\nregnet\t\n", r"test-de\.tsv, line 2: the tag is empty"),
    ("pos", "Es\tPRON\tx\n", "line 1: 2 columns were expected .*3 found"),
    ("xnli", "a\tb\tneutral\na\tb\tneutral\tx\n", r"dev-en\.tsv, line 2: 2 or 3 .*4 found"),
    ("bucc", "zh-1\ta\tb\n", r"zh-en\.dev\.zh, line 1: 2 tab-separated columns were expected, 3 found"),
    ("ud", "1\tEs\tes\tPRON\n", "line 1: 10 tab-separated columns were expected"),
    ("cosmos", "id,context,question\n1,2,3\n", "line 1: the header lacks 'answer0'"),
    ("cosmos", COSMOS + '1,"cut', "this is not CSV"),
    ("mnli", "sentence1\tsentence2\tgold_label\na\tb\n", r"train\.tsv, line 2: 3 .* expected, 2 found"),
    ("panx", "en:Msimbo\tB-LOC\n", "line 1: the word 'en:Msimbo' does not begin with sw:"),
    ("hellaswag", "a: b\n1\nc\nd\n", "the last item has 4 lines of 6"),
    # labels
    ("xnli", "a\tb\tneutrl\n", r"dev-en\.tsv, line 1: unknown label 'neutrl': did you mean 'neutral'"),
    ("pos", "Es\tPRON\n\nÖl\tNOUNS\n", r"test-de\.tsv, line 3: unknown tag 'NOUNS': did you mean 'NOUN'"),
    ("copa", COPA % ("cause", 2), "line 1: unknown label 2"),
    ("copa", COPA % ("causes", 0), "asks for 'cause' or 'effect', not for 'causes'"),
    ("siqa", SIQA, "unknown label 'D'"),
    ("hellaswag", "a: b\n4\nc\nd\ne\nf\n", "line 2: the label must be 0 to 3"),
    # ids, answers, pairs
    ("squad", TWICE, "question 2: the id 'q1' occurs twice"),
    ("squad", ELSEWHERE, "question 1: the answer '1902' is not in its context"),
    ("bucc", "zh-1\ta\nzh-1\tb\n", "the id 'zh-1' occurs twice"),
    ("gold", "zh-1\ten-9\n", "pairs 1 sentences"),
    ("tatoeba", "It rains.\n", "has 2 lines and tatoeba.deu-eng.eng has 1"),
]
BUCC = {
    "bucc2018/zh-en.dev.zh": "zh-1\ta\n",
    "bucc2018/zh-en.dev.en": "en-1\tb\n",
    "bucc2018/zh-en.dev.gold": "zh-1\ten-1\n",
}


@pytest.mark.parametrize(("load", "content", "message"), BAD)
def test_bad_files_are_refused_in_one_sentence(open_folder, tmp_path, load, content, message):
    task, split, language, file = LOADS[load]
    source = open_folder({**BUCC, file: content})
    with pytest.raises(UserError, match=message) as caught:
        source.load(task, split, language)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(tmp_path / "data") in sentence
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("task", "split", "language"),
    [
        ("squad_v1", "train", "en"),
        ("udpos", "train", "en"),
        ("tatoeba", "test", "de"),
        ("xnli", "dev", "en"),
        ("copa", "train", "en"),
        ("cosmosqa", "dev", "en"),
        ("bucc2018", "dev", "zh"),
    ],
)
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(open_folder, task, split, language):
    files = {
        **FILES,
        **BUCC,
        "xcopa/train-en.jsonl": COPA % ("cause", 0) + (COPA % ("effect", 1)).replace('"idx": 0', '"idx": 1'),
        "cosmosqa/valid.csv": COSMOS + '1,"He said ""no"", twice",Why,a,b,c,d,3\n',
    }
    as_published = open_folder(files).load(task, split, language)
    windows = {name: "\ufeff" + content.replace("\n", "\r\n") for name, content in files.items()}
    assert open_folder(windows).load(task, split, language)[:] == as_published[:]


def test_a_number_of_rows_that_was_not_published_is_refused(open_folder):
    with pytest.raises(
        UserError, match=r"holds 1 rows of xquad \(test, de\), where 1,190 were published.*counts: any"
    ):
        open_folder(counts="exact").load("xquad", "test", "de")


def test_labels_beside_must_be_as_many_as_rows(open_folder):
    files = {"xnli/test-en.tsv": "a\tb\nc\td\n", "xnli/xnli_test_labels.txt": "neutral\n"}
    with pytest.raises(UserError, match=r"unknown label ''|has 1 labels, test-en\.tsv 2 rows"):
        open_folder(files).load("xnli", "test")
    without = {"xnli/test-en.tsv": "a\tb\nc\td\n"}
    source = open_folder(without | {"xnli/xnli_test_labels.txt": None})
    assert source.load("xnli", "test")["label"][:] == [-1, -1]
    assert source.reports["xnli", "test", "en"].unlabelled == 2


def test_tasks_splits_and_languages_that_do_not_exist(open_folder):
    source = open_folder()
    with pytest.raises(UserError, match="There is no task 'xqad': did you mean 'xquad'"):
        source.load("xqad", "test")
    with pytest.raises(UserError, match="There is no split 'tset'"):
        source.load("xquad", "tset")
    with pytest.raises(UserError, match="xquad has no split 'dev'"):
        source.load("xquad", "dev")
