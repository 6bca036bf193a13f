"""The tables of the chapter on training: what was recorded, and plain words where nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common import places

Showing = Callable[..., dict[str, str]]
ABOUT = {
    "hardware": {"processor": "A processor"},
    "versions": {"transformers": "5.0"},
    "about": {
        "examples": 16,
        "threads": 2,
        "shape": "base",
        "layers": 3,
        "batch_size": 32,
        "rounds": 1,
        "busy": True,
    },
}


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "book", lambda: tmp_path)
    (tmp_path / "records").mkdir()
    return tmp_path


def test_nothing_recorded_is_said(book: Path, showing: Showing) -> None:
    found = showing("47_speed")
    assert found.pop("table-utilisation").startswith("No GPU was at hand")
    assert "planned, not measured" in found.pop("table-grid")
    unmeasured = {"table-update-in-parts", "table-throughput", "table-engine", "table-other-loops"}
    assert set(found) == unmeasured
    assert all(said.startswith("Not measured: `make bench`") for said in found.values())


def test_an_update_in_parts(book: Path, showing: Showing) -> None:
    found = (("ours", 1, 1.0), ("ours", 8, 1.0), ("Trainer", 1, 1.0), ("Trainer", 8, 7.5))
    rows = [
        {"examples": "pairs", "side": side, "parts": parts, "loss": 1.0, "gradient": gradient}
        for side, parts, gradient in found
    ]
    (book / "records" / "gradients.json").write_text(json.dumps({"rows": rows, **ABOUT}))
    table = showing("47_speed")["table-update-in-parts"]
    assert "| pairs | ours | 1.000 | 1.000 |" in table
    assert "| pairs | Trainer | 1.000 | 7.500 |" in table
    assert "16 examples" in table


def test_throughput(book: Path, showing: Showing) -> None:
    rows = [
        {"examples": "pairs", "number": 64, "tokens": 41.3, "updates": 2, "side": side, "loss": 1.0,
         "rate": rate, "by_processor": rate / 2}
        for side, rate in (("ours", 1000.0), ("Trainer", 400.0))
    ]  # fmt: skip
    (book / "records" / "throughput.json").write_text(json.dumps({"rows": rows, **ABOUT}))
    table = showing("47_speed")["table-throughput"]
    assert "| pairs | Trainer | 400 | 200 | 2.50 | 1.000 |" in table
    assert "A processor" in table
    assert "busy" in table


def test_the_other_loops(book: Path, showing: Showing) -> None:
    rows = [
        {"side": side, "seconds": seconds, "processor": 2 * seconds, "peak": 1500.0}
        for side, seconds in (("ours", 10.0), ("Trainer.predict", 25.0))
    ]
    content = {"rows": rows, **ABOUT, "about": {"work": "evaluation: tags", "threads": 2}}
    (book / "records" / "evaluation.json").write_text(json.dumps(content))
    table = showing("47_speed")["table-other-loops"]
    assert "| evaluation: tags | Trainer.predict | 25.0 | 50.0 | 1,500 | 2.50 |" in table
    assert "2 threads of A processor" in table


def test_the_record_in_the_book_shows_the_defect_and_not_ours() -> None:
    path = places.book() / "records" / "gradients.json"
    if not path.is_file():
        pytest.skip("no gradients are recorded")
    for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
        if row["side"] == "ours":
            assert (row["loss"], row["gradient"]) == pytest.approx((1, 1), rel=1e-5)
        elif row["examples"] == "sentence pairs":
            assert row["gradient"] == pytest.approx(row["parts"], rel=1e-3)


def test_utilisation(book: Path, showing: Showing) -> None:
    row = {"Training": "large, pairs", "Billion parameters": 0.56, "Useful tokens a second": 90_000.4,
           "Utilisation, %": 25.4, "GiB": 11.26, "GiB planned": 12.04}  # fmt: skip
    unknown = {**row, "Training": "large, passages", "Utilisation, %": None}
    found = {"rows": [row, unknown], **ABOUT, "hardware": {"accelerator": "A GPU"}}
    (book / "records" / "gpu.json").write_text(json.dumps(found))
    table = showing("47_speed")["table-utilisation"]
    assert "| large, pairs | 0.56 | 90,000 | 25.4 | 11.3 | 12.0 |" in table
    assert "| large, passages | 0.56 | 90,000 |  | 11.3 | 12.0 |" in table
    assert "One A GPU" in table
