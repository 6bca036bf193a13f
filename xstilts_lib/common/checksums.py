"""Hashes of files and of plain data; of a large file the hash is remembered by path, size and time.

A file that Git LFS left as a pointer is none of data, whoever asks, and is refused.

>>> remembered(Path("data/xnli/test-de.tsv"))[:8]                                          # doctest: +SKIP
'9f86d081'
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import disk, places
from .errors import UserError

# Within the tick of a file system's clock a file can change twice and keep its time, so a file this young is
# read again.
_YOUNG = 2.0  # seconds
_SMALL = 2**16  # bytes; reading so little costs no more than looking it up
_POINTER = b"version https://git-lfs"
_known: dict[tuple[str, ...], str] = {}


def sha256(path: Path | str) -> str:
    """The checksum of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered(path: Path) -> str:
    """The same; the file is read only if its path, size, times or inode are new, in this process or any
    other. UserError for a pointer of Git LFS."""
    path = path.resolve()
    stamp = _stamp(path)
    if stamp in _known:
        return _known[stamp]
    size, young = path.stat().st_size, time.time() - path.stat().st_mtime < _YOUNG
    kept = places.cache() / "checksums" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    told = {} if size < _SMALL or young else disk.read_json(kept)
    found: str | None = told.get("sha256") if told.get("stamp") == list(stamp) else None
    if found is None:
        with open(path, "rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise UserError(f"{path} is a Git LFS pointer, not data: run `git lfs pull` at its source.")
        found = sha256(path)
        if stamp != _stamp(path) or young:  # written to while it was read, or just now
            return found
        if size >= _SMALL:
            with suppress(OSError, UserError):  # without a folder to keep it in, it is computed again
                disk.write_json(kept, {"stamp": stamp, "sha256": found}, flush=False)
    _known[stamp] = found
    return found


def of_listing(files: Iterable[tuple[str, Path]]) -> str:
    """16 hexadecimal digits that change when a name or a byte of these files does."""
    return _short("".join(f"{name} {remembered(path)}\n" for name, path in files))


def of_files(folder: Path) -> str:
    """The same of all files below `folder`, hidden ones aside."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    shown = (name for name in sorted(files) if not name.startswith(".") and "/." not in name)
    return of_listing((name, files[name]) for name in shown)


def digest(value: Any) -> str:
    """The same of plain data: equal data, equal hash, whatever the order of its keys."""
    return _short(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stamp(path: Path) -> tuple[str, ...]:
    # The time of the last change of the inode cannot be set, as `cp -p` and tar set that of the content.
    found = path.stat()
    return (str(path), *map(str, (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)))
