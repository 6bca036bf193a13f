"""By which examples a recipe may be chosen: English ones, held back, in the target's own format."""

from __future__ import annotations

from pathlib import Path

import pytest

from xstilts_lib.experiment import load_experiment
from xstilts_lib.sources import Need, Source, open_source
from xstilts_lib.sources.selection import dev_need, dev_set


def source(folder: Path, *files: str) -> Source:
    """A folder that holds these files, which nobody reads here."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return open_source({"kind": "files", "folder": str(folder)})


def test_a_generated_target_has_a_dev_set_of_its_own() -> None:
    plan = load_experiment("smoke")
    found = dev_set(plan.open_source(), "mini_xnli", 5)
    assert list(found) == ["en"]
    assert len(found["en"]) == 5


@pytest.mark.parametrize(
    ("target", "files", "expected"),
    [
        ("xnli", ("xnli/dev-en.tsv", "xnli/dev-de.tsv"), "xnli"),
        ("xnli", ("xnli/dev-de.tsv",), None),
        ("xquad", ("squad/dev-v1.1.json",), "squad_v1"),
        ("xquad", (), None),
        ("lareqa", ("squad/dev-v1.1.json",), None),
        ("tatoeba", (), None),
    ],
)
def test_the_english_dev_set_or_none(
    target: str, files: tuple[str, ...], expected: str | None, tmp_path: Path
) -> None:
    need = dev_need(source(tmp_path, *files), target)
    assert need == (Need(expected, "dev", "en") if expected else None)


def test_what_chooses_is_fetched_with_the_rest() -> None:
    plan = load_experiment("smoke")
    needs = plan.needs(plan.open_source())
    assert {Need(name, "dev", "en") for name in plan.targets_trained} <= set(needs)
