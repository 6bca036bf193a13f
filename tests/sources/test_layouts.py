"""The forms in which publishers give their sets, each with its traps."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from made_up import BRIDGE, paragraph, squad_json

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.checks import nearest_occurrence
from xstilts_lib.tasks import TASKS


def test_tydiqa_of_nine_languages_gives_english_alone(open_folder):
    names = ("english", "korean", "swahili", "telugu")
    mixed = squad_json([paragraph(BRIDGE, (f"{name}-17-0", "When?", "1901", 24)) for name in names])
    source = open_folder({"tydiqa/tydiqa-goldp-v1.1-train.json": mixed})
    assert source.load("tydiqa", "train")["id"][:] == ["english-17-0"]
    assert source.reports["tydiqa", "train", "en"].dropped == 3
    with pytest.raises(UserError, match="does not begin with a language of TyDiQA"):
        open_folder(
            {"tydiqa/tydiqa-goldp-v1.1-train.json": squad_json([paragraph(BRIDGE, ("17", "?", "1901", 24))])}
        ).load("tydiqa", "train")


def test_xtreme_s_tydiqa_repeats_ids(open_folder):
    twice = squad_json(
        [paragraph(BRIDGE, ("0", "When?", "1901", 24)), paragraph(BRIDGE, ("0", "Who?", "town", 36))]
    )
    rows = open_folder({"tydiqa/tydiqa.goldp.en.train.json": twice}).load("tydiqa", "train")
    assert rows["id"][:] == ["train-0", "train-1"]


def test_pawsx_with_quotes_keeps_its_rows(open_folder):
    quoted = '"He said ""no"" .\t twice"\t"""Yes"" ."\t1\nplain\tNS\t0\n'
    rows = open_folder({"pawsx/dev-de.tsv": quoted}).load("pawsx", "dev", "de")
    assert rows["first"][:] == ['He said "no" .\t twice', "plain"]
    assert rows["second"][:] == ['"Yes" .', "NS"]
    published = 'id\tsentence1\tsentence2\tlabel\n7\t"An open quote\tagain "so\t0\n8\tx\ty\t1\n'
    rows = open_folder({"pawsx/dev-de.tsv": None, "x-final/de/dev_2k.tsv": published}).load(
        "pawsx", "dev", "de"
    )
    assert rows["first"][:] == ['"An open quote', "x"]
    assert rows["id"][:] == ["dev-7", "dev-8"]


def test_panx_as_published_keeps_tokens_with_colons(open_folder):
    published = "sw:10:30\tO\nsw::\tO\nsw:Msimbo\tB-LOC\n\nsw:a\tI-PER\n"
    rows = open_folder({"panx/sw/dev": published}).load("panx", "dev", "sw")
    assert rows["words"][:] == [["10:30", ":", "Msimbo"], ["a"]]
    assert rows["tags"][1] == ["I-PER"]


def test_answers_move_to_the_nearest_occurrence_and_are_counted(open_folder):
    context = "1901 was a year. It was built in 1901. So was 1901 Street."
    shifted = squad_json([paragraph(context, ("a", "When?", "1901", 31), ("b", "When?", "1901", 33))])
    source = open_folder({"squad/train-v1.1.json": shifted})
    starts = [answers["start"] for answers in source.load("squad_v1", "train")["answers"]]
    assert starts == [[33], [33]]
    assert source.reports["squad_v1", "train", "en"].repaired == 1
    assert nearest_occurrence("aXbXc", "X", 2) == 1
    assert nearest_occurrence("abc", "X", 1) is None


def test_offsets_count_code_points(open_folder):
    context = "𝒜 🌉 橋は1901年に"
    rows = open_folder({"xquad/xquad.en.json": squad_json([paragraph(context, ("a", "いつ", "1901", 6))])})
    answers = rows.load("xquad", "test")["answers"][0]
    assert context[answers["start"][0] :].startswith("1901")


def test_questions_without_an_answer(open_folder):
    impossible = [
        {"context": BRIDGE, "qas": [{"id": "x", "question": "?", "answers": [], "is_impossible": True}]}
    ]
    source = open_folder({"squad/train-v2.0.json": squad_json(impossible)})
    assert source.load("squad_v2", "train")[0]["answers"] == {"text": [], "start": []}
    with pytest.raises(UserError, match="has no answer to learn from"):
        open_folder({"squad/train-v1.1.json": squad_json(impossible)}).load("squad_v1", "train")


