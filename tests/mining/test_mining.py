"""Neighbours against brute force, margins and strategies by hand, and what a wrong case says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from xstilts_lib import cli, mining
from xstilts_lib.common.errors import UserError
from xstilts_lib.mining import bitext, neighbours, search
from xstilts_lib.mining.bitext import MiningSettings, Side


def vectors(n: int, m: int, d: int = 24, mean: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two sets that share a mean, as encoders' embeddings do; a third of the smaller has a partner."""
    random = np.random.default_rng(seed)
    x, y = random.standard_normal((n, d)), random.standard_normal((m, d))
    third = min(n, m) // 3
    y[m - third :] = x[:third] + 0.2 * y[m - third :]
    shared = mean * random.standard_normal(d)
    return (x + shared).astype(np.float32), (y + shared).astype(np.float32)


def by_force(x: np.ndarray, y: np.ndarray, k: int) -> np.ndarray:
    """Cosines of the k nearest, in float64, (n, k)."""
    x, y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x.astype(float), y.astype(float)))
    return -np.sort(-(x @ y.T), axis=1)[:, :k]


class TestNeighbours:
    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    @pytest.mark.parametrize("mean", [0.0, 2.0])
    @pytest.mark.parametrize(
        ("n", "m", "k"), [(300, 500, 4), (700, 130, 20), (64, 64, 1), (5, 300, 3), (3, 2, 4)]
    )
    def test_they_are_those_of_brute_force(self, n, m, k, mean, precision):
        x, y = vectors(n, m, mean=mean)
        forward, backward = mining.nearest(x, y, k, precision=precision, device="cpu", tile=(128, 192))
        for found, own, other in ((forward, x, y), (backward, y, x)):
            expected = by_force(own, other, k)
            assert found.indices.shape == expected.shape
            np.testing.assert_allclose(found.values, expected, atol=2e-6)
            unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (own, other)]
            named = np.einsum("nd,nkd->nk", unit[0], unit[1][found.indices])
            np.testing.assert_allclose(found.values, named, atol=2e-6)
            assert all(len(set(row)) == len(row) for row in found.indices.tolist())

    def test_the_tiles_do_not_matter(self):
        x, y = vectors(400, 600)
        whole, _ = mining.nearest(x, y, 4, precision="fp32", device="cpu")
        parts, _ = mining.nearest(x, y, 4, precision="fp32", device="cpu", tile=(64, 64))
        np.testing.assert_array_equal(whole.indices, parts.indices)

    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    @pytest.mark.parametrize(("n", "m", "k"), [(300, 500, 4), (70, 9, 20)])
    def test_the_blocks_do_not_matter(self, n, m, k, precision, monkeypatch):
        x, y = vectors(n, m, mean=1.0)
        y[-3:] = y[1]  # equal ones in blocks of their own
        whole = mining.nearest(x, y, k, precision=precision, device="cpu")
        monkeypatch.setattr(neighbours, "BLOCK", 64 * x.shape[1])
        for parts, expected in zip(
            mining.nearest(x, y, k, precision=precision, device="cpu"), whole, strict=True
        ):
            np.testing.assert_array_equal(parts.indices, expected.indices)
            np.testing.assert_allclose(parts.values, expected.values, atol=2e-7)

    def test_no_more_than_a_block_of_each_side_is_copied(self, monkeypatch):
        monkeypatch.setattr(neighbours, "BLOCK", 1000 * 24)
        sizes = []

        def counted(left, right, *rest):
            sizes.append((len(left), len(right)))
            return search.search(left, right, *rest)

        monkeypatch.setattr(neighbours, "search", counted)
        x, y = vectors(1200, 2500)
        mining.nearest(x, y, 4, device="cpu", precision="fp32")
        assert sizes == [(a, b) for a in (1000, 200) for b in (1000, 1000, 500)]

    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    def test_equal_vectors_come_in_the_order_of_their_index(self, precision):
        x = np.eye(4, dtype=np.float32)
        y = np.tile(np.eye(4, dtype=np.float32), (80, 1))
        found, _ = mining.nearest(x, y, 5, precision=precision, device="cpu", tile=(64, 64))
        np.testing.assert_array_equal(found.indices[1], [1, 5, 9, 13, 17])
        np.testing.assert_array_equal(found.values, np.ones((4, 5)))

    def test_vectors_that_are_all_alike_are_no_trouble(self):
        x = np.ones((200, 8), dtype=np.float32)
        for precision in ("fp32", "bf16"):
            forward, backward = mining.nearest(x, x, 4, precision=precision, device="cpu", tile=(64, 128))
            np.testing.assert_allclose(forward.values, 1, atol=1e-6)
            np.testing.assert_allclose(backward.values, 1, atol=1e-6)

    def test_inner_products_without_normalising(self):
        x, y = np.array([[2.0, 0.0]]), np.array([[0.9, 0.0], [1.0, 5.0]])
        found, _ = mining.nearest(x, y, 1, normalise=False, device="cpu")
        assert (found.indices.item(), found.values.item()) == (1, 2.0)

    def test_views_and_arrays_that_are_read_only_are_taken_and_left_as_they_are(self):
        x, y = vectors(20, 30)
        x.flags.writeable = False
        before = y.copy()
        turned, _ = mining.nearest(x[::-1], y, 2, device="cpu")
        straight, _ = mining.nearest(x, y, 2, device="cpu")
        np.testing.assert_array_equal(turned.indices[::-1], straight.indices)
        np.testing.assert_array_equal(y, before)

    def test_products_are_float32_whatever_training_allows(self):
        x, y = vectors(200, 300)
        torch.set_float32_matmul_precision("medium")
        try:
            found, _ = mining.nearest(x, y, 4, precision="fp32", device="cpu")
            assert torch.get_float32_matmul_precision() == "medium"
        finally:
            torch.set_float32_matmul_precision("highest")
        np.testing.assert_allclose(found.values, by_force(x, y, 4), atol=2e-6)

    def test_one_direction_alone(self):
        forward, backward = mining.nearest(*vectors(20, 30), 4, both=False, device="cpu")
        assert (forward.indices.shape, backward.indices.shape) == ((20, 4), (30, 0))

    def test_half_precision_embeddings_are_taken(self):
        x, y = vectors(20, 30)
        found, _ = mining.nearest(x.astype(np.float16), y, 1, device="cpu")
        np.testing.assert_allclose(found.values, by_force(x.astype(np.float16), y, 1), atol=2e-6)

    @pytest.mark.parametrize(
        ("x", "y", "k", "message"),
        [
            (np.ones((2, 3)), np.ones((2, 4)), 1, "3 and 4 dimensions"),
            (np.ones((0, 3)), np.ones((2, 3)), 1, "shape \\(0, 3\\)"),
            (np.ones(3), np.ones((2, 3)), 1, "shape \\(3,\\)"),
            (np.array([[1.0, np.nan]]), np.ones((2, 2)), 1, "not finite"),
            (np.array([[1.0, np.inf]]), np.ones((2, 2)), 1, "not finite"),
            (np.ones((2, 3)), np.ones((2, 3)), 0, "number of neighbours is 0"),
        ],
    )
    def test_vectors_that_do_not_fit_are_refused(self, x, y, k, message):
        with pytest.raises(UserError, match=message):
            mining.nearest(x, y, k, device="cpu")

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
    def test_a_gpu_finds_the_same(self):
        x, y = vectors(3000, 5000, d=64)
        for ours, theirs in zip(
            mining.nearest(x, y, 4, device="cuda"), mining.nearest(x, y, 4, device="cpu"), strict=True
        ):
            np.testing.assert_allclose(ours.values, theirs.values, atol=2e-6)


