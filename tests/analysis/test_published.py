"""Published numbers: each has a citation that exists, and none is mixed with ours."""

from __future__ import annotations

import re

import pytest

from xstilts_lib.analysis import claims
from xstilts_lib.common import places
from xstilts_lib.tasks import TASKS

KEYS = set(re.findall(r"@\w+\{(\w+),", (places.book() / "references.bib").read_text(encoding="utf-8")))


def test_every_number_has_a_citation_and_a_place() -> None:
    for row in claims.published().itertuples():
        assert row.citation in KEYS, row
        assert row.place, row
        assert row.target in TASKS or row.target.startswith("mean over"), row
        assert 0 < row.value <= 100, row
    table = claims.published()
    assert not table.duplicated(["system", "setting", "target", "metric", "language", "citation"]).any()
    languages = table.loc[table["language"] != "all", ["target", "language"]]
    assert all(code in TASKS[name].languages for name, code in languages.itertuples(index=False))


def test_means_are_those_that_the_publishers_state() -> None:
    table = claims.published()
    means = table[table["setting"] == "no fine-tuning"].groupby("target")["value"].mean()
    assert means["bucc2018"] == pytest.approx(71.5, abs=0.05)
    assert means["tatoeba"] == pytest.approx(31.0, abs=0.05)


def test_a_published_gain_is_of_two_published_systems() -> None:
    rows = claims.published_gains().set_index("target")
    assert rows.loc["xnli", "gain"] == pytest.approx(0.8)
    assert rows.loc["tydiqa", "X-STILTs"] == pytest.approx((59.5 + 76.0) / 2)
    assert rows["gain"].idxmax() == "tydiqa"