def test_snli_without_a_gold_label_is_left_out(open_folder):
    lines = [
        f'{{"pairID": "{n}", "sentence1": "a", "sentence2": "b", "gold_label": "{label}"}}'
        for n, label in enumerate(("neutral", "-", "entailment"))
    ]
    source = open_folder({"snli/snli_1.0_train.jsonl": "\n".join(lines)})
    assert source.load("snli", "train").num_rows == 2
    assert source.reports["snli", "train", "en"].dropped == 1


def test_anli_plus_is_snli_mnli_and_anli(open_folder):
    nli = '{"pairID": "7", "sentence1": "a", "sentence2": "b", "gold_label": "neutral"}'
    anli = '{"uid": "7", "context": "a", "hypothesis": "b", "label": "c"}'
    files = {"snli/snli_1.0_train.jsonl": nli, "mnli/multinli_1.0_train.jsonl": nli}
    source = open_folder(files | {f"anli/R{n}/train.jsonl": anli for n in (1, 2, 3)})
    rows = source.load("anli_plus", "train")
    assert rows["id"][:] == ["snli-train-7", "mnli-train-7", "anli-R1-7", "anli-R2-7", "anli-R3-7"]
    assert [TASKS["anli_plus"].labels[label] for label in rows["label"]] == ["neutral"] * 2 + [
        "contradiction"
    ] * 3
    with pytest.raises(UserError, match="549,367 were published"):
        open_folder(files, counts="exact").load("anli_plus", "train")


def test_machine_translated_training_sets_go_by_language(open_folder):
    table = "premise\thypo\tlabel\nEin Mann\tEine Frau\tcontradictory\n"
    source = open_folder({"XNLI-MT-1.0/multinli/multinli.train.de.tsv": table})
    rows = source.load("mnli", "train", "de")
    assert TASKS["mnli"].labels[rows["label"][0]] == "contradiction"
    assert source.reports["mnli", "train", "de"].notes == ["machine-translated"]
    assert source.load("xnli", "train", "de")["first"][:] == ["Ein Mann"]


def test_xnli_as_published_holds_all_languages_in_one_table(open_folder):
    header = "language\tgold_label\tsentence1\tsentence2\tpairID"
    table = f'{header}\nde\tneutral\t"Er\tsagte\t1\nsw\tentailment\tYeye\talisema\t1\n'
    rows = open_folder({"xnli/xnli.test.tsv": table}).load("xnli", "test", "de")
    assert (rows["first"][:], rows["id"][:]) == (['"Er'], ["test-1"])


CCG_AUTO = """ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1
(<T S[dcl] 0 2> (<L NP PRP PRP It NP> ) (<T S[dcl]\\NP 0 2> (<L S[dcl]\\NP VBZ VBZ rains S[dcl]\\NP> ) (<L -LRB- -LRB- -LRB- -LRB- -LRB-> ) ) )
"""  # noqa: E501


def test_ccg_from_a_licensed_copy(open_folder):
    files = {f"ccg/AUTO/{n:02}/wsj_{n:02}01.auto": CCG_AUTO for n in range(25)}
    files = {name: text.replace("wsj_0001", name[12:20]) for name, text in files.items()}
    source = open_folder(files)
    row = source.load("ccg", "dev")[0]
    assert row["words"] == ["It", "rains", "("]
    assert row["tags"] == ["NP", "S[dcl]\\NP", "-LRB-"]
    assert source.labels("ccg") == ("-LRB-", "NP", "S[dcl]\\NP")
    assert source.load("ccg", "train").num_rows == 20
    table = {
        "ccg/ccg.train": "It rains\tNP S\n",
        "ccg/ccg.dev": "It\tN\n",
        "ccg/tags_to_id.json": '{"S": 1, "NP": 0}',
    }
    source = open_folder(dict.fromkeys(files) | table)
    assert source.labels("ccg") == ("NP", "S")
    with pytest.raises(UserError, match=r"ccg\.dev, line 1: unknown tag 'N'"):
        source.load("ccg", "dev")


CONLLU = """# sent_id = 1
1-2\tim\t_\t_\t_\t_\t_\t_\t_\t_
1\tin\tin\tADP\t_\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\t_\t_\t3\tdet\t_\t_
3\tHaus\tHaus\tNOUN\t_\t_\t0\troot\t_\t_
3.1\tist\tsein\tVERB\t_\t_\t_\t_\t_\t_

1\t_\t_\tNOUN\t_\t_\t0\troot\t_\t_
2\t_\t_\tPUNCT\t_\t_\t1\tpunct\t_\t_

"""


