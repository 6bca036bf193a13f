"""From the results table to gains: what is paired, what a mean is over, what is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy import stats

from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis import wording
from xstilts_lib.common.errors import UserError

EFFECTS = {("mini_squad", "mini_tydiqa"): 12.0, ("mini_squad", "mini_tatoeba"): -9.0}


@pytest.fixture
def scores(build):
    return g.scores(build(EFFECTS))


def test_scores_are_the_headline_alone(build) -> None:
    results = build({})
    table = g.scores(results)
    assert len(table) == (results["metric"] == "score").sum()
    assert list(table.columns) == [*g.KEYS, "score", "examples"]


def test_dev_scores_are_english_and_apart(build) -> None:
    results = build({})
    dev = g.dev_scores(results)
    assert len(dev) == (results["metric"] == "dev_score").sum() > 0
    assert list(dev.columns) == ["model", "recipe", "target", "seed", "score"]
    assert not {"mini_tatoeba", "mini_bucc2018"} & set(dev["target"]), "they have no English dev set"
    assert g.dev_scores(results[results["metric"] == "score"]).empty


def test_a_table_that_is_not_one_is_refused(build) -> None:
    results = build({})
    with pytest.raises(UserError, match="no column 'seed'"):
        g.scores(results.drop(columns="seed"))
    with pytest.raises(UserError, match="'score'"):
        g.scores(results[results["metric"] == "accuracy"])
    with pytest.raises(UserError, match="twice"):
        g.scores(pd.concat([results, results.tail(1)]))


def test_gains_are_paired_by_seed_and_language(scores) -> None:
    gained = g.gains(scores)
    row = gained.iloc[17]
    same = (
        (scores["target"] == row.target) & (scores["language"] == row.language) & (scores["seed"] == row.seed)
    )
    assert row.baseline == scores[same & (scores["recipe"] == "none")]["score"].item()
    assert row.gain == pytest.approx(
        scores[same & (scores["recipe"] == row.recipe)]["score"].item() - row.baseline
    )
    assert set(gained["recipe"]) == {"mini_squad", "mini_mnli", "mini_mnli+mini_squad"}, (
        "floor and baseline are no treatment"
    )


def test_gains_need_their_baseline(scores) -> None:
    with pytest.raises(UserError, match="'none'"):
        g.gains(scores[scores["recipe"] != "none"])


def test_what_an_unfinished_experiment_lacks(scores) -> None:
    assert g.unpaired(scores).empty
    lost = (scores["recipe"] == "none") & (scores["target"] == "mini_xnli") & (scores["seed"] == 2)
    lacking = g.unpaired(scores[~lost])
    assert wording.complete(lacking).endswith(
        "1 score absent, the first untouched encoder on XNLI with seed 2."
    )
    assert wording.complete(g.unpaired(scores)).startswith("Every recipe has been scored")
    assert lacking.to_dict("records") == [
        {"model": "tiny", "recipe": "none", "target": "mini_xnli", "seed": 2}
    ]
    left = g.gains(scores[~lost])
    assert set(left[left["target"] == "mini_xnli"]["seed"]) == {0, 1, 3}


def test_means_leave_english_out(scores) -> None:
    means = g.over_languages(scores)
    one = scores[(scores["recipe"] == "none") & (scores["target"] == "mini_xnli") & (scores["seed"] == 0)]
    expected = one[one["language"] != "en"]["score"].mean()
    found = means[(means["recipe"] == "none") & (means["target"] == "mini_xnli") & (means["seed"] == 0)]
    assert found["score"].item() == pytest.approx(expected)


def test_means_over_targets_count_each_target_once(scores) -> None:
    fewer = scores[~((scores["target"] == "mini_xnli") & (scores["language"] > "qab"))]
    means = g.over_targets(fewer)
    by_target = g.over_languages(fewer)
    one = by_target[(by_target["recipe"] == "none") & (by_target["seed"] == 1)]
    found = means[(means["recipe"] == "none") & (means["seed"] == 1)]["score"].item()
    assert found == pytest.approx(one["score"].mean())


def test_means_over_targets_are_over_the_same_targets(scores) -> None:
    lost = (scores["recipe"] == "mini_squad") & (scores["target"] == "mini_xnli") & (scores["seed"] == 2)
    means = g.over_targets(scores[~lost])
    assert set(means[means["recipe"] == "mini_squad"]["seed"]) == {0, 1, 3}


def test_summary_finds_the_effects(scores) -> None:
    gained = g.over_languages(g.gains(scores))
    table = g.summary(gained).set_index(["recipe", "target"])
    row = table.loc[("mini_squad", "mini_tydiqa")]
    assert row["low"] < 12 < row["high"]
    assert row["seeds"] == 4
    assert row["p_holm"] < 0.001
    assert table.loc[("mini_mnli", "mini_udpos"), "p_holm"] > 0.2
    assert list(table.index[:2]) == [("mini_squad", "mini_xnli"), ("mini_squad", "mini_udpos")], (
        "rows keep their order"
    )
    values = gained[(gained["recipe"] == "mini_squad") & (gained["target"] == "mini_tydiqa")]["gain"]
    assert row["p"] == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_summary_of_one_seed_has_no_intervals(build) -> None:
    table = g.summary(g.over_languages(g.gains(g.scores(build(EFFECTS, seeds=[0])))))
    assert table["estimate"].notna().all()
    assert table[["low", "high", "p", "p_holm"]].isna().all(axis=None)


def test_models_are_never_mixed_silently(scores) -> None:
    both = pd.concat([scores, scores.assign(model="other")])
    with pytest.raises(UserError, match="model"):
        g.summary(g.over_languages(g.gains(both)))
    assert len(g.summary(g.over_languages(g.gains(both)), by=("model", "recipe", "target"))) == 2 * 3 * 5


def test_what_a_recipe_is_worth_over_all_targets(scores) -> None:
    table = g.by_recipe(g.over_languages(g.gains(scores))).set_index("recipe")
    assert g.best(table.reset_index()) == "mini_squad"
    squad = table.loc["mini_squad"]
    assert squad["estimate"] == pytest.approx((12 - 9) / 5, abs=0.3)
    assert squad["without"] == pytest.approx(12 / 3, abs=0.4), "retrieval left out"
    assert squad["flip"] == 2 / 2**4, "four seeds, all with a gain"
    assert 0.5 < squad["improvement"] < 0.8
    assert table.loc["mini_mnli", "improvement"] == pytest.approx(0.5, abs=0.1)


def test_a_recipe_without_retrieval_targets(build) -> None:
    scores = g.scores(build(EFFECTS, targets=["mini_tatoeba"]))
    table = g.by_recipe(g.over_languages(g.gains(scores)))
    assert table["without"].isna().all()


def test_an_experiment_without_intermediate_tasks(build) -> None:
    scores = g.scores(build({}, recipes=["untrained", "none"]))
    gained = g.over_languages(g.gains(scores))
    assert g.summary(gained).empty
    assert g.by_recipe(gained).empty
    assert g.best(g.by_recipe(gained)) == "none"


def test_order_of_recipes() -> None:
    assert g.ordered(["mini_squad", "none", "mini_mnli", "untrained"]) == [
        "untrained",
        "none",
        "mini_squad",
        "mini_mnli",
    ]
    assert g.trained(["mini_squad", "none", "mini_squad", "untrained"]) == ["mini_squad"]
