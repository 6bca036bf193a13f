"""Claims and verdicts as people read them: the page of the book, and the terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest

from xstilts_lib.analysis import published
from xstilts_lib.analysis.claims import CLAIMS
from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering import claims, markup


def test_the_study_of_the_published_numbers_is_on_the_page() -> None:
    shown = claims.published()
    assert "SQuAD" in shown
    assert markup.text("+8.7") in shown
    assert markup.text("xquad") + " F1 78.7" in shown
    assert set(re.findall(r"\{cite:t\}`(\w+)`", shown)) == set(published.table()["citation"])


def test_without_results_the_page_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(claims, "available", list)
    found = claims.parts(load_experiment("smoke"))
    assert found["claims"] == claims.MISSING
    assert found["claims_tests"].count("\n| ") == len(CLAIMS) + 1
    assert claims.default("smoke") == "smoke"


def test_the_page_puts_ours_beside_the_published_ones(
    finish: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "available", list)
    finish("smoke")
    found = claims.parts(load_experiment("smoke"))
    assert found["claims"].count("\n| ") == len(CLAIMS) + 1
    assert f"{len(CLAIMS)} claims were put to the experiment" in found["claims_counted"]
    line = next(line for line in found["published_beside"].splitlines() if line.startswith("| <code>xnli"))
    assert "| +0.8 |" in line
    assert markup.code("mini_xnli") in line
    squad = next(line for line in found["claims"].splitlines() if line.startswith("| B2 "))
    assert "1 seed, too few for an interval" in squad


def test_every_part_stands_on_the_page() -> None:
    page = (places.book() / "claims.md").read_text(encoding="utf-8")
    included = set(re.findall(r"runs/generated/(\w+)\.md", page))
    assert included == set(claims.parts(load_experiment("smoke")))


def test_names_in_running_text_are_code() -> None:
    assert claims.prose("gain of mini_mnli+mini_squad, less `none`") == (
        f"gain of {markup.code('mini_mnli+mini_squad')}, less {markup.code('none')}"
    )
    assert claims.prose("a_b | c") == markup.text("a_b | c")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_claims_in_the_terminal(
    form: str, finish: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    finish("smoke")
    experiment = load_experiment("smoke")
    claims.show(experiment, claims.judged(experiment), form)
    shown = capsys.readouterr().out
    if form == "table":
        assert all(f" {claim.id} " in shown for claim in CLAIMS)
        return
    read = json.loads(shown)["claims"] if form == "json" else list(csv.DictReader(io.StringIO(shown)))
    assert [row["id"] for row in read] == [claim.id for claim in CLAIMS]
    assert read[0]["verdict"] == "untestable here"
    assert read[0]["estimate"] in (None, "")
