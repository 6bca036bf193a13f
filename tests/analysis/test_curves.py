"""Figures of estimates against a number."""

from __future__ import annotations

import pandas as pd
import pytest

from xstilts_lib.analysis import curves


def summary(groups: int = 2) -> pd.DataFrame:
    rows = [
        {"target": target, "recipe": f"mini_{'abcdef'[group]}", "parameters": size,
         "estimate": group + size / 1e6, "low": group - 1.0, "high": group + 3.0}
        for target in ("mini_xnli", "mini_panx")
        for group in range(groups)
        for size in (2e5, 7e5, 1.5e6)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_panel_a_target_and_a_line_a_recipe() -> None:
    figure = curves.against(summary(), "parameters", axis="parameters", log=True)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["xnli", "panx"]
    for axes in figure.axes:
        assert axes.get_xscale() == "log"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0.2M", "0.7M", "1.5M"]
        labels = axes.get_legend_handles_labels()[1]
        assert labels == ["a", "b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_marks_without_order_are_not_joined() -> None:
    figure = curves.against(summary(1), "parameters", joined=False)
    lines = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert {line.get_linestyle() for line in lines} == {"None"}
    assert not figure.legends


def test_whole_numbers_are_ticks() -> None:
    frame = summary(1).assign(number=[1, 2, 3] * 2)
    figure = curves.against(frame, "number")
    assert list(figure.axes[0].get_xticks()) == [1, 2, 3]


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 5 lines"):
        curves.against(summary(6), "parameters")


@pytest.mark.parametrize(("count", "words"), [(131072, "0.13M"), (5.6e8, "560M"), (10.7e9, "10.7B")])
def test_sizes_as_people_say_them(count: float, words: str) -> None:
    assert curves.size(count) == words