class TestScreening:
    @pytest.mark.parametrize("mean", [0.0, 1.0, 10.0])
    def test_no_product_errs_more_than_the_bound(self, mean):
        x, y = (torch.nn.functional.normalize(torch.from_numpy(side)) for side in vectors(200, 300, 96, mean))
        coarse = search.Coarse(x, y)
        exact = x.double() @ y.double().T
        products = coarse.x.double() @ coarse.y.double().T + coarse.shift
        assert float((products - exact).abs().max()) < coarse.bound

    def test_rows_that_are_not_sure_are_searched_again(self):
        # Neighbours closer together than bfloat16 can tell apart.
        random = np.random.default_rng(0)
        x = torch.nn.functional.normalize(
            torch.from_numpy(random.standard_normal((50, 32)).astype(np.float32))
        )
        y = (
            x[:10].repeat_interleave(40, 0)
            + 1e-4 * torch.from_numpy(random.standard_normal((400, 32))).float()
        )
        coarse = search.Coarse(x, y)
        found, _ = search.search(coarse.x, coarse.y, 12, 0)
        _, sure = coarse.checked(found, x, y, 2)
        assert not sure[:10].any()
        best, _ = search.screened(x, y, (2, 2), None, trial=False)
        exact = (x @ y.T).topk(2).values
        np.testing.assert_allclose(best.values, exact, atol=1e-6)
        assert search.screened(x, y, (2, 2), None, trial=True) is None


