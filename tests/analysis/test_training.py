"""What the training runs left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xstilts_lib.analysis import training
from xstilts_lib.common.errors import UserError


def leave(folder: Path, whole: float, **history) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"seconds": whole}))
    if history:
        (folder / "history.json").write_text(json.dumps(history))
    return folder


def rows(task: str) -> list[dict]:
    return [
        {"step": step, "task": task, "loss": 3.0 - step / 10, "tokens_per_second": 900.0} for step in (5, 10)
    ]


@pytest.fixture
def parts(tmp_path: Path) -> list[training.Part]:
    told = {"steps": 10, "tokens": 6000, "seconds": 4.0, "degenerate": False, "reason": ""}
    return [
        ("none", 0, "encoder", leave(tmp_path / "a", 60.0, rows=rows("masked words"), **told)),
        ("mini_squad", 0, "encoder", leave(tmp_path / "b", 30.0, rows=rows("mini_squad"), **told)),
        ("none", 0, "targets/mini_xnli", leave(tmp_path / "c", 12.0, rows=rows("mini_mnli"), **told)),
        ("none", 1, "targets/mini_xnli", leave(tmp_path / "d", 18.0, rows=rows("mini_mnli"),
                                               **(told | {"degenerate": True, "reason": "at chance"}))),
        ("none", 0, "retrieval", leave(tmp_path / "e", 6.0)),
        ("none", 1, "retrieval", tmp_path / "not done"),
    ]  # fmt: skip


def test_histories(parts) -> None:
    curves, runs = training.histories(parts)
    assert len(curves) == 8
    assert curves["phase"].unique().tolist() == ["pretraining", "intermediate", "target"]
    assert runs["phase"].tolist() == ["pretraining", "intermediate", "target", "target", "retrieval"]
    assert runs["loss"].tolist()[:4] == [2.0] * 4
    assert runs[runs["degenerate"]]["reason"].tolist() == ["at chance"]
    assert curves[curves["degenerate"]]["seed"].unique().tolist() == [1]


def test_what_learnt_nothing_is_named(parts) -> None:
    _, runs = training.histories(parts)
    assert training.told(runs) == (
        "1 of 4 training runs learnt nothing, and still count: none, mini_xnli, seed 1 (at chance)."
    )
    assert training.told(runs[~runs["degenerate"]]) == "All 3 training runs learnt something."


def test_a_damaged_history_is_named(parts, tmp_path: Path) -> None:
    (tmp_path / "b" / "history.json").write_text('{"rows": [{"step": 1, "loss": 2.0}]}')
    with pytest.raises(UserError, match=r"b/history.json: .* no 'task'"):
        training.histories(parts)
    (tmp_path / "b" / "history.json").write_text('{"rows": [')
    with pytest.raises(UserError, match=r"b/history.json cannot be read"):
        training.histories(parts)


def test_nothing_yet() -> None:
    curves, runs = training.histories([])
    assert curves.empty
    assert runs.empty
