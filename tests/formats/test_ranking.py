"""Queries and candidates: the encoding, the loss over a batch, what cannot be divided, a run that learns."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from datasets import Dataset

from xstilts_lib import scoring
from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import evaluate
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.formats.ranking import QUERY, RankingFeature
from xstilts_lib.sources.rows import COLUMNS
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training import loop
from xstilts_lib.training.state import History

RANKING = FORMATS["ranking"]
EXACT = {"dropout": 0.0, "attention_dropout": 0.0, "precision": "fp32"}


def words(tokenizer, sequence: np.ndarray) -> str:
    return " ".join(tokenizer.convert_ids_to_tokens(sequence.tolist()))


def table(*rows: tuple[str, str, str, str, str]) -> dict[str, list[str]]:
    return dict(zip(COLUMNS["ranking"], map(list, zip(*rows, strict=True)), strict=True))


class TestEncoding:
    def test_a_question_and_the_sentence_of_its_paragraph(self, tokenizer):
        rows = table(("c", "candidate", "w1 w2", "w1 w2 w3", ""), ("q", "query", "w4", "", "c"))
        (feature,) = RANKING.encode(rows, tokenizer, (), 32)
        assert [words(tokenizer, each) for each in feature.sequences] == [
            "<s> w4 </s>",
            "<s> w1 w2 </s> </s> w1 w2 w3 </s>",
        ]
        assert (feature.row, feature.candidate) == (1, 0)

    def test_a_mention_stands_before_its_sentence_and_an_entity_is_its_description(self, scripts_tokenizer):
        rows = table(
            ("e", "candidate", "the bridge stands", "", ""),
            ("m", "query", "bridge", "the { bridge } stands", "e"),
        )
        (feature,) = RANKING.encode(rows, scripts_tokenizer, (), 64)
        query, candidate = (each.tolist() for each in feature.sequences)
        assert query == scripts_tokenizer("bridge: the { bridge } stands")["input_ids"]
        assert candidate == scripts_tokenizer("the bridge stands")["input_ids"]

    def test_a_query_is_cut_to_its_own_length_and_a_pair_from_its_longer_text(self, tokenizer):
        long = " ".join(["w5"] * 200)
        rows = table(("c", "candidate", "w1 w2", long, ""), ("q", "query", long, "", "c"))
        query, candidate = RANKING.encode(rows, tokenizer, (), 128)[0].sequences
        assert (len(query), len(candidate)) == (QUERY, 128)
        assert words(tokenizer, candidate[:6]) == "<s> w1 w2 </s> </s> w5"
        assert len(RANKING.encode(rows, tokenizer, (), 64)[0].sequences[0]) == 64

    def test_an_answered_question_is_a_query_and_the_sentence_that_answers_it_the_candidate(self, tokenizer):
        context = "W1 w2 w3. W4 w5 w6. W7 w8."
        rows = {
            "context": [context] * 3,
            "question": ["w10", "w11", "w12"],
            "answers": [
                {"text": ["w5"], "start": [13]},
                {"text": [], "start": []},
                {"text": ["w3."], "start": [6]},
            ],
        }
        matched = RANKING.encode(rows, tokenizer, (), 64)
        assert [feature.row for feature in matched] == [0, 2]
        second = tokenizer("W4 w5 w6.", context)["input_ids"]
        assert matched[0].sequences[1].tolist() == second
        assert matched[1].sequences[1].tolist() == tokenizer("W1 w2 w3.", context)["input_ids"]

    def test_both_sides_are_evaluated_as_they_are_trained(self, tokenizer):
        rows = table(
            ("q", "query", "w4", "w5 w4", "c"),
            ("c", "candidate", "w1 w2", "w1 w2 w3", ""),
            ("d", "candidate", "w9", "", ""),
        )
        (trained,) = RANKING.encode(rows, tokenizer, (), 32)
        query, right, other = RANKING.to_predict(rows, tokenizer, (), TrainSettings(max_length=32), (0,))
        assert query.sequences[0].tolist() == trained.sequences[0].tolist()
        assert right.sequences[0].tolist() == trained.sequences[1].tolist()
        assert words(tokenizer, other.sequences[0]) == "<s> w9 </s>"

    def test_a_query_whose_candidate_is_absent_is_named(self, tokenizer):
        with pytest.raises(UserError, match="query 'q' has the candidate 'c', which is not there"):
            RANKING.encode(table(("q", "query", "w4", "", "c")), tokenizer, (), 32)


def toy(n: int = 24, seed: int = 0, mark: str = "") -> dict[str, list[str]]:
    """Queries that share two words with their candidate, and stand after all candidates."""
    random = np.random.default_rng(seed)
    keys = random.permutation(60)[: 2 * n].reshape(n, 2)
    lengths = random.integers(0, 3, size=n)
    candidates = [
        (f"{mark}c{i}", "candidate", f"w{a} w{b}", "w0 " * lengths[i], "") for i, (a, b) in enumerate(keys)
    ]
    queries = [(f"q{i}", "query", f"w{b} w{a}", "", f"{mark}c{i}") for i, (a, b) in enumerate(keys)]
    return table(*candidates, *queries)


class TestLoss:
    def by_hand(self, head, model, features) -> float:
        """Query by query, candidate by candidate, in float64, each sequence read alone."""
        vectors = []
        for feature in features:
            states = [
                model(input_ids=torch.tensor(each[None])).last_hidden_state for each in feature.sequences
            ]
            pooled = [torch.tanh(head.dense(state.mean(dim=1)))[0].double() for state in states]
            vectors.append([(each / each.norm()).detach().numpy() for each in pooled])
        total = 0.0
        for own, feature in enumerate(features):
            scores = [
                head.scale.item() * float(vectors[own][0] @ vectors[other][1])
                for other in range(len(features))
                if other == own or features[other].candidate != feature.candidate
            ]
            right = head.scale.item() * float(vectors[own][0] @ vectors[own][1])
            total += math.log(sum(math.exp(score - right) for score in scores))
        return total

    @pytest.fixture
    def model(self, make_model):
        return make_model()

    def test_it_is_the_cross_entropy_over_the_candidates_of_the_batch(self, model, tokenizer):
        features = RANKING.encode(toy(7), tokenizer, (), 32)
        head = RANKING.head(16, (), TrainSettings(**EXACT), model)
        batch = collate(features, RANKING, 1)
        hidden = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        total, items = RANKING.loss(head, hidden, batch)
        assert items == 7
        assert total.item() == pytest.approx(self.by_hand(head, model, features), rel=1e-4)
        total.backward()
        assert head.scale.grad.abs() > 0

    def test_the_same_candidate_is_no_wrong_answer(self, model, tokenizer):
        rows = toy(6)
        rows["text"][2], rows["context"][2] = rows["text"][4], rows["context"][4]
        features = RANKING.encode(rows, tokenizer, (), 32)
        assert features[2].candidate == features[4].candidate
        head = RANKING.head(16, (), TrainSettings(**EXACT), model)
        batch = collate(features, RANKING, 1)
        hidden = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        total, _ = RANKING.loss(head, hidden, batch)
        assert total.item() == pytest.approx(self.by_hand(head, model, features), rel=1e-4)

    def test_cosines_are_not_rounded_to_bfloat16(self, model, tokenizer):
        features = RANKING.encode(toy(7), tokenizer, (), 32)
        head = RANKING.head(16, (), TrainSettings(**EXACT), model)
        vectors = torch.nn.functional.normalize(torch.randn(14, 16, generator=torch.manual_seed(0)), dim=1)
        head.forward = lambda hidden, batch: vectors
        batch = collate(features, RANKING, 1)
        exact, _ = RANKING.loss(head, vectors, batch)
        with torch.autocast("cpu", torch.bfloat16):
            lower, _ = RANKING.loss(head, vectors, batch)
        assert lower.item() == exact.item()

    def test_a_batch_in_parts_is_refused(self, model):
        with pytest.raises(UserError, match=r"accumulation is 2.*a batch in parts is another one"):
            RANKING.head(16, (), TrainSettings(accumulation=2), model)

    def test_several_processes_are_refused(self, model, monkeypatch):
        monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 4)
        with pytest.raises(UserError, match="in one process, not in 4"):
            RANKING.head(16, (), TrainSettings(), model)

    def test_a_guess_among_the_rivals(self):
        features = [RankingFeature([], row, candidate) for row, candidate in enumerate((0, 1, 1, 2))]
        assert RANKING.chance(features) == math.inf
        RANKING.draw(features, TrainSettings(), (0,))
        assert [feature.rivals for feature in features] == [4, 3, 3, 4]
        assert RANKING.chance(features) == pytest.approx((2 * math.log(4) + 2 * math.log(3)) / 4)
        history = History(rows=[{"task": "lareqa", "step": 1, "loss": 1.4, "updates": 1}], steps=1)
        history.judge({"lareqa": RANKING.chance(features)})
        assert history.degenerate


class TestRun:
    @pytest.fixture(scope="class")
    def trained(self, make_model, tokenizer, tmp_path_factory):
        """An encoder and a head that have learnt which words a query shares with its candidate."""
        settings = TrainSettings(steps=400, batch_size=12, learning_rate=5e-3, max_length=32, **EXACT)
        rows = Dataset.from_dict(toy())
        features = RANKING.encode(rows, tokenizer, (), 32)
        model = make_model()
        part = loop.Ingredient("lareqa", features, (), RANKING)
        heads, history = loop.train(model, [part], settings, 0, tmp_path_factory.mktemp("run"))
        return model, heads["lareqa"], settings, history

    def test_it_learns(self, trained):
        _, head, _, history = trained
        assert not history.degenerate
        assert history.final("lareqa") < 0.2 < math.log(12)
        assert float(head.scale.detach()) != 100.0

    def ranked(self, trained, tokenizer, rows):
        model, head, settings, _ = trained
        return evaluate.Reader(model, head, RANKING, tokenizer, (), settings).predict_languages(rows)

    def test_vectors_do_not_depend_on_the_batches(self, trained, tokenizer, monkeypatch):
        model, head, settings, _ = trained
        rows = Dataset.from_dict(toy())
        readers = [
            evaluate.Reader(model, head, RANKING, tokenizer, (), settings, tokens) for tokens in (1, 4096)
        ]
        one, many = (reader.vectors(rows) for reader in readers)
        assert np.allclose(one, many, atol=1e-5)
        assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
        monkeypatch.setattr(evaluate, "CHUNK", 5)
        assert np.allclose(readers[1].vectors(rows), many, atol=1e-5)

    def test_the_twenty_best_of_each_query_best_first(self, trained, tokenizer):
        found = self.ranked(trained, tokenizer, {"en": Dataset.from_dict(toy())})["en"]
        assert list(found) == [f"q{i}" for i in range(24)]
        assert [ids[0] for ids in found.values()] == [f"c{i}" for i in range(24)]
        assert {len(set(ids)) for ids in found.values()} == {20}

    def test_the_candidates_of_all_languages_are_one_pool(self, trained, tokenizer, tmp_path):
        """A question has one right answer in each language, as LAReQA's have."""
        rows = {code: Dataset.from_dict(toy(mark=f"{code}-")) for code in ("en", "de")}
        found = self.ranked(trained, tokenizer, rows)
        assert {code.split("-")[0] for code in found["en"]["q3"][:2]} == {"en", "de"}
        for code in rows:
            path = evaluate.write_predictions("lareqa", code, rows[code], found[code], tmp_path / "ours")
            assert path == tmp_path / "ours" / "lareqa" / f"test-{code}.json"
            evaluate.write_labels("lareqa", code, rows[code], tmp_path / "labels", rows)
        gold = json.loads((tmp_path / "labels" / "lareqa" / "test-de.json").read_text())
        assert gold["q3"] == ["en-c3", "de-c3"]
        scores = scoring.score_task("lareqa", tmp_path / "ours", tmp_path / "labels")
        assert [metrics["map@20"] > 90 for metrics in scores.values()] == [True, True]

    def test_a_candidate_that_every_language_lists_counts_once(self, trained, tokenizer, tmp_path):
        """Mewsli-X's entities are the same for mentions in any language."""
        rows = {"en": toy(), "de": toy()}
        rows["de"]["id"] = [f"de-{name}" if name[0] == "q" else name for name in rows["de"]["id"]]
        rows = {code: Dataset.from_dict(part) for code, part in rows.items()}
        found = self.ranked(trained, tokenizer, rows)
        assert all(len(set(ids)) == 20 for part in found.values() for ids in part.values())
        for code in rows:
            evaluate.write_predictions("mewslix", code, rows[code], found[code], tmp_path / "predictions")
            path = evaluate.write_labels("mewslix", code, rows[code], tmp_path / "labels", rows)
        assert json.loads(path.read_text())["de-q5"] == ["c5"]
        scores = scoring.score_task("mewslix", tmp_path / "predictions", tmp_path / "labels")
        assert [metrics["map@20"] > 90 for metrics in scores.values()] == [True, True]
