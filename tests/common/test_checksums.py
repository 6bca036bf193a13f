"""A file is read once, and again as soon as anything about it is new; pointers are no data."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from xstilts_lib.common import checksums
from xstilts_lib.common.errors import UserError

LARGE = b"a" * 2**17


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XSTILTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checksums, "_known", {})
    return tmp_path / "cache"


def old(path: Path, content: bytes) -> Path:
    """A file that was written long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    before = time.time() - 3600
    os.utime(path, (before, before))
    return path


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found: list[Path] = []
    plain = checksums.sha256
    monkeypatch.setattr(checksums, "sha256", lambda path: found.append(path) or plain(path))
    return found


def test_a_large_file_is_read_once_by_all_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, read = old(tmp_path / "data", LARGE), reads(monkeypatch)
    first = checksums.remembered(file)
    assert checksums.remembered(file) == first == checksums.sha256(file)
    monkeypatch.setattr(checksums, "_known", {})  # as in another process
    assert checksums.remembered(file) == first
    assert read == [file, file], "once for the memory, once by the test"


def test_another_content_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    file = old(tmp_path / "data", LARGE)
    first, stat = checksums.remembered(file), file.stat()
    other = old(tmp_path / "other", b"b" * len(LARGE))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    shutil.copy2(other, file)
    assert file.stat().st_mtime_ns == stat.st_mtime_ns
    assert checksums.remembered(file) == checksums.sha256(file) != first


def test_what_was_just_written_is_not_remembered(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(LARGE)
    checksums.remembered(file)
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_or_read_costs_time_alone(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file where a folder belongs")
    file = old(tmp_path / "data", LARGE)
    assert checksums.remembered(file) == checksums.sha256(file)
    cache.unlink()
    checksums._known.clear()
    checksums.remembered(file)
    (kept,) = (cache / "checksums").iterdir()
    kept.write_text("{")
    checksums._known.clear()
    assert checksums.remembered(file) == checksums.sha256(file)


def test_a_folder_is_its_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    old(folder / "de" / "a.txt", b"eins")
    first = checksums.of_files(folder)
    old(folder / ".git" / "index", b"of no account")
    assert checksums.of_files(folder) == first
    old(folder / "de" / "a.txt", b"zwei")
    second = checksums.of_files(folder)
    (folder / "de" / "a.txt").rename(folder / "de" / "b.txt")
    assert len({first, second, checksums.of_files(folder)}) == 3


def test_a_pointer_is_refused(tmp_path: Path) -> None:
    file = old(tmp_path / "model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    for ask in (lambda: checksums.remembered(file), lambda: checksums.of_files(tmp_path)):
        with pytest.raises(UserError, match=r"model\.safetensors is a Git LFS pointer, not data"):
            ask()
