"""The grammar of recipes: what parses, what it is called, what is refused, and how encoders form a tree."""

from __future__ import annotations

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.tasks.recipe import Ingredient, parse, trainable, tree


def test_roots_have_no_steps() -> None:
    assert parse("none").steps == ()
    assert parse("untrained").steps == ()
    assert parse("none") != parse("untrained")
    with pytest.raises(ValueError, match="nothing before"):
        _ = parse("none").prefix


def test_one_task() -> None:
    recipe = parse("mini_squad")
    assert recipe.name == "mini_squad"
    assert recipe.last.tasks == (Ingredient("mini_squad", "en"),)
    assert recipe.prefix == parse("none")


def test_joint_order_does_not_matter() -> None:
    assert parse("mini_squad+mini_mnli") == parse("mini_mnli+mini_squad")
    assert parse("mini_squad+mini_mnli").name == "mini_mnli+mini_squad"


def test_sequence_order_matters() -> None:
    one, other = parse("mini_squad-then-mini_mnli"), parse("mini_mnli-then-mini_squad")
    assert one != other
    assert one.prefix == parse("mini_squad")
    assert one.last.names == ("mini_mnli",)
    assert one.tasks == ("mini_squad", "mini_mnli")


def test_a_task_may_return_later() -> None:
    assert parse("mini_squad-then-mini_squad").prefix.name == "mini_squad"


def test_translated_data() -> None:
    recipe = parse("mini_squad@qaa+mini_squad")
    assert recipe.name == "mini_squad+mini_squad@qaa"
    assert recipe.last.names == ("mini_squad",)


@pytest.mark.parametrize("text", ["none", "untrained", "mini_qqp+mini_ccg-then-mini_squad@qab", "mini_pawsx"])
def test_the_name_parses_back(text: str) -> None:
    assert parse(parse(text).name) == parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mini_sqaud", "did you mean 'mini_squad'"),
        ("mini_squad+mini_mnlo", "did you mean 'mini_mnli'"),
        ("nome", "did you mean 'none'"),
        ("none+mini_squad", "stands alone"),
        ("mini_squad-then-untrained", "stands alone"),
        ("mini_squad+mini_squad", "twice"),
        ("mini_xnli", "name 'mini_mnli' instead"),
        ("mini_tatoeba", "cannot be an intermediate task"),
        ("mini_squad@", "language code"),
        ("mini_squad@German", "language code"),
        ("mini_squad-then-", "there is no task ''"),
        ("", "A recipe is a name"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        parse(text)


def test_tree_holds_every_prefix_once_and_parents_first() -> None:
    names = [recipe.name for recipe in tree(map(parse, [
        "untrained", "mini_squad-then-mini_mnli", "mini_squad", "mini_squad-then-mini_mnli-then-mini_ccg",
    ]))]  # fmt: skip
    assert names == [
        "untrained",
        "none",
        "mini_squad",
        "mini_squad-then-mini_mnli",
        "mini_squad-then-mini_mnli-then-mini_ccg",
    ]


def test_trainable_tasks_have_their_own_training_set() -> None:
    names = trainable()
    assert "mini_mnli" in names
    assert "mini_xnli" not in names
    assert "mini_bucc2018" not in names
