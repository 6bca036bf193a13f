"""Claims and verdicts as people read them: the chapter of the book, and the terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest

from xstilts_lib.analysis import claims
from xstilts_lib.analysis.claims import CLAIMS, OURS
from xstilts_lib.common import places
from xstilts_lib.experiment import load_experiment
from xstilts_lib.rendering import tables


def test_every_source_is_cited_on_the_page() -> None:
    page = json.loads((places.notebooks() / "56_claims.ipynb").read_text(encoding="utf-8"))
    prose = "".join("".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "markdown")
    cited = set(re.findall(r"\{cite(?::t)?\}`(\w+)`", prose))
    sources = {claim.source for claim in CLAIMS} - {OURS}
    assert cited == sources | set(claims.published()["citation"])


def test_ours_stand_beside_the_published_ones(build) -> None:
    view = claims.overview(build({("mini_mnli", "mini_xnli"): 4.0}, recipes=["none", "mini_mnli"], noise=0.1))
    rows = claims.beside_published(view.of("tiny")).set_index("target")
    assert rows.loc["xnli", "gain"] == "+0.8"
    assert rows.loc["xnli", "here"] == "XNLI"
    assert rows.loc["xnli", "gain here"].startswith("+4.")
    assert rows.loc["xnli", "gain here"].endswith("(1)")
    assert "xquad" not in rows.index, "nothing here stands for it"


def test_without_a_record_claims_are_put_to_another_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "available", list)
    assert tables.claimant("smoke") == "smoke"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_claims_in_the_terminal(
    form: str, finish: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    finish("smoke")
    experiment = load_experiment("smoke")
    tables.show_claims(experiment, None, form)
    shown = capsys.readouterr().out
    if form == "table":
        assert all(f" {claim.id} " in shown for claim in CLAIMS)
        return
    read = json.loads(shown)["claims"] if form == "json" else list(csv.DictReader(io.StringIO(shown)))
    assert [row["id"] for row in read] == [claim.id for claim in CLAIMS]
    assert read[0]["verdict"] == "untestable here"
    assert read[0]["estimate"] in (None, "")
