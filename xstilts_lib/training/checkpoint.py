"""The checkpoints of a run: safetensors and JSON alone, no pickle, with checksums."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.checksums import sha256
from ..common.disk import replacing_folder

if TYPE_CHECKING:
    from torch import Tensor

KEPT = 2  # checkpoints of a run: the newest, and the one before in case the newest is damaged


class Checkpoints:
    """The checkpoints of one run, in a folder of their own; the newest that is whole counts.

    Each is a folder `step-00000120/` of `state.safetensors`, `state.json` and `checksums.json`.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)

    def save(self, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Write the state after `step` updates, then drop all but the last two."""
        from safetensors.torch import save_file

        with replacing_folder(self._folder(step)) as folder:
            whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
            save_file(whole, folder / "state.safetensors")
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
            print(f"Checkpoint {folder.name} is damaged ({damage}): back to the one before.", flush=True)
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
