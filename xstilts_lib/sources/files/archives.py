"""Packed data sets: unpacked whole or not at all, into a cache, keyed by the archive's checksum.

An archive is somebody else's file, so nothing in it is trusted: no path may leave the folder, no link or
device is made, and the unpacked size is bounded.
"""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from ...common.checksums import remembered
from ...common.disk import replacing_folder
from ...common.errors import UserError

SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar", ".zip")
# Text packs to a tenth, now and then to a fiftieth; a bomb to a thousandth.
_EXPANSION = 200
_ALLOWANCE = 64 * 2**20
_FILES = 100_000
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError,
)  # fmt: skip


def find_archive(folder: Path, name: str) -> Path | None:
    """The archive of the data set `name` in `folder`, under any of the known suffixes."""
    return next((path for suffix in SUFFIXES if (path := folder / (name + suffix)).is_file()), None)


def unpack(archive: Path, name: str, cache: Path, bound: int | None = None) -> Path:
    """The folder of the data set `name`, unpacked from `archive` once: the cache is keyed by its checksum.

    `bound` limits the bytes written (default: 200 times the archive's size, and 64 MiB). UserError where the
    archive is damaged, holds a link or a path outside, or is larger than the bound; nothing is left in the
    cache then.
    """
    home = cache / f"{name}-{remembered(archive)[:16]}"
    if not home.is_dir():
        bound = _EXPANSION * archive.stat().st_size + _ALLOWANCE if bound is None else bound
        try:
            with replacing_folder(home, flush=False) as part:
                _extract(archive, part, bound)
        except _BROKEN as error:
            raise UserError(f"{archive} is not a whole archive ({error}): fetch it again.") from None
        except OSError as error:
            raise UserError(
                f"{archive} cannot be unpacked into {cache} ({error.strerror or error}): free that folder, "
                "or set XSTILTS_CACHE elsewhere."
            ) from None
    inner = home / name
    return inner if inner.is_dir() else home


def _extract(archive: Path, to: Path, bound: int) -> None:
    written = 0
    for count, (name, size, stream) in enumerate(_members(archive), start=1):
        written += size  # as stated; neither format reads a byte more
        if count > _FILES:
            raise UserError(f"{archive} holds more than {_FILES} files: this is not a data set.")
        if written > bound:
            raise UserError(f"{archive} unpacks to more than {bound / 2**20:.0f} MiB: refused as a bomb.")
        path = to / _inside(archive, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            shutil.copyfileobj(stream, file)
        if path.stat().st_size != size:
            raise EOFError(f"{name} ends after {path.stat().st_size} of {size} bytes")


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """(name, size, content) of every regular file; what is neither a file nor a folder is refused."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                if (info.external_attr >> 16) & 0o170000 == 0o120000:
                    raise UserError(f"{archive} holds a link, {info.filename!r}: refused.")
                if info.flag_bits & 1:
                    raise UserError(f"{archive} is encrypted: refused.")
                _inside(archive, info.filename)
                if not info.is_dir():
                    with packed.open(info) as stream:
                        yield info.filename, info.file_size, stream
        return
    # Not as a stream ("r|*"): that takes an archive that was cut short for a whole one.
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            _inside(archive, member.name)
            if not (member.isfile() or member.isdir()):
                raise UserError(f"{archive} holds {member.name!r}, which is a link or a device: refused.")
            if member.isfile():
                stream = tar.extractfile(member)
                assert stream is not None  # a regular file has content
                yield member.name, member.size, stream


def _inside(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name.split("/")[0]:
        raise UserError(f"{archive} holds the path {name!r}, which leads outside the data folder: refused.")
    return path
