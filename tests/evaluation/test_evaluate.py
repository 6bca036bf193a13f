"""Predictions of every format, in the layout that XTREME reads, and embeddings."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from datasets import Dataset

from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import evaluate
from xstilts_lib.formats import FORMATS
from xstilts_lib.models import encoder
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training import loop


@pytest.mark.parametrize("form", ["pair", "choice", "tags", "span", "text"])
def test_predictions_do_not_depend_on_the_batches(
    form, make_model, make_rows, labels_of, tokenizer, monkeypatch
):
    rows = Dataset.from_dict(make_rows(form, n=40))
    settings = TrainSettings(max_length=64)
    model = make_model()
    task = loop.Ingredient(
        form, FORMATS[form].encode(rows, tokenizer, labels_of[form], 64), labels_of[form], FORMATS[form]
    )
    head = loop.fresh_heads(model, [task], settings, 0)[form]
    readers = [
        evaluate.Reader(model, head, FORMATS[form], tokenizer, labels_of[form], settings, size)
        for size in (1, 9999)
    ]
    one, many = (reader.predict(rows) for reader in readers)
    assert len(one) == 40
    if form == "text":
        assert np.allclose(one, many, rtol=1e-4)
        return
    assert one == many
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    assert readers[0].predict(rows) == one


def test_all_languages_in_one_pass(make_model, make_rows, labels_of, tokenizer):
    settings, form = TrainSettings(max_length=64), FORMATS["pair"]
    model = make_model()
    head = form.head(16, labels_of["pair"], settings, model)
    rows = {name: Dataset.from_dict(make_rows("pair", n=n, seed=n)) for name, n in (("en", 5), ("de", 9))}
    reader = evaluate.Reader(model, head, form, tokenizer, labels_of["pair"], settings)
    together = reader.predict_languages(rows)
    for name, part in rows.items():
        assert together[name] == reader.predict(part)


def test_the_layout_of_labels_of_pairs(tmp_path):
    rows = Dataset.from_dict({"id": ["0", "1"], "first": ["a", "b"], "second": ["c", "d"], "label": [1, 0]})
    path = evaluate.write_labels("mini_xnli", "qaa", rows, tmp_path)
    assert path == tmp_path / "mini_xnli" / "test-qaa.tsv"
    assert path.read_text() == "neutral\nentailment\n"
    path = evaluate.write_predictions("mini_xnli", "qaa", rows, ["contradiction", "neutral"], tmp_path)
    assert path.read_text() == "contradiction\nneutral\n"
    # PAWS-X wants numbers.
    assert evaluate.write_labels("mini_pawsx", "en", rows, tmp_path).read_text() == "1\n0\n"
    path = evaluate.write_predictions("mini_pawsx", "en", rows, ["different", "paraphrase"], tmp_path)
    assert path.read_text() == "0\n1\n"


def test_the_layout_of_tags(tmp_path):
    rows = Dataset.from_dict(
        {"id": ["0", "1"], "words": [["a", "b"], ["c"]], "tags": [["O", "B-PER"], ["O"]]}
    )
    assert evaluate.write_labels("mini_panx", "en", rows, tmp_path).read_text() == "O\nB-PER\n\nO\n"
    predictions = [["O", "O"], ["I-LOC"]]
    path = evaluate.write_predictions("mini_panx", "en", rows, predictions, tmp_path)
    assert path.read_text() == "O\nO\n\nI-LOC\n"


def test_the_layout_of_answers(tmp_path):
    rows = Dataset.from_dict(
        {
            "id": ["x", "y"],
            "context": ["ein Turm", "ein Turm"],
            "question": ["was?", "wie viele?"],
            "answers": [{"text": ["Turm"], "start": [4]}, {"text": ["ein"], "start": [0]}],
        }
    )
    gold = json.loads(evaluate.write_labels("mini_tydiqa", "en", rows, tmp_path).read_text())
    (paragraph,) = gold["data"][0]["paragraphs"]
    assert paragraph["context"] == "ein Turm"
    assert paragraph["qas"][1] == {
        "id": "y",
        "question": "wie viele?",
        "answers": [{"text": "ein", "answer_start": 0}],
    }
    path = evaluate.write_predictions("mini_tydiqa", "en", rows, ["Türm", ""], tmp_path)
    assert path.name == "test-en.json"
    assert json.loads(path.read_text()) == {"x": "Türm", "y": ""}


def test_the_layout_of_choices(tmp_path):
    rows = Dataset.from_dict(
        {"id": ["0", "1"], "prompt": ["a", "b"], "choices": [["c"], ["d"]], "label": [1, 0]}
    )
    path = evaluate.write_labels("mini_hellaswag", "en", rows, tmp_path)
    assert path.name == "test-en.jsonl"
    assert path.read_text() == '{"idx": 0, "label": 1}\n{"idx": 1, "label": 0}\n'


def test_the_layout_of_retrieval_and_mining(tmp_path):
    rows = Dataset.from_dict(
        {
            "id": ["q-0", "q-1", "q-2", "en-0", "en-1"],
            "side": ["source", "source", "source", "target", "target"],
            "sentence": ["a", "b", "c", "d", "e"],
            "mate": ["en-1", "", "en-0", "q-2", "q-0"],
        }
    )
    # English sentences are the queries: the first one's partner is the source sentence of index 2.
    assert evaluate.write_labels("mini_tatoeba", "qaa", rows, tmp_path).read_text() == "2\n0\n"
    assert evaluate.write_predictions("mini_tatoeba", "qaa", rows, [2, 1], tmp_path).read_text() == "2\n1\n"
    assert (
        evaluate.write_labels("mini_bucc2018", "qaa", rows, tmp_path).read_text() == "q-0\ten-1\nq-2\ten-0\n"
    )
    path = evaluate.write_predictions("mini_bucc2018", "qaa", rows, [("q-0", "en-1")], tmp_path)
    assert path.read_text() == "q-0\ten-1\n"
    # Nothing mined is no line; XTREME would count a blank one among the finds.
    assert evaluate.write_predictions("mini_bucc2018", "qaa", rows, [], tmp_path).read_text() == ""


def test_a_prediction_for_each_row(tmp_path, make_rows):
    rows = Dataset.from_dict(make_rows("pair", n=3))
    with pytest.raises(UserError, match="2 predictions for 3 rows"):
        evaluate.write_predictions("mini_xnli", "en", rows, ["neutral"] * 2, tmp_path)


def test_embeddings_are_means_over_all_tokens(make_model, tokenizer):
    model = make_model()
    sentences = ["w1 w2 w3", "w4", "w1 w2 w3 w5 w6 w7"]
    with torch.inference_mode():
        for layer in (0, 1, 2, None):
            found = evaluate.embed(model, tokenizer, sentences, layer)
            assert found.shape == (3, 16)
            assert found.dtype == np.float32
            for sentence, vector in zip(sentences, found, strict=True):
                ids = torch.tensor([tokenizer(sentence)["input_ids"]])
                states = model(input_ids=ids, output_hidden_states=True).hidden_states
                expected = states[-1 if layer is None else layer][0]
                assert np.allclose(vector, expected.mean(0), atol=1e-5)
        words = evaluate.embed(model, tokenizer, sentences, 1, pooling="words")
        ids = torch.tensor([tokenizer(sentences[0])["input_ids"]])
        expected = model(input_ids=ids, output_hidden_states=True).hidden_states[1][0, 1:-1].mean(0)
        assert np.allclose(words[0], expected, atol=1e-5)
    layers = evaluate.embed(model, tokenizer, sentences, (0, 1, 2))
    assert np.allclose(layers[2], evaluate.embed(model, tokenizer, sentences), atol=1e-6)
    with pytest.raises(UserError, match="pooling"):
        evaluate.embed(model, tokenizer, sentences, pooling="max")


@pytest.mark.parametrize("kind", ["xlm-roberta", "xlm-roberta-xl", "modernbert", "eurobert"])
def test_the_layers_above_the_one_that_is_read_are_not_run(kind, make_model, tokenizer):
    model = make_model(kind, num_hidden_layers=5)
    runs = [0] * 5

    def count(layer: int):
        def hook(*call) -> None:
            runs[layer] += 1

        return hook

    for layer, block in enumerate(encoder.blocks(model)):
        block.register_forward_hook(count(layer))
    for layer, expected in ((0, [0, 0, 0, 0, 0]), (3, [1, 1, 1, 0, 0]), (None, [2, 2, 2, 1, 1])):
        evaluate.embed(model, tokenizer, ["w1 w2", "w3 w4"], layer)
        assert runs == expected
    evaluate.embed(model, tokenizer, ["w1 w2"], (1, 2))
    assert runs == [3, 3, 2, 1, 1]


def test_an_empty_sentence_has_an_embedding(make_model, tokenizer):
    for pooling in ("mean", "first", "words"):
        assert np.isfinite(evaluate.embed(make_model(), tokenizer, ["", "w1"], 1, pooling)).all()


def test_evaluation_leaves_no_gradient(make_model, make_rows, tokenizer, labels_of):
    model, form = make_model(), FORMATS["pair"]
    head = form.head(16, labels_of["pair"], TrainSettings(), model)
    reader = evaluate.Reader(model, head, form, tokenizer, labels_of["pair"], TrainSettings())
    reader.predict(Dataset.from_dict(make_rows("pair")))
    assert not model.training
    assert encoder.carry_over(model) is model


def test_memory_is_flat_in_the_number_of_rows(make_model, make_rows, labels_of, tokenizer, monkeypatch):
    # Numpy, whose arrays tracemalloc sees, holds ids and predictions; torch's tensors, which it does not see,
    # live no longer than a batch (the benchmark of evaluation measures the whole process).
    import tracemalloc

    monkeypatch.setattr(evaluate, "CHUNK", 100)
    settings, form, model = TrainSettings(max_length=64), FORMATS["pair"], make_model()
    head = form.head(16, labels_of["pair"], settings, model)
    reader = evaluate.Reader(model, head, form, tokenizer, labels_of["pair"], settings)
    peaks = []
    for number in (200, 1000, 3000):
        rows = Dataset.from_dict(make_rows("pair", n=number))
        tracemalloc.start()
        found = reader.predict(rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found) == number
    # A prediction is a reference to a label; 200,000 more of them would stay far under 200 MiB.
    slope = (peaks[2] - peaks[1]) / 2000
    assert slope * 200_000 < 200 * 2**20


def test_what_is_embedded_is_cut_to_the_model_s_positions(make_model, tokenizer):
    model = make_model()  # of 128 tokens
    long, cut = " ".join(["w1", "w2"] * 100), " ".join(["w1", "w2"] * 63)
    found = evaluate.embed(model, tokenizer, [long, cut])
    np.testing.assert_array_equal(found[0], found[1])
    with pytest.raises(UserError, match=r"has 129 tokens, .* positions for 128"):
        evaluate.embed(model, tokenizer, [long], max_length=129)