def test_universal_dependencies_fuse_multiword_tokens(open_folder):
    source = open_folder({"ud/UD_German-X/de_x-ud-test.conllu": CONLLU})
    row = source.load("ud", "test", "de")[0]
    assert (row["words"], row["tags"]) == (["im", "Haus"], ["ADP", "NOUN"])
    assert source.reports["ud", "test", "de"].dropped == 1


def test_hellaswag_is_cut_where_its_context_breaks_off(open_folder):
    text = "Cleaning: A man mops. He rests. he\n1\nsleeps.\nruns.\neats.\nsings.\n"
    row = open_folder({"hellaswag/hellaswag_val_full.txt": text}).load("hellaswag", "dev")[0]
    assert row["prompt"] == "A man mops. He rests."
    assert row["choices"][1] == "he runs."
    published = (
        '{"ind": 4, "activity_label": "Cleaning", "ctx_a": "A man mops. He rests.", "ctx_b": "he", '
        '"ctx": "", "endings": ["sleeps.", "runs.", "eats.", "sings."], "label": 1}'
    )
    other = open_folder({"hellaswag/hellaswag_val.jsonl": published}).load("hellaswag", "dev")[0]
    assert {**other, "id": ""} == {**row, "id": ""}


def test_lareqa_pairs_a_question_with_its_sentence(open_folder):
    article = {
        **paragraph(BRIDGE + " It is old.", ("q", "How is it?", "old", 48)),
        "sentences": [BRIDGE, "It is old."],
        "sentence_breaks": [[0, 41], [42, 52]],
    }
    rows = open_folder({"lareqa/en.json": squad_json([article])}).load("lareqa", "test")
    assert rows["side"][:] == ["candidate", "candidate", "query"]
    assert rows["mate"][:] == ["", "", "en-0-1"]


