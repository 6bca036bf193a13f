"""What a design asks for, and the comparisons that answer it, on tables with known effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import designs, study, typology
from xstilts_lib.analysis import gains as g
from xstilts_lib.experiment import Design, Subsets
from xstilts_lib.tasks.recipe import parse

Build = Callable[..., pd.DataFrame]


def asked(recipes: list[str], targets: list[str], models: tuple[str, ...] | None = None) -> Design:
    return Design("?", tuple(parse(name) for name in recipes), tuple(targets), models)


@pytest.mark.parametrize(
    ("subsets", "said"),
    [
        (None, "listed by hand"),
        (Subsets(("mini_ccg", "mini_mnli", "mini_squad"), (2, 3), 3), "all the subsets of 2 and 3 out of 3"),
        (Subsets(("mini_ccg", "mini_mnli", "mini_squad"), (2, 3), 2), "of 2 and 3 tasks at once, 2 each"),
    ],
)
def test_how_joint_recipes_came_about(subsets: Subsets | None, said: str) -> None:
    assert said in study.drawn(Design("?", (), (), subsets=subsets))


def test_a_design_selects_its_cells_in_its_own_order(build: Build) -> None:
    table = g.scores(pd.concat([build({}), build({}).assign(model="other")]))
    chosen = study.select(table, asked(["mini_squad", "none"], ["mini_tydiqa", "mini_xnli"], ("tiny",)))
    assert list(dict.fromkeys(chosen["recipe"])) == ["mini_squad", "none"]
    assert list(dict.fromkeys(chosen["target"])) == ["mini_tydiqa", "mini_xnli"]
    assert set(chosen["model"]) == {"tiny"}
    assert list(chosen.columns) == list(table.columns)
    assert len(chosen) == 2 * 2 * 8 * 4
    everyone = study.select(table, asked(["none"], ["mini_xnli"]))
    assert set(everyone["model"]) == {"tiny", "other"}


def test_the_extent_of_a_design_in_words(build: Build) -> None:
    chosen = study.select(g.scores(build({})), asked(["none", "mini_squad"], ["mini_xnli"]))
    assert study.extent(chosen) == "2 recipes, 1 target, 1 encoder, 8 languages and 4 seeds"


def test_sizes_from_the_smallest(build: Build) -> None:
    large = build({}).assign(model="large", parameters=9000)
    assert study.sizes(pd.concat([large, build({})])) == {"tiny": 1000.0, "large": 9000.0}


def test_languages_with_little_text_apart(build: Build, declared: list[dict[str, object]]) -> None:
    table = g.scores(build({("mini_squad", "mini_tydiqa"): 4.0}))
    languages = typology.languages(table["language"], declared)
    groups = designs.split_by_text(table, languages)
    assert groups[designs.LITTLE] == ["qab", "qaf", "qag"]
    assert sorted(groups[designs.LITTLE] + groups[designs.MUCH]) == groups[designs.ALL]


def test_without_resources_there_is_one_level(build: Build) -> None:
    table = g.scores(build({}))
    languages = typology.languages(table["language"])
    assert list(designs.split_by_text(table, languages)) == [designs.ALL]
    partly = languages.assign(resources=languages["code"].map({"qaa": 9.0, "qab": 7.0, "qac": 9.0}))
    groups = designs.split_by_text(table, partly)
    assert (groups[designs.LITTLE], groups[designs.MUCH]) == (["qab"], ["qaa", "qac"])
    assert len(groups[designs.ALL]) == languages["code"].ne("en").sum()


def test_joint_recipes_meet_their_orders_and_what_they_add_a_target_to() -> None:
    recipes = [
        "none",
        "mini_squad",
        "mini_mnli+mini_squad",
        "mini_squad-then-mini_mnli",
        "mini_squad+mini_tydiqa",
    ]
    assert designs.joint_pairs(recipes) == {
        "mini_mnli+mini_squad less mini_squad-then-mini_mnli": (
            "mini_mnli+mini_squad", ["mini_squad-then-mini_mnli"],
        ),
        "mini_squad+mini_tydiqa less mini_squad": ("mini_squad+mini_tydiqa", ["mini_squad"]),
    }  # fmt: skip


def test_chains_meet_their_last_task_their_reverse_once_and_their_joint_twin() -> None:
    one, other = "mini_hellaswag-then-mini_mnli", "mini_mnli-then-mini_hellaswag"
    found = designs.chain_pairs(["none", "mini_mnli", one, other, "mini_hellaswag+mini_mnli"])
    assert set(found) == {
        f"{one} less mini_mnli",
        f"{one} less {other}",
        f"{one} less mini_hellaswag+mini_mnli",
        f"{other} less mini_hellaswag+mini_mnli",
    }


def test_a_difference_is_taken_seed_by_seed(build: Build) -> None:
    effects = {("mini_squad", "mini_xnli"): 5.0, ("mini_mnli", "mini_xnli"): 1.0}
    gained = g.over_languages(g.gains(g.scores(build(effects, noise=0.0))))
    pairs = {"squad less mnli": ("mini_squad", ["mini_mnli"]), "absent": ("mini_qqp", ["mini_mnli"])}
    found = designs.differences(gained, pairs)
    assert set(found["recipe"]) == {"squad less mnli"}
    mine = found[found["target"] == "mini_xnli"]
    assert len(mine) == 4
    assert mine["gain"].to_numpy() == pytest.approx(4.0)
    assert found[found["target"] == "mini_udpos"]["gain"].to_numpy() == pytest.approx(0.0)


def test_where_a_recipe_lacks_a_seed_there_is_no_difference(build: Build) -> None:
    gained = g.over_languages(g.gains(g.scores(build({}))))
    lacking = gained[~((gained["recipe"] == "mini_mnli") & (gained["seed"] == 2))]
    found = designs.differences(lacking, {"x": ("mini_squad", ["mini_mnli"])})
    assert set(found["seed"]) == {0, 1, 3}
    assert designs.differences(gained, {}).empty


def test_the_best_single_task_is_chosen_on_the_other_seeds() -> None:
    """One task is best by the luck of a single seed: where that seed is judged, the other task counts."""
    singles = {"mini_squad": [9.0, 0.0, 0.0, 0.0], "mini_mnli": [2.0, 2.0, 2.0, 2.0]}
    rows = [
        {"model": "m", "target": "mini_xnli", "seed": seed, "recipe": name, "gain": value}
        for name, values in {**singles, "mini_mnli+mini_squad": [5.0] * 4}.items()
        for seed, value in enumerate(values)
    ]
    found = designs.against_best_single(pd.DataFrame(rows)).set_index("seed")["gain"]
    # Without seed 0, mnli has the higher mean; without any other seed squad has, by seed 0.
    assert found.to_list() == [5.0 - 2.0, 5.0, 5.0, 5.0]
    assert np.isfinite(found).all()
