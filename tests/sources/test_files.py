"""Official files: layouts, archives, label names, counts, text to learn from; every set of real data."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from made_up import BRIDGE, paragraph, squad_json

from xstilts_lib.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.checks import nearest_occurrence, spread
from xstilts_lib.sources.columns import COLUMNS, dataset, features
from xstilts_lib.sources.files.layouts import LAYOUTS
from xstilts_lib.sources.survey import check_table
from xstilts_lib.sources.text import normalised, sentences
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
    first = open_folder().revision("udpos")
    assert first.startswith("sha256:")
    assert open_folder().revision("udpos") == first
    assert open_folder({"udpos/dev-en.tsv": "Snow\tNOUN\nmelts\tVERB\n"}).revision("udpos") != first


TEXT = {
    "ntrex/newstest2019-src.eng.txt": "The minister spoke long.\nIt rains here every morning.\nA third.\n",
    "ntrex/newstest2019-ref.deu.txt": "Der Minister sprach lange.\nEs regnet stets.\nEine dritte Zeile.\n",
    "tatoeba/tatoeba.deu-eng.eng": "It rains here every morning!\nIt snows.\n",
    "udpos/test-de.tsv": "Eine\tDET\ndritte\tADJ\nZeile\tNOUN\n.\tPUNCT\n",
}


def test_text_never_holds_a_sentence_that_is_evaluated(open_folder):
    source = open_folder(TEXT, text_from=["ntrex", "udpos", "squad_v1", "xnli"])
    rows = [*source.load("text", "train", "de")]
    # The second line's translation is in Tatoeba, the third line in the POS test set.
    assert [(row["text"], row["pair"]) for row in rows] == [
        ("Der Minister sprach lange.", "The minister spoke long.")
    ]
    english = [row["text"] for row in source.load("text", "train", "en")]
    assert "It rains here every morning." not in english
    # SQuAD's training paragraph is XQuAD's paragraph here, so it goes too.
    assert BRIDGE not in english
    assert {row["language"] for row in rows} == {"de"}
    assert source.languages("text") == ("de", "en")


def test_text_is_capped_drawn_by_seed_and_refuses_a_missing_set(open_folder):
    lines = "".join(f"Sentence number {n} of the news.\n" for n in range(300))
    files = {**TEXT, "ntrex/newstest2019-src.eng.txt": lines}
    drawn = [
        open_folder(files, text_from=["ntrex"], text_lines=50, seed=seed).load("text", "train")
        for seed in (0, 0, 1)
    ]
    assert drawn[0].num_rows <= 50
    assert drawn[0]["text"][:] == drawn[1]["text"][:] != drawn[2]["text"][:]
    with pytest.raises(UserError, match="lacks bible, which the text is drawn from"):
        open_folder(files, text_from=["ntrex", "bible"]).check(["text"])


def test_sentences_are_compared_by_letters_and_digits():
    assert normalised("Ｈello, Wörld! 12") == normalised("hello wörld 12")
    assert set(sentences("One fish. Two fish.")) == {"onefishtwofish", "onefish", "twofish"}


def test_settings_are_checked(make_folder):
    folder = str(make_folder())
    for settings, message in (
        ({}, "--data DIR"),
        ({"folder": folder + "/nowhere"}, "is missing"),
        ({"folder": folder, "text_line": 3}, "did you mean 'text_lines'"),
        ({"folder": folder, "targets": ["xqad"]}, "did you mean 'xquad'"),
        ({"folder": folder, "languages": {"xquad": ["xx"]}}, "there is no 'xx'"),
        ({"folder": folder, "counts": "some"}, "valid names: any, exact"),
        ({"folder": folder, "text_lines": 0}, "at least 1"),
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


def test_tokenizer_of_the_folder_is_asked_for_by_name(open_folder):
    with pytest.raises(UserError, match="lacks xlmr_tokenizer/"):
        open_folder().tokenizer()
    with pytest.raises(UserError, match="holds no usable tokenizer"):
        open_folder({"xlmr_tokenizer/x.model": b"\x01\x02"}).tokenizer()


# --- Real data ---

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
    import json

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


@pytest.mark.slow
def test_text_of_the_shared_sets(real):
    real.check(["text"])
    assert len(real.languages("text")) >= 26
    rows = real.load("text", "train", "sw")
    held_out = {normalised(row["sentence"]) for row in real.load("tatoeba", "test", "sw")}
    held_out |= {normalised(row["context"]) for row in real.load("xquad", "test", "en")}
    assert rows.num_rows > 10_000
    assert not held_out & {normalised(text) for text in rows["text"]}
    assert sum(bool(pair) for pair in rows["pair"]) > 5_000
    dev = real.load("text", "dev", "sw")
    assert not set(rows["text"]) & set(dev["text"])


@pytest.fixture(scope="module")
def xlmr(real):
    return real.tokenizer()


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


def test_files_are_named_in_errors_as_the_user_named_them(open_folder, tmp_path):
    with pytest.raises(UserError) as caught:
        open_folder({"xquad/xquad.de.json": "[]"}).load("xquad", "test", "de")
    assert str(tmp_path / "data" / "xquad" / "xquad.de.json") in str(caught.value)
    assert isinstance(tmp_path, Path)
