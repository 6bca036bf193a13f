"""The study's signature: each verdict on results in which the answer is known."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from xstilts_lib.analysis import claims, typology
from xstilts_lib.analysis import verdicts as v
from xstilts_lib.analysis.statistics import Interval

LIKE_THE_STUDY = {
    ("mini_squad", "mini_tydiqa"): 12.0,
    ("mini_mnli+mini_squad", "mini_tydiqa"): 8.0,
    **{(recipe, target): 15.0 for recipe in ("mini_squad", "mini_mnli", "mini_mnli+mini_squad")
       for target in ("mini_tatoeba", "mini_bucc2018")},
}  # fmt: skip


def verdicts(results: pd.DataFrame, declared=(), **terms) -> dict[str, v.Verdict]:
    table = typology.languages(results["language"], declared)
    view = claims.overview(results, table, v.Terms(**terms))
    found = claims.judged(view, claims.SIGNATURE.values())
    return {name: one.verdict for name, one in zip(claims.SIGNATURE, found, strict=True)}


def test_results_like_the_studys(build, declared) -> None:
    found = verdicts(build(LIKE_THE_STUDY), declared)
    assert found.pop("distance-of-gains").word == "inconclusive", "gains are the same in every language"
    assert found.pop("mean-gain-without-retrieval").word == "inconclusive", "not of every recipe"
    assert {name: check.word for name, check in found.items()} == dict.fromkeys(found, "supported")
    assert list(found) == [
        "above-floor", "scarce-questions", "same-data", "retrieval", "retrieval-most", "mean-gain",
        "distance", "resources",
    ]  # fmt: skip
    assert found["scarce-questions"].interval.estimate == pytest.approx(12, abs=0.5)
    assert "within ±2 points" in found["same-data"].evidence
    assert found["distance"].interval.n == 7


def test_results_unlike_the_studys(build, declared) -> None:
    effects = {("mini_squad", "mini_tydiqa"): -5.0, ("mini_mnli", "mini_xnli"): 6.0}
    effects |= {
        key: -value for key, value in LIKE_THE_STUDY.items() if key[1] in ("mini_tatoeba", "mini_bucc2018")
    }
    found = verdicts(build(effects), declared)
    absent = ("scarce-questions", "same-data", "retrieval", "retrieval-most", "mean-gain")
    assert [found[name].word for name in absent] == ["contradicted"] * 5
    assert "−15" in found["retrieval"].sentence


def test_retrieval_that_was_not_learnt_shows_nothing(build, declared) -> None:
    unlearnt = {("untrained", target): 30.0 for target in ("mini_tatoeba", "mini_bucc2018")}
    found = verdicts(build(LIKE_THE_STUDY | unlearnt), declared)
    assert found["retrieval"].word == found["retrieval-most"].word == "untestable here"


def test_noise_is_inconclusive(build) -> None:
    found = verdicts(build({("mini_squad", "mini_tydiqa"): 3.0}, seeds=[0, 1, 2], noise=4.0))
    assert found["scarce-questions"].word == "inconclusive"
    assert math.isfinite(found["scarce-questions"].interval.low)


def test_one_seed_tests_nothing(build, declared) -> None:
    found = verdicts(build(LIKE_THE_STUDY, seeds=[0]), declared)
    over_seeds = [check for check in found.values() if check.unit == v.POINTS and check.known]
    assert {check.word for check in over_seeds} == {"untestable here"}
    assert "1 seed, which gives no interval" in found["retrieval"].sentence


def test_a_target_that_was_never_learnt_proves_nothing(build) -> None:
    found = verdicts(build({("untrained", "mini_xnli"): 30.0}))
    assert found["same-data"].word == "untestable here"
    assert found["above-floor"].word != "supported"
    assert "XNLI" in found["above-floor"].evidence


def test_an_experiment_without_a_floor(build) -> None:
    found = verdicts(build({}, recipes=["none", "mini_mnli"]))
    assert found["above-floor"].evidence == "the floor is no recipe of this experiment"
    assert found["same-data"].word == "supported"


def test_margin_moves_the_verdict(build) -> None:
    results = build({("mini_mnli", "mini_xnli"): 3.0}, noise=0.3)
    assert verdicts(results, margin=2.0)["same-data"].word == "contradicted"
    assert verdicts(results, margin=5.0)["same-data"].word == "supported"


def test_languages_of_which_nothing_is_known(build) -> None:
    found = verdicts(build(LIKE_THE_STUDY))
    assert found["distance"].word == found["resources"].word == "untestable here"
    assert found["distance"].sentence == "Untestable here: no distances are known for these languages."


def test_gains_that_shrink_with_distance(build, declared) -> None:
    results = build({})
    far = results["language"].map({row["code"]: row["distance"] for row in declared})
    trained = results["recipe"].str.startswith("mini_")
    results.loc[trained, "value"] += 12 * (1 - far[trained])
    check = verdicts(results, declared)["distance-of-gains"]
    assert check.word == "supported"
    assert check.interval.estimate < -0.9


def test_resources_without_a_pair_are_a_correlation(build, declared) -> None:
    for place, row in enumerate(declared):
        row["cognates"] = place / 10
    found = verdicts(build(LIKE_THE_STUDY), declared)["resources"]
    assert found.unit == v.RHO
    assert found.interval.n == 7


def test_real_tasks() -> None:
    """Names of the real tasks take part in the same checks: rules rest on the table of tasks."""
    rows = [
        {"model": "m", "recipe": recipe, "target": target, "language": language, "seed": seed,
         "metric": "score", "value": 50.0 + seed - 20 * (recipe == "untrained")
                                 + 9 * (recipe == "squad_v1" and target == "tatoeba")}
        for recipe in ("untrained", "none", "squad_v1")
        for target in ("xquad", "udpos", "tatoeba") for language in ("de", "fi", "zh") for seed in (0, 1, 2)
    ]  # fmt: skip
    found = verdicts(pd.DataFrame(rows))
    assert found["same-data"].word == "supported"
    assert found["retrieval"].word == "supported"
    assert found["scarce-questions"].evidence.startswith("no such recipe, or no such target")


def test_rules_at_their_edges() -> None:
    wide, high, low = Interval(1, -5, 7, 3), Interval(4, 1, 7, 3), Interval(-4, -7, -1, 3)
    nothing = Interval(math.nan, math.nan, math.nan, 0)
    assert [v.rises(each, 2.0) for each in (wide, high, low, nothing)] == [
        "inconclusive", "supported", "contradicted", "inconclusive",
    ]  # fmt: skip
    assert [v.gains_nothing(each, 2.0) for each in (wide, high, low, nothing)] == [
        "inconclusive", "contradicted", "supported", "inconclusive",
    ]  # fmt: skip
    small = Interval(1, 0.5, 1.5, 3)
    assert v.rises(small, 2.0) == "supported", "it rises"
    assert v.gains_nothing(small, 2.0) == "supported", "by less than is worth a claim"


def test_table_and_count(build, declared) -> None:
    found = list(verdicts(build(LIKE_THE_STUDY), declared).values())
    assert v.counted(found) == ("8 supported, 0 contradicted, 2 inconclusive and 0 untestable here")
