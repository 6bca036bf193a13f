"""Files and folders: whole or not there."""

from __future__ import annotations

import errno
import json
import os

import pytest

from xstilts_lib.common.disk import replacing_folder, write, write_json
from xstilts_lib.common.errors import UserError


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_written_whole(tmp_path):
    path = write(tmp_path / "deep" / "file.txt", "süß")
    assert path.read_text() == "süß"
    assert write(path, b"other").read_bytes() == b"other"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(call, tmp_path, monkeypatch):
    path = write(tmp_path / "file.txt", "old")
    monkeypatch.setattr(os, call, full)
    with pytest.raises(UserError, match=r"disk is full.*file\.txt"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    for content in ("old", "new"):
        with replacing_folder(tmp_path / "encoder") as folder:
            (folder / content).write_text(content)
    assert [p.name for p in (tmp_path / "encoder").iterdir()] == ["new"]


def test_a_folder_half_written_is_not_there(tmp_path):
    def fail(folder):
        (folder / "half").write_text("")
        raise RuntimeError

    with replacing_folder(tmp_path / "encoder") as folder:
        (folder / "new").write_text("")
    with pytest.raises(RuntimeError), replacing_folder(tmp_path / "encoder") as folder:
        fail(folder)
    assert [p.name for p in (tmp_path / "encoder").iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["encoder"]


def test_two_make_the_same_folder_at_the_same_time(tmp_path):
    with replacing_folder(tmp_path / "encoder") as slow:
        (slow / "begun").write_text("slow")
        with replacing_folder(tmp_path / "encoder") as quick:
            (quick / "weights").write_text("quick")
        used = (tmp_path / "encoder" / "weights").stat()
        (slow / "weights").write_text("slow")
    assert (tmp_path / "encoder" / "weights").stat() == used, "what the quick one may have open stays"
    assert [p.name for p in (tmp_path / "encoder").iterdir()] == ["weights"]
    assert [p.name for p in tmp_path.iterdir()] == ["encoder"]


def test_what_a_killed_process_left_is_cleared_once_it_is_old(tmp_path):
    for name in ("killed", "at_work"):
        (tmp_path / f".encoder.{name}.partial").mkdir()
        (tmp_path / f".encoder.{name}.partial" / "weights").write_text("half")
    for file in (tmp_path / ".encoder.killed.partial", tmp_path / ".encoder.killed.partial" / "weights"):
        os.utime(file, times=(0, 0))
    os.utime(tmp_path / ".encoder.at_work.partial", times=(0, 0))
    with replacing_folder(tmp_path / "encoder"):
        pass
    assert {p.name for p in tmp_path.iterdir()} == {"encoder", ".encoder.at_work.partial"}


def test_json_is_written_whole_or_not_at_all(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
    assert len(list(tmp_path.iterdir())) == 1