class TestChoosing:
    # Three sentences a side. The first target is a hub: near to every source.
    X = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 0.6, 0.8]])
    Y = np.array([[0.9, 0.4, 0.2], [0.6, 0.8, 0.0], [0.0, 0.5, 0.9]])

    def pairs(self, **settings) -> list[tuple[int, int]]:
        found = mining.mine(self.X, self.Y, MiningSettings(**settings), device="cpu")
        assert (np.diff(found.score) <= 0).all()
        return list(zip(found.source.tolist(), found.target.tolist(), strict=True))

    def test_margins_by_hand(self):
        unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (self.X, self.Y)]
        cosines = unit[0] @ unit[1].T
        around = (np.sort(cosines)[:, 1:].mean(1)[:, None] + np.sort(cosines.T)[:, 1:].mean(1)[None]) / 2
        for margin, scores in (
            ("ratio", cosines / around),
            ("distance", cosines - around),
            ("absolute", cosines),
        ):
            settings = MiningSettings(margin=margin, strategy="forward", neighbours=2)
            found = mining.mine(self.X, self.Y, settings, device="cpu")
            # The best partner is one of the two nearest.
            nearest = np.argsort(-cosines)[:, :2]
            best = {i: max(scores[i, j] for j in nearest[i]) for i in range(3)}
            assert dict(zip(found.source.tolist(), found.score.tolist(), strict=True)) == pytest.approx(
                best, abs=1e-6
            )

    def test_strategies(self):
        forward, backward = self.pairs(strategy="forward"), self.pairs(strategy="backward")
        assert [i for i, _ in sorted(forward)] == [0, 1, 2]
        assert sorted(j for _, j in backward) == [0, 1, 2]
        assert set(self.pairs(strategy="intersection")) == set(forward) & set(backward)
        merged = self.pairs(strategy="max")
        assert set(merged) <= set(forward) | set(backward)
        assert len({i for i, _ in merged}) == len({j for _, j in merged}) == len(merged)

    def test_a_ratio_to_nothing_is_refused(self):
        with pytest.raises(UserError, match="A mean cosine of 0 has no ratio"):
            mining.mine(np.eye(4)[:2], np.eye(4)[2:], MiningSettings(), device="cpu")

    def test_max_leaves_out_what_scores_no_more_than_the_floor(self):
        everything = mining.mine(self.X, self.Y, MiningSettings(), device="cpu")
        floor = float(everything.score[1])
        assert self.pairs(floor=floor) == self.pairs()[:1]

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"margin": "ration"}, "margin: 'ration' is not valid: did you mean 'ratio'"),
            ({"strategy": "maximum"}, "strategy: 'maximum' is not valid"),
            ({"neighbours": 0}, "neighbours: expected a whole number of at least 1, found 0"),
        ],
    )
    def test_settings_are_checked(self, settings, message):
        with pytest.raises(UserError, match=message):
            MiningSettings(**settings)

    def test_repeated_sentences_are_searched_once_and_never_mined(self):
        x = np.eye(5, dtype=np.float32)
        x[3] = x[1]  # the last of two equal lines stands for both
        source = Side(["a", "b", "c", "d", "e"], ["one", "two", "three", "two", "five "], x)
        y = np.eye(5, dtype=np.float32)[[0, 1, 2, 4]]
        target = Side(["w", "x", "y", "z"], ["eins", "zwei", "drei", "fünf"], y)
        mined = mining.mine_sentences(
            source, target, MiningSettings(margin="absolute", neighbours=1), device="cpu"
        )
        assert mined == {("a", "w"): 1.0, ("c", "y"): 1.0, ("e", "z"): 1.0}
        assert bitext._distinct(source.sentences).tolist() == [0, 3, 2, 4]

    def test_lines_that_differ_in_spaces_alone_are_repeated_sentences(self):
        assert bitext._lone(["one", " one", "two"]) == {2}

    def test_a_side_needs_as_many_ids_as_sentences(self):
        with pytest.raises(UserError, match="2 ids, 1 sentences and 2 embeddings"):
            Side(["a", "b"], ["one"], np.eye(2))


