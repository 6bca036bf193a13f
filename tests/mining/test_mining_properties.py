"""Mining of random sentences against a slow implementation with loops, and what must hold in ties."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from xstilts_lib import mining
from xstilts_lib.mining import MiningSettings, Side

MARGINS = ("ratio", "distance", "absolute")
STRATEGIES = ("max", "intersection", "forward", "backward")


def sides(seed: int, n: int = 40, m: int = 55, repeated: int = 6) -> tuple[Side, Side]:
    """Two sets of sentences, a third of them translations, some standing twice, one with a space more."""
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((n, 12)), draw.standard_normal((m, 12))
    y[: n // 3] = x[: n // 3] + 0.3 * y[: n // 3]
    x, y = x + 0.5, y + 0.5
    found = []
    for code, vectors in (("de", x), ("en", y)):
        sentences = [f"{code} {i}" for i in range(len(vectors))]
        for i in range(repeated):
            sentences[-i - 1] = sentences[i]
        sentences[repeated] = f" {sentences[repeated + 1]}"
        found.append(
            Side([f"{code}-{i}" for i in range(len(vectors))], sentences, vectors.astype(np.float32))
        )
    return found[0], found[1]


def slow(source: Side, target: Side, margin: str, strategy: str, k: int) -> dict[tuple[str, str], float]:
    """From the description in Artetxe and Schwenk (2019), with loops."""
    rows = {text: i for i, text in enumerate(source.sentences)}
    columns = {text: j for j, text in enumerate(target.sentences)}

    def cosine(a: str, b: str) -> float:
        x, y = source.embeddings[rows[a]].astype(float), target.embeddings[columns[b]].astype(float)
        return float(x @ y / np.sqrt((x @ x) * (y @ y)))

    table = {(a, b): cosine(a, b) for a in rows for b in columns}
    near_a = {a: sorted(columns, key=lambda b: -table[a, b])[:k] for a in rows}
    near_b = {b: sorted(rows, key=lambda a: -table[a, b])[:k] for b in columns}
    mean_a = {a: sum(table[a, b] for b in near_a[a]) / len(near_a[a]) for a in rows}
    mean_b = {b: sum(table[a, b] for a in near_b[b]) / len(near_b[b]) for b in columns}

    def score(a: str, b: str) -> float:
        near, around = table[a, b], (mean_a[a] + mean_b[b]) / 2
        return {"ratio": near / around, "distance": near - around, "absolute": near}[margin]

    forward = [(a, max(near_a[a], key=lambda b: score(a, b))) for a in rows]
    backward = [(max(near_b[b], key=lambda a: score(a, b)), b) for b in columns]
    if strategy == "max":
        chosen: list[tuple[str, str]] = []
        for a, b in sorted({*forward, *backward}, key=lambda pair: -score(*pair)):
            if score(a, b) > 0 and all(a != other[0] and b != other[1] for other in chosen):
                chosen.append((a, b))
    elif strategy == "intersection":
        chosen = [pair for pair in forward if pair in backward]
    else:
        chosen = {"forward": forward, "backward": backward}[strategy]
    ids = []
    for side in (source, target):
        stripped = [text.strip() for text in side.sentences]
        pairs = zip(stripped, side.ids, strict=True)
        ids.append({text: name for text, name in pairs if stripped.count(text) == 1})
    return {
        (ids[0][a.strip()], ids[1][b.strip()]): score(a, b)
        for a, b in chosen
        if a.strip() in ids[0] and b.strip() in ids[1]
    }


@pytest.mark.parametrize(("margin", "strategy"), itertools.product(MARGINS, STRATEGIES))
@pytest.mark.parametrize("seed", range(3))
def test_margins_and_strategies(seed, margin, strategy):
    source, target = sides(seed)
    for k in (1, 4):
        settings = MiningSettings(margin=margin, strategy=strategy, neighbours=k)
        found = mining.mine_sentences(source, target, settings, device="cpu")
        assert found == pytest.approx(slow(source, target, margin, strategy, k), abs=1e-5)
        assert list(found.values()) == sorted(found.values(), reverse=True)


def test_more_neighbours_than_sentences():
    source, target = sides(0, n=9, m=3, repeated=0)
    found = mining.mine_sentences(source, target, MiningSettings(neighbours=4), device="cpu")
    assert found == pytest.approx(slow(source, target, "ratio", "max", 4), abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_the_best_of_all(seed):
    """Few values, so that many pairs tie; equal scores above the threshold are all taken."""
    draw = random.Random(seed)
    scores = sorted((draw.choice((1.0, 1.1, 1.2, 1.25, 1.3)) for _ in range(25)), reverse=True)
    mined = {(f"a{i}", f"b{i}"): score for i, score in enumerate(scores)}
    gold = {pair for pair in mined if draw.random() < 0.4} | {("c", "d")}
    best, expected = 0.0, 0.0
    for taken in range(1, len(scores) + 1):
        right = sum(pair in gold for pair in list(mined)[:taken])
        f1 = 2 * right / (taken + len(gold))
        if f1 > best:
            following = scores[min(taken, len(scores) - 1)]
            best, expected = f1, (scores[taken - 1] + following) / 2
    assert mining.tuned_on(mined, gold) == pytest.approx(expected)
    taken = {pair for pair, score in mined.items() if score >= expected}
    right = len(taken & gold)
    metrics = mining.scores_at(expected, mined, gold)
    assert metrics["f1"] == pytest.approx(200 * right / (len(taken) + len(gold)))


@pytest.mark.parametrize("margin", MARGINS)
def test_ties_leave_every_sentence_at_most_one_partner(margin):
    """Sentences that share their vector: which of them is taken is arbitrary, and no more than one is."""
    draw = np.random.default_rng(0)
    x = np.repeat(draw.standard_normal((6, 8)), 4, axis=0).astype(np.float32)
    y = x[draw.permutation(len(x))]
    settings = MiningSettings(margin=margin, neighbours=8)
    found = mining.mine(x, y, settings, device="cpu")
    again = mining.mine(x, y, settings, device="cpu")
    for ours, theirs in ((found.source, again.source), (found.target, again.target)):
        np.testing.assert_array_equal(ours, theirs)
        assert len(set(ours.tolist())) == len(ours)
    np.testing.assert_allclose(x[found.source], y[found.target])
    assert {tuple(vector) for vector in x[found.source].tolist()} == {tuple(vector) for vector in x.tolist()}
