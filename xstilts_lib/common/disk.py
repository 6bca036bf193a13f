"""Files and folders that are whole or not there: the one place where anything is written that others read.

Written beside its place, flushed to the disk, and renamed into it, so that a kill at any moment leaves the
old state or the new one.

>>> write_json(directory / "scores.json", {"accuracy": 71.2})
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import UserError

ABANDONED = 3600.0  # seconds without a change after which half a folder is nobody's


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """A full disk, inside, becomes a UserError that names `path`."""
    try:
        yield
    except Exception as error:
        # safetensors wraps the system's error in its own.
        wrapped = type(error).__name__ == "SafetensorError" and (
            "No space left" in str(error) or "code: 28" in str(error)
        )
        if wrapped or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"The disk is full: {path} could not be written; free some space and run again."
            ) from error
        raise


@contextmanager
def replacing(path: Path, flush: bool = True) -> Iterator[Path]:
    """A place to write a file to, which becomes `path` when the block ends well; UserError where the disk is
    full. Without `flush` a machine that loses power may lose the file: for what is made again anyway."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(path)
    try:
        with room_for(path):
            yield beside
            if flush:
                _flush(beside)
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path | str, content: bytes | str, flush: bool = True) -> Path:
    """Write a file, text as UTF-8."""
    path = Path(path)
    with replacing(path, flush) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_json(path: Path | str, content: Any, flush: bool = True) -> Path:
    """Write plain data as JSON."""
    return write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n", flush)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none, or it is damaged: for what is made again."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def replacing_folder(path: Path | str, flush: bool = True) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of `path` when the block ends well; `flush` as in
    `replacing`.

    Where `path` was not there at the start, and at the end somebody else's is, theirs stays and is not
    touched: several processes, of this machine or others, may make the same folder at the same time.
    """
    path = Path(path)
    with suppress(FileNotFoundError):
        _clear(path)
    beside, there = _beside(path), path.exists()
    try:
        with room_for(path):
            beside.mkdir(parents=True)
            yield beside
            for file in (*beside.rglob("*"), beside) if flush else ():
                _flush(file)
            if there:
                old = _beside(path)
                os.rename(path, old)
            try:
                os.rename(beside, path)
            except OSError as error:
                if there or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            _flush(path.parent)
            if there:
                shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A name beside `path` that no other process has, of whatever machine."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")


def _clear(path: Path) -> None:
    """Remove what killed processes have left beside `path`: nobody who still writes rests for an hour."""
    for left in path.parent.iterdir():
        if left.name.startswith(f".{path.name}.") and left.name.endswith(".partial"):
            last = max((file.stat().st_mtime for file in (left, *left.rglob("*"))), default=0.0)
            if time.time() - last > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_safetensors(path: Path | str) -> None:
    """UserError where a .safetensors file is cut short or damaged; reads its header alone."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):
            pass
    except SafetensorError as error:
        raise UserError(
            f"{path} is cut short or damaged ({error}): delete it, and run again what made it."
        ) from None