class TestThreshold:
    def test_it_lies_between_the_last_taken_and_the_next(self):
        scores, right = np.array([1.5, 1.3, 1.1, 1.0]), np.array([True, False, True, False])
        # F1: 2/(1+2), 2/(2+2), 4/(3+2), 4/(4+2)
        assert mining.bitext.tune_threshold(scores, right, 2) == pytest.approx(1.05)

    def test_the_first_of_equal_scores_wins(self):
        # F1 is 2/3 after one pair and again after four.
        right = np.array([True, False, False, True])
        assert mining.bitext.tune_threshold(np.array([4.0, 3.0, 2.0, 1.0]), right, 2) == 3.5

    def test_all_pairs_right(self):
        assert mining.bitext.tune_threshold(np.array([2.0, 1.0]), np.array([True, True]), 2) == 1.0

    def test_none_right_and_none_mined(self):
        assert mining.bitext.tune_threshold(np.array([2.0]), np.array([False]), 2) == 0.0
        assert mining.tuned_on({}, {("a", "b")}) == 0.0

    def test_scores_at_a_threshold(self):
        mined = {("a", "x"): 1.2, ("b", "y"): 1.1, ("c", "z"): 0.9}
        found = mining.scores_at(1.1, mined, {("a", "x"), ("c", "z"), ("d", "w")})
        assert found == {"precision": 50.0, "recall": pytest.approx(100 / 3), "f1": pytest.approx(40.0)}


class TestRanking:
    def test_the_query_finds_its_translation(self):
        x, _ = vectors(50, 50)
        order = np.random.default_rng(3).permutation(50)
        found = mining.retrieve(x, x[order], device="cpu")
        np.testing.assert_array_equal(order[found], np.arange(50))

    def test_twenty_best_of_a_pool(self):
        x, y = vectors(30, 200)
        ranked = mining.rank(x, y, device="cpu")
        np.testing.assert_array_equal(ranked, np.argsort(-(x @ y.T), axis=1)[:, :20])


def write_case(folder: Path, n: int = 40) -> Path:
    """A case of mining in which every sentence has its translation."""
    for split, seed in (("dev", 1), ("test", 2)):
        x, _ = vectors(n, n, seed=seed)
        np.savez(folder / f"{split}.embeddings.npz", sw=x, en=x[::-1])
        for language in ("sw", "en"):
            ids = [f"{language}-{i:03d}" for i in range(n)]
            (folder / f"{split}.{language}.id").write_text("\n".join(ids) + "\n")
            (folder / f"{split}.{language}.txt").write_text("".join(f"{language} {i}\n" for i in range(n)))
        gold = "".join(f"sw-{i:03d}\ten-{n - 1 - i:03d}\n" for i in range(n))
        (folder / f"{split}.gold").write_text(gold)
    return folder


