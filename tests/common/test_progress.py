"""Progress: a file that is whole at any moment, written seldom, and lines printed more seldom."""

from __future__ import annotations

import json

from xstilts_lib.common import progress
from xstilts_lib.common.progress import Progress


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


def test_the_file_tells_where_the_run_stands(tmp_path, monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    path = tmp_path / "deep" / "progress.json"
    run = Progress(path, phase="pretraining")
    run.begin(100)
    clock.now += 10
    run.update(50, 2.34567, 1000)
    assert json.loads(path.read_text()) == {
        "phase": "pretraining",
        "step": 50,
        "steps": 100,
        "loss": 2.3457,
        "tokens_per_second": 100,
        "seconds_left": 10.0,
    }
    assert capsys.readouterr().out == "pretraining: update 50 of 100, loss 2.346, 100 tokens/s, 10 s left\n"
    # Too soon for another write; the end is always written.
    clock.now += 0.3
    run.update(51, 2.0, 1020)
    assert json.loads(path.read_text())["step"] == 50
    run.update(100, 2.0, 2000)
    assert json.loads(path.read_text())["step"] == 100
    assert [p.name for p in path.parent.iterdir()] == ["progress.json"]


def test_a_resumed_run_reckons_from_where_it_was_picked_up(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    run = Progress(tmp_path / "p.json", printing=False)
    run.begin(100, step=80, tokens=8000)
    clock.now += 1
    run.update(90, 1.0, 9000)
    state = json.loads((tmp_path / "p.json").read_text())
    assert (state["tokens_per_second"], state["seconds_left"]) == (1000, 1.0)


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path):
    run = Progress(tmp_path / "p.json", printing=False)
    run.begin(2)
    (tmp_path / "p.json").mkdir()
    run.update(2, 1.0, 10)
    assert (tmp_path / "p.json").is_dir()
