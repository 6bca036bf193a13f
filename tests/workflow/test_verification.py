"""What `xstilts verify` demands: the same digits where they can be asked for, else the spread of seeds."""

from __future__ import annotations

from typing import Any

import pytest

from xstilts_lib.common import arithmetic
from xstilts_lib.experiment import Experiment
from xstilts_lib.runs import records
from xstilts_lib.runs.run import Run, all_runs
from xstilts_lib.workflow import verification

CELL = ("tiny", "none", "mini_xnli", 0)
SCORES = {0: 50.0, 1: 52.0, 2: 48.0, 3: 51.0, 4: 49.0}  # a standard deviation of 1.58
FOUND = {(*CELL[:3], seed): {("qaa", "score"): value} for seed, value in SCORES.items()}
NATIVE = {"kind": "native", "precision": ["fp32"], "instructions": "AVX512"}


def made(processor: str = "One", arithmetic: Any = NATIVE, torch: str = "2.15") -> dict[str, Any]:
    hardware = {"processor": processor, "threads": 1} | ({"arithmetic": arithmetic} if arithmetic else {})
    return {"hardware": hardware, "versions": {"torch": torch}}


def judge(value: float, *reasons: str) -> tuple[bool, str]:
    return verification.judge(CELL, {("qaa", "score"): value}, FOUND, list(reasons))


def test_the_same_numbers_are_right_wherever_they_come_from() -> None:
    assert judge(50.0) == judge(50.0, "the processor was One and is Two") == (True, "the same 1 numbers")


def test_on_the_same_kind_of_machine_every_digit_counts() -> None:
    right, words = judge(50.1)
    assert not right
    assert words.startswith("DIFFERENT, on the same kind of machine: qaa score 50.0 then, 50.1 now")


def test_elsewhere_the_spread_between_seeds_decides_and_is_named() -> None:
    right, words = judge(54.0, "the processor was One and is Two")
    assert right
    assert words.startswith("within the spread between seeds (up to 4.0 points apart, 5 seeds)")
    assert words.endswith("because the processor was One and is Two")
    # Two draws of a standard deviation of 1.58, and Student's t of 4 degrees of freedom: 6.21 points.
    assert verification.allowed(FOUND[CELL], list(FOUND.values()))["qaa", "score"] == pytest.approx(
        6.21, abs=0.01
    )
    right, words = judge(57.0, "the processor was One and is Two")
    assert not right
    assert words.startswith("FURTHER APART THAN SEEDS ARE in qaa score")


def test_the_more_numbers_a_cell_has_the_further_one_of_them_may_be() -> None:
    one = verification.allowed({("a", "score"): 0.0}, [{("a", "score"): v} for v in SCORES.values()])
    two = {("a", "score"): 0.0, ("b", "score"): 0.0}
    both = verification.allowed(two, [dict.fromkeys(two, v) for v in SCORES.values()])
    assert both["a", "score"] > one["a", "score"]


def test_without_a_second_seed_there_is_no_spread() -> None:
    right, words = verification.judge(CELL, {("qaa", "score"): 49.0}, {CELL: FOUND[CELL]}, ["another torch"])
    assert not right
    assert words.startswith("NOT COMPARABLE, for there is one seed")


def test_other_languages_are_no_matter_of_spread() -> None:
    right, words = verification.judge(CELL, {("qab", "score"): 50.0}, FOUND, ["the languages changed"])
    assert not right
    assert words.startswith("OTHER LANGUAGES OR METRICS")


def test_what_makes_a_machine_another() -> None:
    assert verification.unlike(made(), made()) == []
    assert verification.unlike(made(), made("Two")) == ["the processor was One and is Two"]
    assert verification.unlike(made(), made(torch="2.16")) == ["torch was 2.15 and is 2.16"]
    other = {**NATIVE, "precision": ["bf16"]}
    (said,) = verification.unlike(made(), made(arithmetic=other))
    assert said == "the precision of its arithmetic was ['fp32'] and is ['bf16']"
    (said,) = verification.unlike(made(arithmetic=None), made())
    assert said == "the record does not say in which arithmetic it was computed"


def test_portable_arithmetic_is_the_same_on_every_processor() -> None:
    portable = {"kind": arithmetic.PORTABLE, "instructions": "AVX2"}
    one, two = made("One", portable), made("Two", portable)
    assert verification.unlike(one, two) == []
    assert verification.unlike(one, made("Two")) != []


def test_a_record_is_held_against_the_file_of_today(
    kept: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records.results, "missing", lambda _: [("a run", "encoder")])
    assert records.changes(kept) == []
    assert "changed" not in records.origin(kept)
    text = kept.file.read_text(encoding="utf-8")
    changed = text.replace("title: Two questions", "title: Two").replace("steps: 1", "steps: 2")
    kept.file.write_text(f"{changed}languages: [qaa]\n", encoding="utf-8")
    assert records.changes(kept) == [
        "languages was not stated and is ['qaa']",
        "pretraining.steps was 1 and is 2",
    ]
    told = "; ".join(records.changes(kept))
    assert records.origin(kept).endswith(f"compares. Its file has changed since: {told}.")


def test_a_record_says_which_cells_were_computed_where(
    questions: Experiment, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = all_runs(questions)
    for run in runs:
        finish(run)
    plain = records._manifest
    monkeypatch.setattr(
        records, "_manifest",
        lambda run, part: {**plain(run, part), "hardware": made("Two" if run.seed else "One")["hardware"]},
    )  # fmt: skip
    records.write(questions)
    monkeypatch.setattr(Run, "done", lambda self, part, verify=False: False)
    for run in runs:
        assert records.made(run, run.parts[-1])["hardware"]["processor"] == ("Two" if run.seed else "One")


def test_a_gpu_repeats_itself_only_where_it_was_told_to() -> None:
    on_gpu = [made(arithmetic={"kind": kind}) for kind in ("native", "deterministic", "portable")]
    for each in on_gpu:
        each["hardware"]["accelerator"] = "NVIDIA H100"
    native, deterministic, portable = on_gpu
    assert verification.unlike(native, native) == [
        "a GPU in native arithmetic adds up in another order each time"
    ]
    assert verification.unlike(deterministic, deterministic) == []
    other = {**portable, "hardware": {**portable["hardware"], "accelerator": "NVIDIA L4"}}
    assert verification.unlike(portable, portable) == []
    assert verification.unlike(portable, other) == ["the accelerator was NVIDIA H100 and is NVIDIA L4"]
