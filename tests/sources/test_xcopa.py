"""XCOPA's questions: cause or effect, held against the parallel rows of the other languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.survey import check_table

WORDS = ("cause", "effect", "cause")
SETS = {"et": WORDS, "vi": WORDS, "th": ("effect",) * 3}


def files(sets: dict[str, tuple[str, ...]], split: str = "test") -> dict[str, str]:
    """XCOPA of these languages, with what each row asks for."""
    rows = {"premise": "It rained.", "choice1": "a", "choice2": "b", "label": 0}
    return {
        f"xcopa/{split}.{code}.jsonl": "\n".join(
            json.dumps({**rows, "question": word, "idx": number}) for number, word in enumerate(words)
        )
        for code, words in sets.items()
    }


def notes(source):
    return {row.language: row.notes for row in check_table(source, ["xcopa"])}


def test_questions_unlike_their_translations_are_counted(open_folder):
    source = open_folder(files(SETS))
    said = "2 rows ask for another of cause and effect than in most of the 2 other languages"
    assert notes(source) == {"et": "", "vi": "", "th": said}
    # What is published is what is asked.
    assert [prompt.split()[-1] for prompt in source.load("xcopa", "test", "th")["prompt"]] == ["effect?"] * 3
    assert source.reports["xcopa", "test", "th"].repaired == 0


def test_questions_are_mended_where_that_is_asked_for(open_folder):
    source = open_folder(files(SETS), repair=["xcopa"])
    rows = source.load("xcopa", "test", "th")
    assert rows["prompt"][:] == [f"It rained. What was the {word}?" for word in WORDS]
    assert rows["prompt"][:] == source.load("xcopa", "test", "et")["prompt"][:]
    assert source.reports["xcopa", "test", "th"].repaired == 2
    assert notes(source)["th"] == "2 questions put as in most of the 2 other languages"
    plain = open_folder(files(SETS))
    assert plain.load("xcopa", "test", "th")["label"][:] == rows["label"][:]


def test_rows_pair_by_idx_and_not_by_line(open_folder):
    shuffled = files(SETS)
    shuffled["xcopa/test.et.jsonl"] = "\n".join(reversed(shuffled["xcopa/test.et.jsonl"].split("\n")))
    assert notes(open_folder(shuffled))["et"] == ""


def test_one_other_language_does_not_tell_which_is_wrong(open_folder):
    pair = {"et": WORDS, "th": ("effect",) * 3}
    said = "2 rows ask for another of cause and effect than in the one other language"
    assert notes(open_folder(files(pair))) == {"et": said, "th": said}
    mended = open_folder(files(pair), repair=["xcopa"])
    assert mended.load("xcopa", "test", "et")["prompt"][0].endswith("cause?")


def test_another_language_that_is_broken_stops_a_repair_alone(open_folder):
    broken = files(SETS) | {"xcopa/test.vi.jsonl": "{"}
    assert "2 rows" in notes(open_folder(broken))["th"]
    with pytest.raises(UserError, match=r"test\.vi\.jsonl, line 1: the JSON ends too early"):
        open_folder(broken, repair=["xcopa"]).load("xcopa", "test", "th")


def test_only_known_faults_are_mended(open_folder):
    with pytest.raises(UserError, match=r"repair\[0\]: 'xnli' is not valid: .*xcopa"):
        open_folder(repair=["xnli"])


def test_the_hub_is_counted_and_mended_alike(tmp_path: Path):
    from datasets import Dataset

    place = tmp_path / "mirror/cambridgeltl/xcopa"
    lines = ["---", "configs:"]
    for code, words in SETS.items():
        rows = [
            {"premise": "a", "choice1": "b", "choice2": "c", "question": word, "label": 0, "idx": number}
            for number, word in enumerate(words)
        ]
        (place / code).mkdir(parents=True)
        Dataset.from_list(rows).to_parquet(place / code / "test.parquet")
        lines += [
            f"- config_name: {code}",
            "  data_files:",
            "  - split: test",
            f"    path: {code}/test.parquet",
        ]
    (place / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
    settings = {"kind": "hub", "mirror": str(tmp_path / "mirror"), "cache": str(tmp_path), "counts": "any"}
    source = open_source(settings)
    source.load("xcopa", "test", "th")
    assert source.reports["xcopa", "test", "th"].notes[0].startswith("2 rows ask for another")
    mended = open_source({**settings, "repair": ["xcopa"]})
    assert [prompt.split()[-1] for prompt in mended.load("xcopa", "test", "th")["prompt"]] == [
        f"{word}?" for word in WORDS
    ]


def test_the_published_files_ask_otherwise_as_often_as_is_known(real):
    found = {
        (row.split, row.language): row.notes
        for row in check_table(real, ["xcopa"])
        if "another of" in row.notes
    }
    numbers = {key: int(note.split(" rows ask")[0].split("; ")[-1]) for key, note in found.items()}
    assert numbers["test", "th"] == 250
    assert numbers["dev", "th"] == numbers["dev", "tr"] == 52
    assert (numbers["test", "tr"], numbers["test", "sw"]) == (51, 37)
    assert max(number for (_, code), number in numbers.items() if code not in ("th", "tr", "sw")) < 6


def test_rows_mended_by_other_languages_are_those_of_other_languages_too(open_folder):
    plain, mended = open_folder(files(SETS)), open_folder(files(SETS), repair=["xcopa"])
    before = [source.identify("xcopa", "test", "th") for source in (plain, mended)]
    other = {**SETS, "et": ("effect",) * 3}
    after = [source.identify("xcopa", "test", "th") for source in (open_folder(files(other)), mended)]
    assert before[0] == after[0]
    assert before[1] != after[1]