def test_published_layouts_from_samples(shared, tmp_path):
    """A few rows of each set in the publisher's own layout, from the archive of samples."""
    samples = tmp_path / "samples"
    with tarfile.open(shared / "hf_format_samples.tar.xz") as tar:
        tar.extractall(samples, filter="data")
    samples /= "hf_format_samples"
    folder = tmp_path / "data"
    place = {
        "mnli": ("glue/dummy/mnli/1.0.0", "dummy_data/MNLI"),
        "qqp": ("glue/dummy/qqp/1.0.0", "dummy_data/QQP"),
        "hellaswag": ("hellaswag/dummy/0.1.0", "dummy_data"),
        "cosmosqa": ("cosmos_qa/dummy/0.1.0", "dummy_data"),
        "commonsenseqa": ("commonsense_qa/dummy/0.1.0", "dummy_data"),
        "socialiqa": ("social_i_qa/dummy/0.1.0", "dummy_data/socialiqa-train-dev"),
        "anli": ("anli/dummy/plain_text/0.1.0", "dummy_data/anli_v0.1"),
        "x-final": ("paws-x/dummy/de/1.1.0", "dummy_data/x-final.tar.gz/x-final"),
        "XNLI-1.0": ("xnli/dummy/all_languages/1.1.0", "dummy_data/XNLI-1.0.zip/XNLI-1.0"),
        "XNLI-MT-1.0": ("xnli/dummy/all_languages/1.1.0", "dummy_data/XNLI-MT-1.0.zip/XNLI-MT-1.0"),
        "mlqa-translate-train": (
            "mlqa/dummy/mlqa-translate-train.de/1.0.0",
            "dummy_data/mlqa-translate-train",
        ),
        "tydiqa": ("xtreme/dummy/tydiqa/1.0.0", "dummy_data"),
    }
    for name, (archive, inner) in place.items():
        packed = zipfile.ZipFile(io.BytesIO((samples / archive / "dummy_data.zip").read_bytes()))
        for member in packed.namelist():
            if member.startswith(inner + "/") and not member.endswith("/"):
                path = folder / name / member.removeprefix(inner + "/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(packed.read(member))
    source = open_source(
        {"kind": "files", "folder": str(folder), "counts": "any", "cache": str(tmp_path / "c")}
    )
    loads = [
        *(("mnli", split, "en") for split in ("train", "dev")),
        *(("qqp", split, "en") for split in ("train", "dev", "test")),
        *(("hellaswag", split, "en") for split in ("train", "dev", "test")),
        *(("cosmosqa", split, "en") for split in ("train", "dev")),
        *(("commonsenseqa", split, "en") for split in ("train", "dev", "test")),
        *(("socialiqa", split, "en") for split in ("train", "dev")),
        *(("anli", split, "en") for split in ("train", "dev", "test")),
        *(("pawsx", split, "de") for split in ("train", "dev", "test")),
        *(("xnli", "dev", code) for code in TASKS["xnli"].languages),
        *(("mnli", "train", code) for code in ("de", "sw", "zh")),
        ("squad_v1", "train", "de"),
        ("tydiqa", "train", "fi"),
    ]
    for task, split, language in loads:
        assert source.load(task, split, language).num_rows > 0, (task, split, language)
    assert source.reports["squad_v1", "train", "de"].notes == ["machine-translated"]


PLAIN = '"Ja", sagte er.\t"Nein."\tneutral\nEr sagte "ja".\tb\tentailment\n'


def test_plain_sentences_keep_their_quotation_marks(open_folder):
    rows = open_folder({"xnli/dev-de.tsv": PLAIN}).load("xnli", "dev", "de")
    assert list(zip(rows["first"], rows["second"], rows["label"], strict=True)) == [
        ('"Ja", sagte er.', '"Nein."', 1),
        ('Er sagte "ja".', "b", 0),
    ]


@pytest.mark.parametrize(
    ("text", "firsts"),
    [
        ('"Ja."\tb\tneutral\nc\td\tneutral\n', ['"Ja."', "c"]),  # enclosed without need: the text's own
        ('"Ja\tb\tneutral\nNein"\td\tneutral\n', ['"Ja', 'Nein"']),  # never closed in its line
        ('"a"\t"b"\t"neutral"\n"c"\t"d"\t"neutral"\n', ["a", "c"]),  # every field is enclosed
        ('"a ""b"" c"\td\tneutral\n"e"\tf\tneutral\n', ['a "b" c', "e"]),  # marks are doubled
        ('"a\tb"\tc\tneutral\nd\te\tneutral\n', ["a\tb", "d"]),  # a tab within a field
        ('"a\nb"\tc\tneutral\nd\te\tneutral\n', ["a\nb", "d"]),  # a line end within a field
    ],
)
def test_quoted_and_plain_sentences_are_told_apart(open_folder, text, firsts):
    assert open_folder({"xnli/dev-de.tsv": text}).load("xnli", "dev", "de")["first"][:] == firsts


PAWS = "id\tsentence1\tsentence2\tlabel\n1\ta\tb\t0\n2\t\t \t1\n"
BLANK = [
    ("pawsx", "train", "zh", {"x-final/zh/translated_train.tsv": PAWS}, 2),
    ("xnli", "dev", "de", {"xnli/dev-de.tsv": "\tb\tneutral\na\tb\tneutral\n"}, 2),
    ("xcopa", "test", "et", {"xcopa/test.et.jsonl":
        '{"premise": "a", "choice1": "", "choice2": "c", "question": "cause", "idx": 0, "label": 0}'}, 1),
    ("xcopa", "test", "et", {"xcopa/test.et.jsonl":
        '{"premise": "", "choice1": "b", "choice2": "c", "question": "cause", "idx": 0, "label": 0}'}, 1),
    ("hellaswag", "dev", "en", {"hellaswag/hellaswag_val_full.txt": "a: b.\n1\nc\n\ne\nf\n"}, 1),
    ("xquad", "test", "de", {"xquad/xquad.de.json":
        squad_json([paragraph(BRIDGE, ("q", " ", "1901", 24))])}, 1),
    ("tatoeba", "test", "de", {"tatoeba/tatoeba.deu-eng.deu": "Es regnet.\n \n"}, 4),
]  # fmt: skip


@pytest.mark.parametrize(("task", "split", "language", "files", "rows"), BLANK)
def test_rows_with_a_blank_text_are_kept_and_noted(open_folder, task, split, language, files, rows):
    source = open_folder(files)
    assert source.load(task, split, language).num_rows == rows
    report = source.reports[task, split, language]
    assert report.blank == 1
    assert report.notes[-1] == "rows with a blank text: 1"
