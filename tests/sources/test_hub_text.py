"""The text to learn from: Wikipedia's lines, none with a sentence that is evaluated, drawn by a seed."""

from __future__ import annotations

import pytest
from made_up import BRIDGE

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.hub.kept import is_dev, select
from xstilts_lib.sources.overlap import held_out, normalised, sentences

EVALUATED = {
    "tatoeba/tatoeba.deu-eng.eng": "It rains here every morning!\nIt snows.\n",
    "udpos/test-de.tsv": "Eine\tDET\ndritte\tADJ\nZeile\tNOUN\n.\tPUNCT\n",
}


def test_text_never_holds_a_sentence_that_is_evaluated(open_folder):
    excluded = held_out(open_folder(EVALUATED), ["tatoeba", "udpos", "xquad"])
    said = ["It rains here every morning.", "EINE dritte Zeile", BRIDGE, "Der Minister sprach lange."]
    said += [
        "He spoke. It rains here every morning. He left.",
        "der Minister  sprach lange!",
        "Kurz.",
    ]
    rows = select([(str(n), text) for n, text in enumerate(said)], "de", excluded, 10, 0)
    assert [normalised(row["text"]) for row in rows] == ["derministersprachlange"]
    assert {(row["language"], row["pair"]) for row in rows} == {("de", "")}


def test_text_is_capped_and_drawn_by_seed():
    offered = [(str(n), f"Sentence number {n} of the news.") for n in range(300)]
    drawn = [select(offered, "en", frozenset(), 50, seed) for seed in (0, 0, 1)]
    assert len(drawn[0]) == 50
    assert drawn[0] == drawn[1] != drawn[2]
    whole = select(offered, "en", frozenset(), 300, 0)
    assert 0 < sum(map(is_dev, whole)) < 20
    other = select(offered, "de", frozenset(), 300, 0)
    held = [{row["id"].split("-")[-1] for row in rows if is_dev(row)} for rows in (whole, other)]
    assert held[0] == held[1]


def test_sentences_are_compared_by_letters_and_digits():
    assert normalised("Ｈello, Wörld! 12") == normalised("hello wörld 12")
    assert set(sentences("One fish. Two fish.")) == {"onefishtwofish", "onefish", "twofish"}


def test_text_is_not_read_beside_a_target_that_it_does_not_know(tmp_path):
    settings = {"kind": "hub", "cache": str(tmp_path)}
    source = open_source({**settings, "targets": ["xquad"]})
    source.check(["xquad", "udpos"])
    with pytest.raises(UserError, match=r"evaluates 'udpos'.*add it to `targets`"):
        source.load("text", "train", "de")
    unstated = open_source(settings)
    unstated.check(["xquad", "tatoeba"])
    assert set(unstated.targets) == {"xquad", "tatoeba"}
    with pytest.raises(UserError, match="did you mean 'xquad'"):
        open_source({**settings, "targets": ["xqad"]})
    with pytest.raises(UserError, match="did you mean 'text_lines'"):
        open_source({**settings, "text_line": 3})
    with pytest.raises(UserError, match="at least 1"):
        open_source({**settings, "text_lines": 0})
