"""An experiment on made-up files in the publishers' layouts, a target of every format: what it leaves scores
as its results table says.
"""

from __future__ import annotations

import json
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from xstilts_lib import scoring
from xstilts_lib.analysis import crossed
from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs import results
from xstilts_lib.runs.run import ENCODER, all_runs
from xstilts_lib.tasks import TASKS

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "xstilts_lib.cli"]
EXPERIMENT = """
title: Every format, from files
source:
  kind: files
  folder: {folder}/data
  cache: {folder}/cache
  counts: any
  languages: {{mewslix: [de, en, tr]}}
model: {{name: tiny, path: {folder}/encoder}}
seeds: [0]
recipes: [none]
targets: [pawsx, udpos, xquad, xcopa, lareqa, mewslix, tatoeba, bucc2018]
training: {{target: {{steps: 3, batch_size: 4, max_length: 64, learning_rate: 1.0e-3}}}}
retrieval: {{layer: 1}}
"""
SENTENCES = {
    "en": ("It rains.", "The bridge is old.", "A man sleeps.", "Nobody came.", "She sings well.", "Go home."),
    "de": (
        "Es regnet.",
        "Der Mann schläft.",
        "Niemand kam.",
        "Sie singt gut.",
        "Geh heim.",
        "Die Tür ist zu.",
    ),
}
PARAGRAPHS = {
    "en": ("The bridge was built in 1901. It is old. The town paid.", "1901", "It is old."),
    "de": ("Die Brücke wurde 1901 gebaut. Sie ist alt. Die Stadt zahlte.", "1901", "Sie ist alt."),
}


def question_answering(language: str) -> dict[str, str]:
    """XQuAD and XQuAD-R of one language, and SQuAD."""
    context, answer, sentence = PARAGRAPHS[language]
    breaks, begin = [], 0
    for part in context.split(". "):
        breaks.append([begin, min(begin + len(part) + 1, len(context))])
        begin += len(part) + 2
    questions = [
        {
            "id": "q1",
            "question": "When?",
            "answers": [{"text": answer, "answer_start": context.index(answer)}],
        },
        {
            "id": "q2",
            "question": "How?",
            "answers": [{"text": sentence, "answer_start": context.index(sentence)}],
        },
    ]
    paragraph = {
        "context": context,
        "qas": questions,
        "sentences": [context[first:last] for first, last in breaks],
        "sentence_breaks": breaks,
    }
    content = json.dumps({"version": "1.1", "data": [{"title": "t", "paragraphs": [paragraph]}]})
    files = {f"xquad/xquad.{language}.json": content, f"lareqa/{language}.json": content}
    return files | ({"squad/train-v1.1.json": content} if language == "en" else {})


def entity_linking() -> dict[str, str]:
    """Mewsli-X: pairs of English Wikipedia, entities, and mentions in two languages."""
    entities = [
        {"entity_id": f"Q{i}", "title": name, "description": f"{name} is the name of number {i}."}
        for i, name in enumerate(("Ada", "Bea", "Cem", "Dov"))
    ]

    def mention(i: int, language: str) -> dict:
        name = entities[i]["title"]
        context = {
            "text": f"So, {name} came.",
            "language": language,
            "sentence_spans": [{"start": 0, "end": 20}],
        }
        span = {"start": 4, "end": 4 + len(name), "text": name}
        found = {"example_id": f"{language}{i}", "entity_id": f"Q{i}", "mention_span": span}
        return {"context": context, "mention": found}

    def lines(rows: list[dict]) -> str:
        return "".join(f"{json.dumps(row)}\n" for row in rows)

    pairs = [{"contextual_mention": mention(i, "en"), "entity": entities[i]} for i in range(4)]
    mentions = [mention(i, language) for i in range(4) for language in ("de", "en", "tr")]
    nested = [{"context": each["context"], "mentions": [each["mention"]]} for each in mentions]
    return {
        "mewslix/wikipedia_pairs-train.jsonl": lines(pairs),
        "mewslix/candidate_set_entities.jsonl": lines(entities),
        "mewslix/wikinews_mentions-test.jsonl": lines(nested),
    }


def files() -> dict[str, str]:
    found = {**question_answering("en"), **question_answering("de"), **entity_linking()}
    pairs = "".join(f"{a}\t{b}\t{i % 2}\n" for i, (a, b) in enumerate(zip(*SENTENCES.values(), strict=True)))
    found |= {"pawsx/train-en.tsv": pairs, "pawsx/test-en.tsv": pairs, "pawsx/test-de.tsv": pairs}
    tags = "It\tPRON\nrains\tVERB\n.\tPUNCT\n\nRain\tNOUN\nfalls\tVERB\n"
    found |= {f"udpos/{name}.tsv": tags for name in ("train-en", "test-en", "test-de")}
    rows = [
        {"premise": "It rained.", "choice1": "It is wet.", "choice2": "It is dry.", "question": "effect",
         "label": i % 2, "idx": i, "changed": False}
        for i in range(4)
    ]  # fmt: skip
    for name in ("train-en", "test.et", "test.tr"):
        found[f"xcopa/{name}.jsonl"] = "".join(f"{json.dumps(row)}\n" for row in rows)
    found["tatoeba/tatoeba.deu-eng.eng"] = "\n".join(SENTENCES["en"][:3]) + "\n"
    found["tatoeba/tatoeba.deu-eng.deu"] = "\n".join(SENTENCES["de"][:3]) + "\n"
    for split in ("dev", "test"):
        for code, sentences in SENTENCES.items():
            lines = "".join(f"{code}-{i}\t{sentence}\n" for i, sentence in enumerate(sentences))
            found[f"bucc2018/de-en.{split}.{code}"] = lines
        found[f"bucc2018/de-en.{split}.gold"] = "de-0\ten-0\nde-1\ten-2\n"
    return found


