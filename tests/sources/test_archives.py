"""Archives are unpacked whole or not at all, and nothing in them is trusted."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.sources import open_source
from xstilts_lib.sources.files.archives import unpack


def _tar(path: Path, *members: tuple[str, bytes | tarfile.TarInfo]) -> Path:
    mode = {".xz": "w:xz", ".gz": "w:gz", ".tar": "w"}[path.suffix]
    with tarfile.open(path, mode) as tar:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def _link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def _zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def _device(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = tarfile.FIFOTYPE
    return info


def _encrypted(path: Path) -> Path:
    """A zip whose flags say that its content is encrypted."""
    _zip(path, ("x/a", b"secret"))
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    return path


def _zip_link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return path


OUTSIDE = "leads outside the data folder"
DEVICE = "a link or a device"
SOFT, HARD = _link("x/l", "/etc", tarfile.SYMTYPE), _link("x/l", "x/a", tarfile.LNKTYPE)
ARCHIVES = {
    "path outside, tar": (
        lambda p: _tar(p / "x.tar.xz", ("x/a", b"1"), ("../evil", b"2")),
        "'../evil', which leads",
    ),
    "absolute path, tar": (lambda p: _tar(p / "x.tar.xz", ("/evil", b"2")), OUTSIDE),
    "path outside, zip": (lambda p: _zip(p / "x.zip", ("x/../../evil", b"2")), OUTSIDE),
    "absolute path, zip": (lambda p: _zip(p / "x.zip", ("/evil", b"2")), OUTSIDE),
    "windows path, zip": (lambda p: _zip(p / "x.zip", ("C:/evil", b"2")), OUTSIDE),
    "symbolic link": (lambda p: _tar(p / "x.tar.xz", ("", SOFT)), DEVICE),
    "hard link": (lambda p: _tar(p / "x.tar.xz", ("", HARD)), DEVICE),
    "pipe": (lambda p: _tar(p / "x.tar.xz", ("", _device("x/pipe"))), DEVICE),
    "link in a zip": (lambda p: _zip_link(p / "x.zip"), "holds a link"),
    "encrypted zip": (lambda p: _encrypted(p / "x.zip"), "is encrypted"),
    "bomb, tar": (lambda p: _tar(p / "x.tar.xz", ("x/zeros", bytes(80 * 2**20))), "refused as a bomb"),
    "bomb, zip": (lambda p: _zip(p / "x.zip", ("x/zeros", bytes(80 * 2**20))), "refused as a bomb"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_not_to_be_trusted(tmp_path, name):
    make, message = ARCHIVES[name]
    archive = make(tmp_path)
    cache = tmp_path / "cache"
    with pytest.raises(UserError, match=message) as caught:
        unpack(archive, "x", cache)
    assert str(archive) in str(caught.value)
    assert list(cache.iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_a_bomb_is_stopped_long_before_its_end(tmp_path):
    archive = _zip(tmp_path / "x.zip", ("x/zeros", bytes(10 * 2**20)))
    with pytest.raises(UserError, match="more than 1 MiB"):
        unpack(archive, "x", tmp_path / "cache", bound=2**20)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.tar.xz", lzma.compress(b"no tar" * 1000)),
        ("x.tar.xz", b"no archive at all"),
        ("x.tar.gz", gzip.compress(b"no tar" * 1000, mtime=0)),
        ("x.zip", b"PK\x03\x04 cut"),
        ("x.tar.xz", b""),
    ],
    ids=["compressed text, xz", "text", "compressed text, gz", "a zip cut short", "nothing"],
)
def test_archives_that_are_none(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="is not a whole archive"):
        unpack(tmp_path / name, "x", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("suffix", ["tar.xz", "tar.gz", "tar", "zip"])
def test_archives_cut_short(tmp_path, suffix):
    content = os.urandom(200_000)
    whole = (_zip if suffix == "zip" else _tar)(
        tmp_path / f"x.{suffix}", ("x/a", content), ("x/b", content[::-1])
    )
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(UserError, match="is not a whole archive"):
        unpack(whole, "x", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_full_disk_is_said_to_be_full(tmp_path, monkeypatch):
    archive = _tar(tmp_path / "x.tar.xz", ("x/a", b"1" * 1000))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xstilts_lib.sources.files.archives._extract", full)
    with pytest.raises(UserError, match="The disk is full"):
        unpack(archive, "x", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written(tmp_path):
    archive = _tar(tmp_path / "x.tar.xz", ("x/a", b"1"))
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(UserError, match="set XSTILTS_CACHE"):
        unpack(archive, "x", tmp_path / "cache")


def test_bad_data_inside_an_archive_is_refused_on_every_load(tmp_path):
    packed = tmp_path / "packed"
    packed.mkdir()
    _tar(packed / "xquad.tar.xz", ("xquad/xquad.de.json", b"{"))
    source = open_source({"kind": "files", "folder": str(packed), "cache": str(tmp_path / "cache")})
    for _ in range(2):
        with pytest.raises(UserError, match="the JSON ends too early"):
            source.load("xquad", "test", "de")
