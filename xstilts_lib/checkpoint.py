"""State on disk that is whole or not there: atomic files and folders, checksums, checkpoints of a run.

Safetensors and JSON alone, no pickle. A file is written beside its place, flushed to the disk, and renamed
into it, so that a kill at any moment leaves the old state or the new one.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checksums import sha256
from .errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINTS = "checkpoint"  # the folder of a run that holds them
KEPT = 2  # checkpoints of a run: the newest, and the one before in case the newest is damaged


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """A full disk, inside, becomes a UserError that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"The disk is full: {path} could not be written; free some space and run again."
            ) from error
        raise
    except Exception as error:
        # safetensors wraps the system's error in its own.
        if type(error).__name__ == "SafetensorError" and (
            "No space left" in str(error) or "code: 28" in str(error)
        ):
            raise UserError(
                f"The disk is full: {path} could not be written; free some space and run again."
            ) from error
        raise


def atomic_write(path: Path | str, content: bytes | str) -> Path:
    """Write a file whole or not at all; UserError where the disk is full."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with disk(path):
            with open(beside, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of `path` when the block ends well."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)  # what a killed run left
    try:
        with disk(path):
            beside.mkdir(parents=True)
            yield beside
            for file in beside.rglob("*"):
                _flush(file)
            _flush(beside)
            old = path.with_name(f".{path.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            if path.exists():
                os.rename(path, old)
            os.rename(beside, path)
            _flush(path.parent)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_safetensors(path: Path | str) -> None:
    """UserError where a .safetensors file is cut short or unreadable; reads its header alone."""
    path = Path(path)
    advice = "delete it, and run again what made it"
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length + 8 > size:
            raise UserError(f"{path} is cut short ({size} bytes): {advice}.")
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError):
            raise UserError(f"{path} is damaged, its header is unreadable: {advice}.") from None
    expected = 8 + length + max(ends, default=0)
    if size < expected:
        raise UserError(f"{path} is cut short ({size} of {expected} bytes): {advice}.")


class Checkpoints:
    """The checkpoints of one run, in a folder of their own; the newest that is whole counts.

    Each is a folder `step-00000120/` of `state.safetensors`, `state.json` and `checksums.json`.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)

    def save(self, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Write the state after `step` updates, then drop all but the last two."""
        from safetensors.torch import save_file

        with atomic_folder(self._folder(step)) as folder:
            save_file(
                {name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "state.safetensors"
            )
            (folder / "state.json").write_text(json.dumps({"step": step, **state}))
            sums = {name: sha256(folder / name) for name in ("state.safetensors", "state.json")}
            (folder / "checksums.json").write_text(json.dumps(sums))
        for old in self._folders()[:-KEPT]:
            shutil.rmtree(old)

    def newest(self) -> int | None:
        """The update of the newest whole checkpoint; None where there is none.

        A damaged one is passed over for the one before, with a printed notice.
        """
        for folder in reversed(self._folders()):
            damage = self._damage(folder)
            if damage is None:
                return int(folder.name.removeprefix("step-"))
            print(
                f"Checkpoint {folder.name} is damaged ({damage}): going back to the one before.", flush=True
            )
        return None

    def read(self, step: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and state after `step` updates."""
        from safetensors.torch import load_file

        return load_file(self._folder(step) / "state.safetensors"), self.read_state(step)

    def read_state(self, step: int) -> dict[str, Any]:
        """The state after `step` updates, without its tensors."""
        state: dict[str, Any] = json.loads((self._folder(step) / "state.json").read_text())
        return state

    def clear(self) -> None:
        """Remove them all."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _folder(self, step: int) -> Path:
        return self.directory / f"step-{step:08d}"

    def _folders(self) -> list[Path]:
        return sorted(self.directory.glob("step-*"))

    @staticmethod
    def _damage(folder: Path) -> str | None:
        try:
            sums = json.loads((folder / "checksums.json").read_text())
            wrong = [name for name, value in sums.items() if sha256(folder / name) != value]
        except (OSError, ValueError, AttributeError) as error:
            return f"{type(error).__name__} in reading it"
        return f"{wrong[0]} has another checksum" if wrong else None