class TestCase:
    def test_a_case_of_plain_translations(self, tmp_path):
        found = mining.mine_case(write_case(tmp_path), "sw", "en", device="cpu")
        perfect = {"precision": 100.0, "recall": 100.0, "f1": 100.0}
        assert set(found) == {"threshold", "dev", "test"}
        assert found["dev"] == perfect
        assert found["threshold"] > 0
        assert json.loads(json.dumps(found)) == found

    def test_settings_reach_the_search(self, tmp_path):
        settings = MiningSettings(margin="absolute", neighbours=1)
        assert mining.mine_case(write_case(tmp_path), "sw", "en", settings, "cpu")[
            "threshold"
        ] == pytest.approx(1.0)

    def test_settings_reach_the_search_from_the_command_line(self, tmp_path):
        write_case(tmp_path)
        command = [sys.executable, "-m", "xstilts_lib.cli", "mine", str(tmp_path), "--source", "sw"]
        chosen = ["--margin", "distance", "--strategy", "forward", "--neighbours", "2"]
        env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run([*command, *chosen], capture_output=True, text=True, check=True, env=env)
        settings = MiningSettings(margin="distance", strategy="forward", neighbours=2)
        assert json.loads(done.stdout) == mining.mine_case(tmp_path, "sw", "en", settings, "cpu")

    def test_the_command_line_knows_every_margin_and_strategy(self):
        assert cli.Margin == bitext.Margin
        assert cli.Strategy == bitext.Strategy

    @pytest.mark.parametrize(
        ("file", "content", "message"),
        [
            ("test.gold", None, "test.gold is missing"),
            ("dev.gold", "", "dev.gold is empty"),
            ("dev.gold", "sw-000 en-000\n", "dev.gold, line 1, has 1 columns"),
            ("dev.sw.id", "sw-000\n", "1 ids, 40 sentences and 40 embeddings"),
            ("dev.sw.txt", "<html><body>404</body></html>", "is an HTML page"),
            ("dev.embeddings.npz", "PK\x03\x04 cut", "no complete .npz file"),
            ("dev.embeddings.npz", None, "dev.embeddings.npz is missing"),
        ],
    )
    def test_wrong_files_are_refused_in_a_sentence(self, tmp_path, file, content, message):
        write_case(tmp_path)
        (tmp_path / file).unlink() if content is None else (tmp_path / file).write_text(content)
        with pytest.raises(UserError, match=message):
            mining.mine_case(tmp_path, "sw", "en", device="cpu")

    @pytest.mark.parametrize(
        ("file", "content", "message"),
        [
            ("dev.gold", "en-000\tsw-000\n", "dev.gold, line 1: the id 'en-000' is of the other side"),
            ("test.gold", "sw-000\ten-000\nsw-001\ten-9\n", "line 2: the id 'en-9' is of no sentence"),
            ("test.gold", "sw-00\ten-000\n", "test.gold, line 1: the id 'sw-00' is of no sentence"),
            ("test.gold", "sw\ten\nsw-000\ten-000\n", "test.gold, line 1, names its columns"),
            ("test.gold", "sw-000\ten-000\n\nsw-001\ten-001\n", "test.gold, line 2, has 1 columns"),
            ("dev.en.id", "en-000\n" * 40, "dev, 'en': The id 'en-000' stands for 40 sentences"),
        ],
    )  # fmt: skip
    def test_gold_pairs_are_of_the_sentences(self, tmp_path, file, content, message):
        (write_case(tmp_path) / file).write_text(content)
        with pytest.raises(UserError, match=message):
            mining.mine_case(tmp_path, "sw", "en", device="cpu")

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_embeddings_that_are_not_finite_are_named(self, tmp_path, number):
        write_case(tmp_path)
        x, y = vectors(40, 40)
        y[7, 3] = number
        np.savez(tmp_path / "test.embeddings.npz", sw=x, en=y)
        with pytest.raises(UserError, match=r"test.embeddings.npz: row 7 of 'en', .* not all finite"):
            mining.mine_case(tmp_path, "sw", "en", device="cpu")

    def test_a_language_without_embeddings_is_named(self, tmp_path):
        for path in write_case(tmp_path).glob("*.sw.*"):
            path.rename(tmp_path / path.name.replace(".sw.", ".de."))
        with pytest.raises(UserError, match=r"dev.embeddings.npz has no array 'de', but sw, en"):
            mining.mine_case(tmp_path, "de", "en", device="cpu")

    def test_a_truncated_archive_is_named(self, tmp_path):
        file = write_case(tmp_path) / "dev.embeddings.npz"
        file.write_bytes(file.read_bytes()[:-200])
        with pytest.raises(UserError, match=r"no complete \.npz file"):
            mining.mine_case(tmp_path, "sw", "en", device="cpu")

    def test_no_folder(self, tmp_path):
        with pytest.raises(UserError, match="is no folder"):
            mining.mine_case(tmp_path / "nowhere", "sw", "en")
