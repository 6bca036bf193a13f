"""`xstilts data fetch` once, and the same rows come without a network, of the very commit that is pinned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_hub import serve
from made_up_hub import build

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources.hub import kept
from xstilts_lib.sources.hub.repositories import REPOSITORIES

TASK, OTHER = "tydiqa", "0123456789" * 4
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Python in a process of its own, with caches of its own, and a hub at the address given."""

    def run(address: str, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        elsewhere = ("HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_HUB_OFFLINE")
        env = {name: value for name, value in os.environ.items() if name not in elsewhere}
        env |= {
            "HF_HOME": str(tmp_path / "hf"),
            "XSTILTS_CACHE": str(tmp_path / "own"),
            "HF_ENDPOINT": address,
        }
        command = [sys.executable, *argv]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=600, env={**env, "NO_PROXY": "127.0.0.1", **more}
        )

    return run


def test_what_was_fetched_loads_without_a_network(hub, python):
    repository = REPOSITORIES[TASK][0]
    rest = (TASK, "--source", "hub", "--counts", "any", "--format", "json")
    with serve(hub, {repository.name: repository.revision}) as address:
        fetched = python(address, "-m", "xstilts_lib.cli", "data", "fetch", *rest)
    rows = {(row["split"], row["language"]): row for row in json.loads(fetched.stdout)}
    assert rows["train", "en"]["rows"] == 2, fetched.stderr
    assert rows["train", "en"]["revision"] == repository.revision
    offline = python(NOWHERE, "-m", "xstilts_lib.cli", "data", "check", *rest, HF_HUB_OFFLINE="1")
    assert offline.stdout == fetched.stdout
    assert offline.returncode == fetched.returncode == 2  # of the made-up copy, some languages are empty
    # `datasets` alone would take what it prepared last, whatever the commit.
    code = (
        "from xstilts_lib.sources import open_source\n"
        f"settings = {{'kind': 'hub', 'revisions': {{{repository.name!r}: {OTHER!r}}}}}\n"
        f"open_source(settings).load({TASK!r}, 'train')"
    )
    other = python(NOWHERE, "-c", code, HF_HUB_OFFLINE="1")
    assert other.returncode == 1
    assert (
        f"UserError: {repository.name} (secondary_task, train) cannot be loaded from the hub" in other.stderr
    )


GOOD = b"id,context\n1,a\n"


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], None]:
    """What GitHub answers to a request for any file."""
    monkeypatch.setattr(kept, "GITHUB", (tmp_path / "answer").as_uri())

    def answer(content: bytes | None) -> None:
        if content is None:
            (tmp_path / "answer").unlink()
        else:
            (tmp_path / "answer").write_bytes(content)

    return answer


def test_a_file_of_github_is_fetched_once(tmp_path, github):
    github(GOOD)
    place = kept.github_file(tmp_path / "cache", "owner/name", OTHER, "data/train.csv")
    assert place.read_bytes() == GOOD
    assert OTHER in place.parts
    github(None)
    assert kept.github_file(tmp_path / "cache", "owner/name", OTHER, "data/train.csv") == place
    with pytest.raises(UserError, match=r"answer cannot be fetched \(URLError"):
        kept.github_file(tmp_path / "cache", "owner/name", "f" * 40, "data/train.csv")


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><p>404", b"\n <html>", b" \n"])
def test_what_is_no_data_is_refused_and_not_kept(tmp_path, github, content):
    github(content)
    with pytest.raises(UserError, match="gives no data but"):
        kept.github_file(tmp_path / "cache", "owner/name", OTHER, "train.csv")
    assert not (tmp_path / "cache").exists()


def test_nothing_is_fetched_offline(tmp_path, github, monkeypatch):
    github(GOOD)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE forbids to fetch it: run `xstilts data fetch`"):
        kept.github_file(tmp_path / "cache", "owner/name", OTHER, "train.csv")


@pytest.mark.parametrize("damage", ["", '["1", "a"]\n["2", "b', '["1", "a", ""]\n', "[[\n"])
def test_drawn_lines_are_kept_and_made_anew_where_damaged(tmp_path, damage):
    drawn = [("1", "A line\u2028of text."), ("2", "Another.")]
    file = tmp_path / "wikipedia" / "de.jsonl"
    assert kept.lines(file, lambda: iter(drawn)) == drawn
    assert kept.lines(file, lambda: pytest.fail("drawn again")) == drawn
    file.write_text(damage)
    again = [("3", "Once more.")]
    assert kept.lines(file, lambda: again) == again