def write_encoder(folder: Path) -> None:
    """Of XLM-R's kind, with a letter a piece and random weights."""
    from transformers import XLMRobertaTokenizer

    from xstilts_lib.models import encoder

    letters = [(letter, -3.0) for letter in string.ascii_letters + string.digits + ".,?:;{}'äöüß"]
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    tokenizer = XLMRobertaTokenizer(vocab=[*special, ("▁", -1.0), *letters, ("<mask>", 0.0)])
    sizes = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    architecture = {"model_type": "xlm-roberta", "max_position_embeddings": 130, **sizes}
    encoder.save(encoder.build(architecture, tokenizer, seed=0), tokenizer, folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The experiment's file, after `xstilts run`."""
    folder = tmp_path_factory.mktemp("files")
    for name, content in files().items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_text(content, encoding="utf-8")
    write_encoder(folder / "encoder")
    experiment = folder / "formats.yaml"
    experiment.write_text(EXPERIMENT.format(folder=folder), encoding="utf-8")
    patch = pytest.MonkeyPatch()
    patch.setenv("XSTILTS_RUNS", str(folder / "runs"))
    run = [*COMMAND, "run", str(experiment), "--cores", "2"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    yield experiment
    patch.undo()


def test_what_evaluation_wrote_scores_as_the_results_table_says(finished: Path, tmp_path: Path) -> None:
    experiment = load_experiment(finished)
    assert results.missing(experiment) == []
    table = results.collect(experiment)
    layers = table["metric"].str.startswith("layer ")  # of which no file of predictions is written
    table = table[~table["metric"].isin([results.HEADLINE, results.DEV]) & ~layers]
    expected = {(row.target, row.language, row.metric): row.value for row in table.itertuples()}
    assert {TASKS[name].format for name, _, _ in expected} == {
        "pair", "tags", "span", "choice", "ranking", "bitext"
    }  # fmt: skip
    found = {}
    for run in all_runs(experiment):
        for part in (part for part in run.parts if part != ENCODER):
            folder = run.part_directory(part)
            names = run.tasks(part)
            benchmark = "xtreme" if {"pawsx", "bucc2018"} & set(names) else "xtreme-r"
            output = tmp_path / f"{names[0]}.json"
            arguments = [str(folder / "predictions"), str(folder / "labels"), "--benchmark", benchmark]
            score = [*COMMAND, "score", *arguments, "--output", str(output)]
            done = subprocess.run(score, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            for name, report in json.loads(output.read_text())["tasks"].items():
                for code, metrics in report["languages"].items():
                    found |= {(name, code, metric): value for metric, value in metrics.items()}
    assert found == expected


def test_what_every_example_adds_is_in_the_prediction_files(finished: Path) -> None:
    experiment = load_experiment(finished)
    table = results.collect(experiment)
    table = table[(table["metric"] == results.HEADLINE) & (table["language"] != "en")]
    for name in ("pawsx", "xquad", "xcopa", "tatoeba"):
        cube = crossed.cube(experiment, "none", name)
        assert cube is not None
        mine = table[table["target"] == name].groupby("language", sort=False)["value"].mean()
        assert np.nanmean(cube, axis=(0, 2)) == pytest.approx(mine.to_numpy()), name
    for name in ("udpos", "bucc2018"):
        assert crossed.cube(experiment, "none", name) is None, "an F1 is no mean over examples"


def test_the_layout_is_the_leaderboard_s(finished: Path) -> None:
    run = all_runs(load_experiment(finished))[0]
    for name, codes in {"lareqa": ("en", "de"), "mewslix": ("de", "en", "tr"), "xcopa": ("et", "tr")}.items():
        for side in ("predictions", "labels"):
            folder = run.target(name) / side / name
            assert {path.name for path in folder.iterdir()} == {
                scoring.file_name(name, code) for code in codes
            }
    predicted, gold = (
        json.loads((run.target("lareqa") / side / "lareqa" / "test-de.json").read_text())
        for side in ("predictions", "labels")
    )
    assert gold == {"q1": ["de-0-0", "en-0-0"], "q2": ["de-0-1", "en-0-1"]}
    assert all(
        sorted(ids) == sorted(f"{c}-0-{i}" for c in ("en", "de") for i in range(3))
        for ids in predicted.values()
    )
    mentions = json.loads((run.target("mewslix") / "predictions" / "mewslix" / "test-tr.json").read_text())
    assert {name: sorted(ids) for name, ids in mentions.items()} == {
        f"tr{i}": ["Q0", "Q1", "Q2", "Q3"] for i in range(4)
    }


def test_examples_are_the_questions(finished: Path) -> None:
    table = results.collect(load_experiment(finished))
    counted = table[table["target"] == "mewslix"].groupby("language")["examples"].unique()
    assert {code: list(values) for code, values in counted.items()} == {"de": [4], "en": [4], "tr": [4]}
