"""Batches: every example once an epoch, within the budget, of one length where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.base import Feature
from xstilts_lib.formats.batches import Stream, by_length, collate, divide


def features(lengths, choices=1):
    return [Feature([np.zeros(n, dtype=np.int32)] * choices, row) for row, n in enumerate(lengths)]


LENGTHS = np.random.default_rng(0).integers(5, 30, size=500).tolist()


@pytest.mark.parametrize(("size", "unit"), [(32, "examples"), (256, "tokens"), (1, "tokens")])
@pytest.mark.parametrize("choices", [1, 4])
def test_an_epoch_holds_each_example_once_and_keeps_to_the_size(size, unit, choices):
    stream = Stream(features(LENGTHS, choices), size, unit, seed=0, name="task")
    for epoch in range(2):
        batches = [stream.batch(epoch * stream.per_epoch + i) for i in range(stream.per_epoch)]
        assert sorted(f.row for batch in batches for f in batch) == list(range(500))
        for batch in batches:
            padded = max(f.length for f in batch) * len(batch) * choices
            assert (len(batch) if unit == "examples" else padded) <= size or len(batch) == 1
    if unit == "examples":
        assert stream.per_epoch <= np.ceil(500 / 32) + 1


def test_padding_is_under_five_percent():
    stream = Stream(features(LENGTHS), 256, "tokens", seed=0, name="task")
    batches = [stream.batch(i) for i in range(stream.per_epoch)]
    padded = sum(max(f.length for f in batch) * len(batch) for batch in batches)
    assert 1 - sum(LENGTHS) / padded < 0.05


def test_the_order_follows_from_seed_task_and_epoch():
    def order(seed, name, number):
        stream = Stream(features(LENGTHS), 32, "examples", seed, name)
        return [f.row for f in stream.batch(number)]

    assert order(0, "a", 3) == order(0, "a", 3)
    others = [order(1, "a", 3), order(0, "b", 3), order(0, "a", 4)]
    assert all(order(0, "a", 3) != other for other in others)


def test_a_batch_can_be_asked_for_out_of_turn():
    def make():
        return Stream(features(LENGTHS), 32, "examples", 0, "a")

    stream = make()
    in_turn = [[f.row for f in stream.batch(i)] for i in range(3 * stream.per_epoch)]
    assert [f.row for f in make().batch(2 * stream.per_epoch + 1)] == in_turn[2 * stream.per_epoch + 1]


def test_equal_lengths_need_no_mask():
    form = FORMATS["bitext"]
    assert collate(features([4, 4]), form, pad=1).mask is None
    batch = collate(features([4, 2]), form, pad=1)
    assert batch.ids.tolist() == [[0, 0, 0, 0], [0, 0, 1, 1]]
    assert batch.mask.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]


def test_evaluation_batches_hold_everything_once():
    made = features(LENGTHS)
    batches = by_length(made, 300)
    assert sorted(np.concatenate(batches)) == list(range(500))
    assert all(max(LENGTHS[i] for i in batch) * len(batch) <= 300 for batch in batches)
    assert sum(len({LENGTHS[i] for i in batch}) > 1 for batch in batches) < len(batches) / 10


@pytest.mark.parametrize(("number", "parts"), [(8, 4), (7, 3), (2, 4), (5, 1)])
def test_division_keeps_all_in_order(number, parts):
    made = features(range(1, number + 1))
    divided = divide(made, parts)
    assert [f.row for part in divided for f in part] == list(range(number))
    assert len(divided) == min(parts, number)
    assert max(map(len, divided)) - min(map(len, divided)) <= 1
