"""Training rows with a text that an English evaluation set holds are dropped where that is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

TRAIN = "Rain\tNOUN\nfalls\tVERB\n\nsnow\tNOUN\nFALLS\tVERB\n\nEs\tPRON\nregnet\tVERB\n"
FILES = {"udpos/train-en.tsv": TRAIN}  # beside dev-en (Snow falls) and test-de (Es regnet)


@pytest.mark.parametrize(("overlaps", "left"), [("keep", 3), ("drop", 2)])
def test_what_an_english_evaluation_set_holds_is_dropped(
    open_folder: Callable, overlaps: str, left: int
) -> None:
    """Compared by letters, case folded; what only another language's set holds stays."""
    source = open_folder(FILES, overlaps=overlaps)
    source.check(["udpos"])
    rows = source.load("udpos", "train")
    assert len(rows) == left
    assert ["Es", "regnet"] in rows["words"][:]
    assert source.reports["udpos", "train", "en"].overlapping == 3 - left


def test_only_the_experiment_s_targets_count(open_folder: Callable) -> None:
    """A training set loses nothing to a target that nobody evaluates."""
    source = open_folder(overlaps="drop")
    source.check(["tatoeba"])
    assert len(source.load("squad_v1", "train")) == 1, "its paragraph is XQuAD's"
    other = open_folder(overlaps="drop")
    other.check(["xquad"])
    assert len(other.load("squad_v1", "train")) == 0
