"""SHA-256 of files, the large ones read once: what was computed is remembered by path, size and time.

A file that Git LFS left as a pointer is none of data, whoever asks, and is refused.

>>> remembered(Path("data/xnli/test-de.tsv"))[:8]                                          # doctest: +SKIP
'9f86d081'
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from . import places
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
    if stamp not in _known:
        size, young = path.stat().st_size, time.time() - path.stat().st_mtime < _YOUNG
        kept = places.cache() / "checksums" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
        found = None if size < _SMALL or young else _read(kept, stamp)
        if found is None:
            _refuse_pointer(path)
            found = sha256(path)
            if stamp != _stamp(path) or young:  # written to while it was read, or just now
                return found
            if size >= _SMALL:
                _write(kept, stamp, found)
        _known[stamp] = found
    return _known[stamp]


def of_files(folder: Path) -> str:
    """16 hexadecimal digits that change when a name or a byte below `folder` does; hidden files aside."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    shown = (name for name in sorted(files) if not name.startswith(".") and "/." not in name)
    listing = "".join(f"{name} {remembered(files[name])}\n" for name in shown)
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def _refuse_pointer(path: Path) -> None:
    with open(path, "rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise UserError(f"{path} is a Git LFS pointer, not data: run `git lfs pull` where it came from.")


def _stamp(path: Path) -> tuple[str, ...]:
    # The time of the last change of the inode cannot be set, as `cp -p` and tar set that of the content.
    found = path.stat()
    return (str(path), *map(str, (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)))


def _read(kept: Path, stamp: tuple[str, ...]) -> str | None:
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return str(found["sha256"]) if tuple(found["stamp"]) == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(kept: Path, stamp: tuple[str, ...], found: str) -> None:
    """Keep it, where there is a folder to keep it in; without, it is computed again next time."""
    part = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"stamp": stamp, "sha256": found}), encoding="utf-8")
        part.replace(kept)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
