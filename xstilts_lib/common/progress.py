"""How far a run has come: a small JSON file that a monitor may read at any moment, and now and then a
printed line."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import SupportsFloat

from .disk import write_json
from .errors import UserError

FILE_SECONDS = 0.5  # between two writes of the file
PRINT_SECONDS = 10.0  # between two printed lines


class Progress:
    """Writes `path` at most twice a second, each time whole, and prints a line every ten seconds.

    >>> progress = Progress(path=None, phase="pretraining", printing=False)
    >>> progress.begin(total=100)
    >>> progress.update(step=100, loss=2.5, tokens=76800)
    """

    def __init__(self, path: Path | str | None, phase: str = "training", printing: bool = True) -> None:
        self.path = None if path is None else Path(path)
        self.phase = phase
        self.printing = printing
        self._printed = time.monotonic()
        self._written = self._printed - FILE_SECONDS
        self.begin(0)

    def begin(self, total: int, step: int = 0, tokens: int = 0) -> None:
        """The run's length, and where it goes on from; rates count from here."""
        self.total = total
        self._began = (time.monotonic(), step, tokens)

    def due(self) -> bool:
        """Whether an update now would be written: a GPU is asked for its loss only then."""
        return time.monotonic() - self._written >= FILE_SECONDS

    def update(self, step: int, loss: SupportsFloat, tokens: int) -> None:
        """`step` updates are done, of `tokens` tokens in all, the last at `loss`."""
        if not self.due() and step < self.total:
            return
        now = time.monotonic()
        began, first, before = self._began
        rate = (tokens - before) / max(now - began, 1e-9)
        left = (now - began) / max(step - first, 1) * (self.total - step)
        state = {
            "phase": self.phase,
            "step": step,
            "steps": self.total,
            "loss": round(float(loss), 4),
            "tokens_per_second": round(rate),
            "seconds_left": round(left, 1),
        }
        self._written = now
        if self.path is not None:
            # A monitor's file is worth no failure: a full disk shows where results are written.
            with suppress(OSError, UserError):
                write_json(self.path, state, flush=False)
        if self.printing and (now - self._printed >= PRINT_SECONDS or step == self.total):
            self._printed = now
            print(
                f"{self.phase}: update {step} of {self.total}, loss {state['loss']:.3f}, "
                f"{rate:,.0f} tokens/s, {left:.0f} s left",
                flush=True,
            )
