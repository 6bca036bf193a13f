"""What the laboratory's two experiments must hold, so that their numbers mean what the book says of them."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from xstilts_lib.analysis import kinds, typology
from xstilts_lib.common import places
from xstilts_lib.experiment import Experiment, load_experiment
from xstilts_lib.tasks import task
from xstilts_lib.tasks.recipe import Step

ITEMS = 500  # an accuracy of one half then has a standard error of 2.2 points in each language


@pytest.fixture(scope="module", params=["miniature", "questions"])
def laboratory(request: pytest.FixtureRequest) -> Experiment:
    return load_experiment(request.param)


@pytest.fixture(scope="module")
def questions() -> Experiment:
    return load_experiment("questions")


def test_every_table_has_a_floor(laboratory: Experiment) -> None:
    assert "untrained" in {recipe.name for recipe in laboratory.whole.recipes}


def test_items_are_many_and_precision_is_stated(laboratory: Experiment) -> None:
    source = laboratory.open_source()
    for name in laboratory.targets:
        code = source.languages(name)[-1]
        rows = source.rows(name, "test", code, laboratory.evaluation.examples)
        number = sum(bool(row["mate"]) for row in rows) // 2 if task(name).format == "bitext" else len(rows)
        assert number == ITEMS, name
    phases = (laboratory.training.intermediate, laboratory.training.target)
    precisions = [phase["precision"] for phase in phases]
    precisions += [laboratory.pretraining.precision, laboratory.retrieval.precision]
    assert "auto" not in precisions


def test_mining_is_left_to_real_languages(laboratory: Experiment) -> None:
    assert not [name for name in laboratory.targets if task(name).metric == "bucc"]


def test_the_default_has_three_seeds_at_least() -> None:
    assert len(load_experiment("miniature").seeds) >= 3


def test_the_readme_says_what_the_default_contains() -> None:
    plan = load_experiment("miniature")
    invented = len(plan.open_source().languages("mini_udpos")) - 1
    counted = {"seeds": len(plan.seeds), "languages": invented, "targets": len(plan.targets)}
    said = (places.home() / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in said.splitlines() if line.startswith("| `miniature` |"))
    numbers = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
    for noun, number in counted.items():
        assert numbers[re.findall(rf"(\w+) {noun}", row)[0]] == number, noun
    assert numbers[re.findall(r"(\w+) invented\s+languages", said)[0]] == invented


def test_each_property_is_varied_by_languages_that_differ_in_nothing_else(questions: Experiment) -> None:
    codes = questions.open_source().languages("mini_xnli")
    pairs = typology.pairs(typology.known(questions, codes))
    near = pairs[(pairs["more"] == "qaa") | (pairs["less"] == "qab")]
    assert dict(zip(near["property"], near["less"], strict=True)) == {
        "order": "qac",
        "script": "qad",
        "case": "qah",
        "cognates": "qai",
        "articles": "qaj",
        "contact": "qak",
        "resources": "qab",
    }


def test_every_intermediate_phase_reads_as_many_tokens(questions: Experiment) -> None:
    def tokens(step: Step) -> int:
        settings = questions.settings_for("intermediate", step.names)
        return (settings.steps or 0) * (settings.tokens_per_batch or 0)

    read = {recipe.name: sum(map(tokens, recipe.steps)) for recipe in questions.recipes if recipe.steps}
    ingredients = {recipe.name: sum(len(step.tasks) for step in recipe.steps) for recipe in questions.recipes}
    once = read["mini_squad"]
    assert once > 0
    assert read == {name: once * ingredients[name] for name in read}


def test_nothing_is_read_in_both_phases_nor_twice_in_one(questions: Experiment) -> None:
    for target, name in (("mini_xnli", "mini_mnli"), ("mini_tydiqa", "mini_tydiqa")):
        assert questions.examples_kept(name) == questions.settings_for("target", [target]).examples
        assert questions.settings_of(name, [name]).examples is None


def test_claims_about_alternatives_have_pairs_enough_to_be_contradicted(questions: Experiment) -> None:
    names = [recipe.name for recipe in questions.designs["alternatives"].recipes]
    twins = {name: kinds.without_text(name) or kinds.in_english(name) for name in names}
    paired = [name for name, twin in twins.items() if twin in names]
    of_a_kind = Counter(kinds.without_text(name) is not None for name in paired)
    assert min(of_a_kind[True], of_a_kind[False]) >= 3
