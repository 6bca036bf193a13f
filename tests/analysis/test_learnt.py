"""Which targets count as learnt."""

from __future__ import annotations

import math

import pandas
import pytest

from xstilts_lib.analysis import learnt

KEYS = ["model", "recipe", "target", "language", "seed", "score"]


def scores(language: str = "qaa", target: str = "mini_udpos", **columns: list[float]) -> pandas.DataFrame:
    rows = [
        ("tiny", recipe, target, language, seed, float(score))
        for recipe, column in columns.items()
        for seed, score in enumerate(column)
    ]
    return pandas.DataFrame(rows, columns=KEYS)


def dev(target: str = "mini_udpos", **columns: list[float]) -> pandas.DataFrame:
    return scores("en", target, **columns).drop(columns="language")


NO_DEV = dev()


def test_english_that_random_weights_learn_too_is_no_floor() -> None:
    foreign = scores(none=[84, 85, 86], untrained=[41, 42, 43])
    found = learnt.table(foreign, dev(none=[100, 100, 100], untrained=[100, 100, 100]))
    (row,) = found.to_dict("records")
    assert (row["english"], row["chance"], row["others"], row["floor"]) == (100, 0, 85, 42)
    assert (row["estimate"], row["seeds"], row["learnt"]) == (43, 3, True)
    assert learnt.told(found) == "The untouched encoder learns parts of speech."


def test_a_mean_above_the_floor_is_not_enough() -> None:
    found = learnt.table(scores(none=[60, 41, 62], untrained=[40, 41, 42]), NO_DEV)
    assert found["estimate"].tolist() == [pytest.approx(40 / 3)]
    assert learnt.targets(found) == []
    assert learnt.told(found) == "Not learnt, so that no claim rests on them: parts of speech."


def test_english_has_to_lie_above_chance() -> None:
    foreign = scores(target="mini_xnli", none=[60, 61, 62], untrained=[30, 31, 32])
    lucky, sure = ([30.0, 34.0, 37.0], [53.0, 54.0, 55.0])
    for english, expected in ((lucky, []), (sure, ["mini_xnli"])):
        found = learnt.table(foreign, dev("mini_xnli", none=english))
        assert found["chance"].tolist() == [pytest.approx(100 / 3)]
        assert learnt.targets(found) == expected


def test_without_random_weights_chance_alone_counts_and_a_seed_has_to_lie_above() -> None:
    found = learnt.table(scores(target="mini_xnli", none=[35.0]), NO_DEV)
    assert math.isnan(found["floor"].iloc[0])
    assert learnt.targets(found) == ["mini_xnli"]
    assert learnt.targets(learnt.table(scores(target="mini_xnli", none=[33.0]), NO_DEV)) == []


def test_every_model_has_to_learn_it() -> None:
    good, bad = (scores(none=[70 + up, 71 + up], untrained=[60, 61]) for up in (0, -20))
    found = learnt.table(pandas.concat([good, bad.assign(model="other")]), NO_DEV)
    assert found["learnt"].tolist() == [True, False]
    assert learnt.targets(found) == []
