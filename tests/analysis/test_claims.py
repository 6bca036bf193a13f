"""Claims and verdicts: every test on results in which the answer is known, and on results that lack it."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import claims as c
from xstilts_lib.analysis import claims_designs as how
from xstilts_lib.analysis import claims_tasks as tasks
from xstilts_lib.analysis import designs, kinds, study, typology, verdicts
from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis.claims import CLAIMS, OURS
from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment

SINGLES = ("mini_squad", "mini_mnli", "mini_hellaswag", "mini_qqp", "mini_ccg")
EVERYTHING = "mini_ccg+mini_hellaswag+mini_mnli+mini_qqp+mini_squad"
BOTH, FIRST, SECOND = "mini_mnli+mini_squad", "mini_mnli-then-mini_squad", "mini_squad-then-mini_mnli"
BASE = ("untrained", "none")
TARGETS = ("mini_xnli", "mini_udpos", "mini_tydiqa", "mini_tatoeba", "mini_bucc2018")
RETRIEVAL = ("mini_tatoeba", "mini_bucc2018")


def on_all(recipe: str, size: float) -> dict[tuple[str, str], float]:
    return {(recipe, target): size for target in TARGETS}


def findings(results: pd.DataFrame, declared=(), **terms) -> dict[str, verdicts.Verdict]:
    table = typology.languages(results["language"], declared)
    view = c.overview(results, table, verdicts.Terms(**terms))
    return {entry.claim.id: entry.verdict for entry in c.judged(view)}


def verdict(claim: str, results: pd.DataFrame, declared=(), **terms) -> str:
    table = typology.languages(results["language"], declared)
    only = [one for one in CLAIMS if one.id == claim]
    found = c.judged(c.overview(results, table, verdicts.Terms(**terms)), only)[0].verdict
    assert (found.word == "untestable here") == math.isnan(found.interval.estimate)
    assert found.sentence.endswith(".")
    return found.word


@pytest.fixture
def sized(build):
    """Results of three encoders, whose gains and scores are functions of the logarithm of their size."""

    def make(gain=lambda size, language: 0.0, score=lambda size: 0.0, sizes=(5, 6, 7)) -> pd.DataFrame:
        parts = []
        for size in sizes:
            part = build({}, recipes=[*BASE, "mini_mnli"], noise=0.3)
            part["value"] += [score(size)] * len(part)
            trained = part["recipe"] == "mini_mnli"
            part.loc[trained, "value"] += [gain(size, code) for code in part.loc[trained, "language"]]
            parts.append(part.assign(model=f"size{size}", parameters=10**size))
        return pd.concat(parts, ignore_index=True)

    return make


def test_every_claim_is_told_whole() -> None:
    keys = set(re.findall(r"@\w+\{(\w+),", (places.book() / "references.bib").read_text(encoding="utf-8")))
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert {f"C{n}" for n in range(1, 11)} | {f"Q{n}" for n in range(1, 6)} <= set(ids)
    assert {f"R{n}" for n in range(1, 5)} <= set(ids)
    for claim in CLAIMS:
        assert claim.source == OURS or claim.source in keys, claim.id
        assert all((claim.claim, claim.kind, claim.statistic, claim.needs)), claim.id


def test_a_verdict_needs_the_baseline(build) -> None:
    found = c.judged(c.overview(build({}, recipes=["untrained", "mini_mnli"])))
    assert {entry.verdict.word for entry in found} == {"untestable here"}
    assert "the untouched encoder is no recipe" in found[0].verdict.sentence
    with pytest.raises(UserError, match="no column"):
        c.overview(pd.DataFrame({"model": []}))


def test_a_table_of_the_baseline_alone(build, declared) -> None:
    found = findings(build({}, recipes=BASE), declared)
    testable = {name for name, one in found.items() if one.word != "untestable here"}
    assert testable == {"B1", "B4", "B6", "R5"}, "what is about scores, not gains"


def test_favourite_tasks(build) -> None:
    like = (
        on_all("mini_squad", 9) | on_all("mini_mnli", 7) | on_all("mini_hellaswag", 6) | on_all("mini_qqp", 2)
    )
    recipes = [*BASE, *SINGLES]
    assert verdict("C1", build(like, recipes=recipes)) == "supported"
    assert verdict("C11", build(like | on_all("mini_squad", 11), recipes=recipes)) == "supported"
    other = like | on_all("mini_qqp", 8)
    assert verdict("C1", build(other, recipes=recipes)) == "contradicted", "another one is above the least"
    assert verdict("C1", build({}, recipes=recipes)) == "inconclusive", "as good as the others is not worse"
    assert verdict("C1", build(on_all("mini_qqp", 20), recipes=recipes)) == "contradicted"
    without = [name for name in recipes if name != "mini_hellaswag"]
    found = findings(build(like, recipes=without))["C1"]
    assert found.sentence == "Untestable here: no recipe of HellaSwag alone was scored on every target."


def test_all_tasks_at_once(build) -> None:
    recipes = [*BASE, *SINGLES, EVERYTHING]
    assert (
        verdict("C2", build(on_all(EVERYTHING, 9) | on_all("mini_mnli", 5), recipes=recipes)) == "supported"
    )
    assert (
        verdict("C2", build(on_all(EVERYTHING, 3) | on_all("mini_mnli", 5), recipes=recipes))
        == "contradicted"
    )
    assert verdict("C2", build({}, recipes=[*BASE, *SINGLES, BOTH])) == "untestable here", "two of five"


def test_retrieval_and_what_is_left_without_it(build) -> None:
    effects = {(name, target): 15.0 for name in SINGLES for target in RETRIEVAL}
    results = build(effects, recipes=[*BASE, *SINGLES])
    assert verdict("C3", results) == "supported"
    assert verdict("C10", results) == "contradicted"
    others = ("mini_xnli", "mini_udpos", "mini_panx", "mini_pawsx", "mini_tydiqa")
    losses = {(name, target): -9.0 for name in SINGLES for target in others}
    found = findings(build(losses, recipes=[*BASE, *SINGLES]))["C3"]
    assert found.word == "inconclusive", "who loses less does not gain"
    assert "but retrieval itself does not gain" in found.evidence
    assert verdict("C10", build({}, targets=["mini_xnli"])) == "untestable here"


def test_scarce_questions_gain_throughout(build) -> None:
    recipes = [*BASE, *SINGLES]
    every = {(name, "mini_tydiqa"): 6.0 for name in SINGLES}
    assert verdict("C4", build(every, recipes=recipes)) == "supported"
    one = {("mini_squad", "mini_tydiqa"): 12.0}
    found = findings(build(one, recipes=recipes, noise=0.2))["C4"]
    assert found.word == "contradicted", "most recipes gain nothing"
    assert "no mean is taken, for they differ by more than chance" in found.evidence
    assert verdict("B2", build(one, recipes=recipes)) == "supported"


def test_inference_gains_nothing(build) -> None:
    found = findings(build({}, recipes=[*BASE, *SINGLES]))["C5"]
    assert found.word == "supported"
    assert "within ±2 points" in found.evidence
    assert verdict(
        "C5", build({(name, "mini_xnli"): 5.0 for name in SINGLES}, recipes=[*BASE, *SINGLES])
    ) == ("contradicted")
    unlearnt = {("untrained", "mini_xnli"): 30.0}
    assert verdict("C5", build(unlearnt)) == "untestable here", "a target that was not learnt is in no mean"
    assert verdict("B1", build(unlearnt)) != "supported"
    again = build({("mini_mnli", "mini_xnli"): 6.0})
    assert verdict("B3", again) == "contradicted"
    apart = dataclasses.replace(c.overview(again).of("tiny"), apart=frozenset({"mini_mnli"}))
    assert tasks.same_data(apart).word == "untestable here", "other pairs are no second reading"


def test_the_best_recipe_is_chosen_by_english_dev_scores(build) -> None:
    results = build({}, recipes=[*BASE, *SINGLES], noise=0.2)
    dev = results["metric"] == "dev_score"
    mine = results["recipe"] == "mini_squad"
    results.loc[mine, "value"] += 4.0
    assert verdict("C6", results) == "supported"
    results.loc[(results["recipe"] == "mini_mnli") & ~dev & (results["language"] == "en"), "value"] += 9.0
    assert verdict("C6", results) == "supported", "the English scores that are reported choose nothing"
    results.loc[(results["recipe"] == "mini_mnli") & dev, "value"] += 9.0
    found = findings(results)["C6"]
    assert found.word == "contradicted", "good in English alone"
    assert "MultiNLI for XNLI" in found.evidence
    assert "2 targets without English dev scores left out" in found.evidence


def test_without_dev_scores_nothing_is_chosen(build) -> None:
    results = build({}, recipes=[*BASE, *SINGLES])
    assert verdict("C6", results[results["metric"] != "dev_score"]) == "untestable here"


def test_alternatives_are_compared_with_their_twins(build) -> None:
    mixed, translated = "mini_mnli+mini_text", "mini_mnli@qaa+mini_mnli"
    recipes = [*BASE, "mini_mnli", mixed, translated]
    results = build(on_all(translated, 5), recipes=recipes)
    few = findings(results)
    assert few["C7"].word == few["C8"].word == "untestable here", "one pair cannot contradict consistency"
    assert "better in 1 of 1 pair" in few["C8"].evidence
    pairs = [f"{name}@qaa" for name in SINGLES[:3]]
    every = {key: 5.0 for name in pairs for key in on_all(name, 5)}
    assert verdict("C8", build(every, recipes=[*BASE, *SINGLES, *pairs])) == "contradicted"
    assert verdict("C8", build({}, recipes=[*BASE, *SINGLES, *pairs])) == "supported"
    assert verdict("C7", build({}, recipes=[*BASE, "mini_squad", mixed])) == "untestable here"
    found = findings(build({}, recipes=recipes[:4]))
    assert found["C8"].sentence == (
        "Untestable here: no recipe in which a task is translated has its twin here."
    )
    assert math.isnan(found["C8"].p)


def test_formats(build) -> None:
    same = {
        ("mini_squad", "mini_tydiqa"): 9.0,
        ("mini_mnli", "mini_xnli"): 9.0,
        ("mini_ccg", "mini_udpos"): 9.0,
    }
    targets = ["mini_xnli", "mini_udpos", "mini_tydiqa"]
    recipes = [*BASE, "mini_squad", "mini_mnli", "mini_ccg"]
    found = findings(build(same, recipes=recipes, targets=targets))["C9"]
    assert found.word == "supported"
    assert found.interval.estimate == pytest.approx(9, abs=0.5)
    assert verdict("C9", build({}, recipes=recipes, targets=targets)) == "contradicted"
    assert verdict("C9", build({}, recipes=[*BASE, "mini_mnli"])) == "untestable here"


def test_joint_against_sequential_by_resources(build, declared) -> None:
    results = build({}, recipes=[*BASE, BOTH, FIRST, SECOND], noise=0.3)
    poor = results["language"].isin(["qab", "qaf", "qag"]) & (results["recipe"] == BOTH)
    results.loc[poor, "value"] += 6.0
    found = findings(results, declared)["Q2"]
    assert found.word == "supported"
    assert found.interval.estimate == pytest.approx(6, abs=0.5)
    assert "Merrenic, Hasperic and Quorzan" in found.evidence
    assert verdict("Q2", results) == "untestable here", "nothing is known of the languages"
    assert verdict("Q2", results[~results["recipe"].isin([FIRST, SECOND])], declared) == "untestable here"
    assert verdict("Q2", results[results["recipe"] != FIRST], declared) == "supported", "one order will do"


def test_joint_by_the_size_of_the_target(build) -> None:
    small, large = "mini_squad+mini_tydiqa", "mini_hellaswag+mini_udpos"
    recipes = [*BASE, "mini_squad", "mini_hellaswag", small]
    gain = {(small, "mini_tydiqa"): 7.0, ("mini_squad", "mini_tydiqa"): 2.0}
    found = sized_by(build(gain, recipes=recipes), how.joint_when_target_is_small)
    assert found.word == "supported"
    assert "other half" in found.evidence
    both = [*recipes, large, "mini_squad+mini_xnli"]
    with pytest.raises(UserError, match="no training set of its own"):
        sized_by(build(gain, recipes=both), how.joint_when_target_is_small)
    larger = "mini_mnli+mini_squad"  # of mini_xnli, whose training set is mini_mnli's
    found = sized_by(build(gain, recipes=[*recipes, larger]), how.joint_when_target_is_small)
    assert "less where it is the larger" in found.evidence
    assert verdict("R1", build(gain, recipes=recipes)) == "untestable here", "no size is known"


def sized_by(results: pd.DataFrame, test) -> verdicts.Verdict:
    """A test on a view that knows on how many examples each task was trained."""
    sizes = {"mini_tydiqa": 100, "mini_squad": 6000, "mini_udpos": 1500, "mini_xnli": 9000}
    known = {("tiny", name): number for name, number in sizes.items()}
    return test(dataclasses.replace(c.overview(results), examples=known))


def test_sizes_are_those_trained_on() -> None:
    sizes = study.trained_on(load_experiment("real"))
    assert [sizes[model, "tydiqa"] for model in ("scarce", "e5-small", "plenty")] == [150, 1000, 3696]
    assert ("e5-small", "mnli") not in sizes, "it is read for a number of updates"
    world = study.trained_on(load_experiment("miniature"))
    assert (world["mini", "mini_squad"], world["mini", "mini_tydiqa"]) == (12_000, 100)


def test_one_target_of_several_sizes(build) -> None:
    scarce, plenty = (
        build({("mini_squad", "mini_tydiqa"): gain}, recipes=["none", "mini_squad"]).assign(model=name)
        for name, gain in (("scarce", 9.0), ("plenty", 1.0))
    )
    view = c.overview(pd.concat([scarce, plenty]))
    known = {("scarce", "mini_tydiqa"): 100, ("plenty", "mini_tydiqa"): 10_000}
    found = tasks.scarce_targets_gain_most(dataclasses.replace(view, examples=known))
    assert found.word == "supported"
    assert found.interval.estimate == pytest.approx(-4, abs=0.5)
    assert "trained on 100 and 10,000 examples" in found.evidence


def test_a_task_in_more_tokens_stands_with_the_main_encoder() -> None:
    plan = load_experiment("real")
    rows = [
        {"model": model, "recipe": recipe, "target": "xnli", "language": "de", "seed": 0}
        for model, recipe in (
            ("e5-small", "none"), ("e5-small", "mnli"), ("twofold", "mnli"), ("threefold", "mnli"),
        )
    ]  # fmt: skip
    found = study.scores(plan, pd.DataFrame(rows).assign(metric="score", value=1.0))
    assert found["recipe"].tolist() == ["none", "mnli", "mnli-then-mnli", "mnli-then-mnli-then-mnli"]
    assert set(found["model"]) == {"e5-small"}
    assert kinds.repeated("mnli-then-mnli")
    assert not kinds.chain("mnli-then-mnli"), "it is no chain"


def test_recipes_that_differ_are_not_pooled(build) -> None:
    effects = {("mini_squad", "mini_xnli"): 8.0, ("mini_ccg", "mini_xnli"): -8.0}
    view = c.overview(build(effects, recipes=[*BASE, *SINGLES])).of("tiny")
    found = view.pool(verdicts.rises, view.grid(SINGLES, ["mini_xnli"]), "gain")
    assert found.word == "inconclusive"
    assert "1 supported and 4 contradicted, from SQuAD +8" in found.evidence
    assert found.p == 1, "of the recipe that is least sure to gain"
    alike = view.pool(verdicts.rises, view.grid(SINGLES[1:3], ["mini_xnli"]), "gain")
    assert alike.evidence.startswith("gain: ")


def test_the_targets_own_data_are_no_treatment(build) -> None:
    chain, own = "mini_hellaswag-then-mini_mnli", {("mini_mnli", "mini_xnli"): 6.0}
    results = build(own | {(chain, "mini_xnli"): 6.0}, recipes=[*BASE, "mini_mnli", chain], noise=0.2)
    view = c.overview(results).of("tiny")
    assert view.grid([chain], ["mini_xnli"])[chain].mean() == pytest.approx(6, abs=0.3)
    assert view.net.grid([chain], ["mini_xnli"])[chain].mean() == pytest.approx(0, abs=0.3)
    assert verdict("Q5", results) == "contradicted"
    more = build(own | {(chain, "mini_xnli"): 9.0}, recipes=[*BASE, "mini_mnli", chain])
    found = findings(more)["Q5"]
    assert found.word == "inconclusive"
    assert "these read fewer tokens than the chain" in found.evidence
    assert kinds.own_data("hellaswag-then-mnli", "xnli") == ["mnli-then-mnli", "mnli"]
    assert kinds.own_data("mnli", "xnli") == kinds.own_data("mnli+squad_v1", "tydiqa") == []


def test_what_was_not_learnt_is_in_no_mean(build) -> None:
    view = c.overview(build({("mini_squad", "mini_xnli"): 9.0}, recipes=[*BASE, *SINGLES]))
    lost = dataclasses.replace(view, lost=frozenset({("tiny", "mini_squad")}))
    assert "mini_squad" in view.recipes
    assert "mini_squad" not in lost.recipes


def test_number_of_tasks(build) -> None:
    recipes = [*BASE, *SINGLES, BOTH, "mini_ccg+mini_qqp", EVERYTHING]
    more = {(EVERYTHING, "mini_xnli"): 8.0, (BOTH, "mini_xnli"): 3.0}
    found = findings(build(more, recipes=recipes))["Q3"]
    assert found.word == "supported"
    assert re.search(r"1: \S+, 2: \+1\.\d, 5: \+8", found.evidence)
    assert verdict("Q3", build({("mini_qqp", "mini_xnli"): 9.0}, recipes=recipes)) == "contradicted"
    assert verdict("R2", build(on_all(BOTH, 9), recipes=recipes)) == "inconclusive", (
        "one gains, others do not"
    )
    every = {key: 9.0 for name in recipes[-3:] for key in on_all(name, 9)}
    assert verdict("R2", build(every, recipes=recipes)) == "contradicted"
    hurt = {key: -6.0 for name in recipes[-3:] for key in on_all(name, 0)}
    found = findings(build(hurt, recipes=recipes))["R2"]
    assert found.word == "inconclusive"
    assert "no recipe of 15 tasks or more" in found.evidence


def test_chains_of_reasoning(build) -> None:
    chains = ["mini_qqp-then-mini_hellaswag", "mini_hellaswag-then-mini_qqp"]
    recipes = [*BASE, *chains, "mini_ccg-then-mini_mnli"]
    results = build({(name, "mini_xnli"): 5.0 for name in chains}, recipes=recipes)
    assert findings(results)["Q5"].interval.estimate == pytest.approx(5, abs=0.5), "without supertags"
    assert verdict("Q5", build({}, recipes=recipes)) == "contradicted"
    assert verdict("Q5", build({}, recipes=[*BASE, "mini_mnli"])) == "untestable here"


def test_reasoning_and_scarcity(build) -> None:
    recipes = [*BASE, *SINGLES]
    assert verdict("R3", build(on_all("mini_mnli", 6) | on_all("mini_hellaswag", 6), recipes=recipes)) == (
        "supported"
    )
    scarce = {(name, target): size for name in SINGLES for target, size in (
        ("mini_tydiqa", 12.0), ("mini_udpos", 8.0), ("mini_xnli", 2.0))}  # fmt: skip
    found = sized_by(build(scarce, recipes=recipes), tasks.scarce_targets_gain_most)
    assert found.word == "supported"
    assert found.interval.high < 0
    assert verdict("R4", build(scarce, recipes=recipes)) == "untestable here", "no size is known"


def test_gain_and_score_over_sizes(sized, declared) -> None:
    shrinking = sized(gain=lambda size, language: 20 - 3 * size, score=lambda size: 4 * size)
    found = findings(shrinking, declared)
    assert found["Q1"].word == "supported"
    assert found["Q1"].interval.estimate == pytest.approx(-3, abs=0.5)
    assert found["Q1"].unit == "points for ten times the size"
    assert found["R6"].interval.estimate == pytest.approx(4, abs=0.01)
    assert found["Q4"].word == "contradicted", "the same everywhere"
    assert verdict("Q1", sized()) == "contradicted"
    assert verdict("R6", sized()) == "inconclusive"
    assert verdict("R6", sized(score=lambda size: -4 * size)) == "contradicted"
    two = sized(sizes=(5, 6))
    assert {verdict(name, two, declared) for name in ("Q1", "Q4", "R6")} == {"untestable here"}
    assert verdict("Q1", shrinking.assign(parameters=None)) == "untestable here"


def test_targets_must_agree_where_distance_changes_scaling(sized, declared) -> None:
    far = ("qae", "qaf", "qag")
    results = sized(gain=lambda size, language: 4 * size * (language in far))
    other = results["target"] == "mini_xnli"
    gained = other & (results["recipe"] != "none") & results["language"].isin(far)
    size = np.log10(results["parameters"])
    results.loc[gained, "value"] -= 5 * size[gained]
    found = findings(results, declared)["Q4"]
    assert found.word == "inconclusive"
    assert "do not agree in the direction" in found.evidence


def test_far_languages_scale_otherwise(sized, declared) -> None:
    far = ("qae", "qaf", "qag")
    results = sized(gain=lambda size, language: 4 * size * (language in far))
    found = findings(results, declared)["Q4"]
    assert found.word == "supported"
    assert found.interval.estimate == pytest.approx(4, abs=0.5)
    assert verdict("Q4", results) == "untestable here"


def test_distance_depends_on_target(build, declared) -> None:
    results = build({}, noise=0.2)
    steep = results["target"] == "mini_xnli"
    far = results["language"].map({row["code"]: row["distance"] for row in declared})
    assert verdict("R5", results, declared) == "inconclusive"
    results.loc[steep, "value"] -= 20 * far[steep]
    found = findings(results, declared)["R5"]
    assert found.word == "supported"
    assert found.interval.estimate == pytest.approx(20, abs=1.5)


def test_languages_of_which_nothing_is_known(build) -> None:
    found = findings(build({}))
    assert {found[name].word for name in ("B4", "B5", "B6", "R5", "Q4")} == {"untestable here"}


def test_one_seed_settles_nothing(build, declared) -> None:
    found = findings(build({}, seeds=[0]), declared)
    over_seeds = [one for one in found.values() if one.unit != "ρ" and one.known]
    assert over_seeds
    assert {one.word for one in over_seeds} == {"untestable here"}
    assert "1 seed, which gives no interval" in over_seeds[0].evidence


def test_of_several_encoders_the_one_with_most_recipes_is_asked(build) -> None:
    large = build(on_all("mini_mnli", 9), recipes=[*BASE, "mini_mnli"]).assign(model="large", parameters=9e8)
    small = build({}, recipes=[*BASE, *SINGLES])
    entries = {entry.claim.id: entry for entry in c.judged(c.overview(pd.concat([large, small])))}
    assert entries["C5"].model == "tiny"
    assert entries["C5"].verdict.word == "supported"
    lone = large[large["recipe"] != "none"].assign(model="without a baseline")
    again = c.judged(c.overview(pd.concat([lone, small])))
    assert {entry.model for entry in again} == {"tiny"}


def test_a_claim_goes_to_the_next_encoder_where_the_first_cannot_test_it(build) -> None:
    first = build({}, recipes=[*BASE, *SINGLES])
    second = build({}, recipes=[*BASE, "mini_hellaswag-then-mini_qqp"]).assign(model="other", parameters=5.0)
    entries = {entry.claim.id: entry for entry in c.judged(c.overview(pd.concat([first, second])))}
    assert entries["Q5"].model == "other"
    assert entries["Q5"].verdict.word != "untestable here"


def test_an_unfinished_experiment(build) -> None:
    results = build({}, recipes=[*BASE, *SINGLES])
    lost = (results["recipe"] == "mini_ccg") & (results["target"] == "mini_xnli")
    found = findings(results[~lost])["C2"]
    assert found.word == "untestable here"
    one = (results["recipe"] == "mini_ccg") & (results["target"] == "mini_xnli") & (results["seed"] == 2)
    assert findings(results[~one])["C1"].interval.n == 3, "seeds that have every score"


def test_real_tasks_are_found_by_their_kind() -> None:
    """No recipe is known by its name: the same claims are put to the real tasks."""
    recipes = ("untrained", "none", "squad_v1", "mnli", "hellaswag", "qqp", "mnli+squad_v1", "mnli+text",
               "mnli-then-squad_v1", "mnli@de", "hellaswag-then-mnli", "squad_v1+tydiqa")  # fmt: skip
    rows = [
        {"model": "m", "recipe": recipe, "target": target, "language": language, "seed": seed,
         "metric": "score", "parameters": 1e8,
         "value": 50.0 + seed - 20 * (recipe == "untrained") + 9 * (recipe == "squad_v1")}
        for recipe in recipes for target in ("xnli", "tydiqa", "udpos", "tatoeba")
        for language in ("en", "de", "fi", "sw") for seed in (0, 1, 2)
        if not (target == "tatoeba" and language == "en")
    ]  # fmt: skip
    results = pd.DataFrame(rows)
    found = findings(results)
    assert found["C11"].word == "supported"
    for name in ("C1", "C3", "C4", "C5", "C9", "C10", "Q3", "Q5", "R3"):
        assert found[name].word != "untestable here", name


def test_table_and_count(build) -> None:
    entries = c.judged(c.overview(build({("mini_squad", "mini_tydiqa"): 12.0})))
    table = c.table(entries)
    assert len(table) == len(CLAIMS)
    assert {"id", "verdict", "estimate", "low", "high", "p", "p_holm", "evidence"} <= set(table.columns)
    known = table["p"].notna()
    assert (table.loc[known, "p_holm"] >= table.loc[known, "p"]).all()
    counts = [
        int(number) for number in re.findall(r"\d+", verdicts.counted(entry.verdict for entry in entries))
    ]
    assert sum(counts) == len(CLAIMS)


def test_p_belongs_to_the_interval(build) -> None:
    results = build({("mini_squad", "mini_tydiqa"): 3.0})
    scores, dev = g.scores(results), g.dev_scores(results)
    view = verdicts.View(scores, typology.languages([]), verdicts.Terms(), {}, dev)
    values = view.grid(["mini_squad"], ["mini_tydiqa"]).mean(axis=1)
    found = view.judge(verdicts.rises, values, "gain")
    expected = g.summary(g.over_languages(g.gains(scores))).set_index(["recipe", "target"])
    assert found.p == pytest.approx(expected.loc[("mini_squad", "mini_tydiqa"), "p"])
    assert view.judge(verdicts.gains_nothing, values, "gain").p == 1, "above the margin"
    assert view.judge(verdicts.gains_nothing, values - 3, "gain").p < 0.01, "below it"
    assert view.judge(verdicts.falls, -values, "loss").word == found.word
    assert view.judge(verdicts.falls, values, "loss").p == 1, "of the side that is claimed"


def test_choosing_by_other_seeds() -> None:
    values = pd.DataFrame({"a": [9.0, 0.0, 0.0], "b": [0.0, 2.0, 2.0]}, index=[0, 1, 2])
    assert designs.cross_fitted(values).tolist() == [0.0, 0.0, 0.0], "never on its own number"
    assert designs.cross_fitted(values.head(1)).tolist() == [9.0], "there are no others"


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("mini_mnli", "single"),
        ("mini_mnli+mini_squad", "joint"),
        ("mini_mnli-then-mini_ccg", "sequence"),
        ("hellaswag-then-mnli", "sequence"),
        ("none", None),
        ("mini_mnli@qaa", None),
        ("mini_mnli+mini_text", None),
        ("mini_mnli+mini_tydiqa", None),
    ],
)
def test_kinds_of_recipes(recipe: str, kind: str | None) -> None:
    found = [name for name in ("single", "joint", "sequence") if getattr(kinds, name)(recipe)]
    assert found == ([kind] if kind else [])
    assert kinds.plain(recipe) == bool(kind)


def test_twins_of_recipes() -> None:
    assert kinds.without_text("mini_mnli+mini_text") == "mini_mnli"
    assert kinds.without_text("mini_text-then-mini_mnli") == "mini_mnli"
    assert kinds.without_text("mini_text") is None, "nothing is left"
    assert kinds.without_text("mini_mnli") is None
    assert kinds.in_english("mini_mnli@qaa+mini_mnli@qab") == "mini_mnli"
    assert kinds.in_english("mini_mnli") is None
    assert kinds.partner("mini_squad+mini_tydiqa", "mini_tydiqa") == "mini_squad"
    assert kinds.partner("mini_mnli+mini_squad", "mini_xnli") == "mini_squad"
    assert kinds.partner("mini_squad", "mini_tydiqa") is None
    assert kinds.partner("mini_mnli+mini_squad", "mini_tatoeba") is None
