"""The state of a run between two updates: parameters, moments, position, history; in memory and on disk."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..common.disk import write_json
from ..common.places import CHECKPOINTS
from ..formats.batches import Mixture
from ..models import sharding
from ..tasks.settings import CHANCE, EXECUTION
from .checkpoint import Checkpoints

if TYPE_CHECKING:
    from accelerate import Accelerator

    from ..formats import Feature
    from ..tasks.settings import TrainSettings
    from .loop import Ingredient

ROWS = 100  # stretches that a run's history is told in


@dataclass
class History:
    """What a run leaves to tell: how the loss went, how long it took, and whether anything was learnt."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """One per task and stretch of updates: step, task, loss (mean over the stretch), updates,
    tokens_per_second."""
    steps: int = 0
    """Updates of the whole run."""
    tokens: int = 0
    """Tokens read, padding not counted."""
    seconds: float = 0.0
    resumed: int = 0
    """Times the run was picked up from a checkpoint."""
    degenerate: bool = False
    """The loss is not finite, or ends no better than a guess that never reads the input."""
    reason: str = ""

    def final(self, task: str) -> float:
        """Mean loss of `task` over the last twentieth of the run, or over its last stretch where it was not
        drawn."""
        mine = [row for row in self.rows if row["task"] == task]
        last = [row for row in mine if row["step"] > 0.95 * self.steps] or mine[-1:]
        updates = sum(row["updates"] for row in last)
        return sum(row["loss"] * row["updates"] for row in last) / updates if updates else math.nan

    def judge(self, chance: Mapping[str, float]) -> None:
        """Mark the run as degenerate where a task's loss ends at `chance`, or is no number; never raises."""
        found = []
        for task, guess in chance.items():
            final = self.final(task)
            if not math.isfinite(final):
                found.append(f"the loss of {task} is {final}")
            elif final >= CHANCE * guess:
                found.append(f"the loss of {task} ends at {final:.3f}, where guessing costs {guess:.3f}")
        self.degenerate = bool(found)
        self.reason = "; ".join(found)

    def write(self, path: Path | str) -> None:
        """As JSON, whole or not at all."""
        write_json(path, asdict(self))


class State:
    """One run's state. Randomness is no part of it: each update's follows from the seed and its number."""

    def __init__(
        self,
        directory: Path | str,
        learner: nn.Module,
        optimizer: torch.optim.Optimizer,
        mixture: Mixture,
        names: Sequence[str],
        total: int,
        fingerprint: str,
        accelerator: Accelerator,
    ) -> None:
        self.step = 0
        self.total = total
        self.history = History(steps=total)
        self.checkpoints = Checkpoints(Path(directory) / CHECKPOINTS)
        self._learner, self._optimizer, self._mixture, self._names = learner, optimizer, mixture, names
        self._fingerprint, self._accelerator = fingerprint, accelerator
        self._losses: list[Tensor | float] = [0.0] * len(mixture.streams)
        self._updates = [0] * len(mixture.streams)
        self._stretch = max(1, total // ROWS)
        self._started = self._saved = self._marked = time.monotonic()
        self._marked_tokens = 0

    def note(self, which: int, loss: Tensor, tokens: int) -> None:
        """An update of stream `which` is done. The device is asked for its losses once a stretch, not once
        an update."""
        self.step += 1
        self.history.tokens += tokens
        self._losses[which] = self._losses[which] + loss
        self._updates[which] += 1
        if self.step % self._stretch and self.step < self.total:
            return
        now = time.monotonic()
        rate = (self.history.tokens - self._marked_tokens) / max(now - self._marked, 1e-9)
        self._marked, self._marked_tokens = now, self.history.tokens
        for index, name in enumerate(self._names):
            if self._updates[index]:
                mean = float(self._losses[index]) / self._updates[index]
                row = {"step": self.step, "task": name, "loss": mean, "updates": self._updates[index]}
                self.history.rows.append({**row, "tokens_per_second": round(rate)})
        self._losses = [0.0] * len(self._names)
        self._updates = [0] * len(self._names)

    def due(self, seconds: float) -> bool:
        """Whether a checkpoint should be written: `seconds` have gone by since the last."""
        return time.monotonic() - self._saved >= seconds

    def save(self) -> None:
        """Write a checkpoint, of whole tensors whatever they are spread over; UserError where the disk is
        full. Where they are spread, all processes take part."""
        frozen = {name for name, value in self._learner.named_parameters() if not value.requires_grad}
        held = {f"learner.{name}": t for name, t in self._learner.state_dict().items() if name not in frozen}
        for index, values in self._optimizer.state_dict()["state"].items():
            held |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
        first, tensors = self._accelerator.is_main_process, {}
        for name, tensor in held.items():
            complete = sharding.complete(tensor)
            if first:
                tensors[name] = complete.cpu()
        if first:
            state = {
                "fingerprint": self._fingerprint,
                "drawn": self._mixture.drawn,
                "losses": [float(loss) for loss in self._losses],
                "updates": self._updates,
                "history": asdict(self.history) | {"seconds": self._seconds()},
            }
            self.checkpoints.save(self.step, tensors, state)
        self._saved = time.monotonic()

    def resume(self) -> None:
        """Go on from the newest whole checkpoint of this very run; one of another run is removed, with a
        notice. Of several processes the first one chooses."""
        from accelerate.utils import broadcast_object_list

        chosen = [self._choose() if self._accelerator.is_main_process else None]
        step = broadcast_object_list(chosen)[0]
        if step is None:
            return
        tensors, state = self.checkpoints.read(step)
        held = self._learner.state_dict()
        self._learner.load_state_dict(
            {
                name: sharding.spread_as(tensors[f"learner.{name}"], value)
                for name, value in held.items()
                if f"learner.{name}" in tensors
            },
            strict=False,  # what is frozen is not in the checkpoint
        )
        parameters = [p for group in self._optimizer.param_groups for p in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".")
                if tensor.shape == (parameter := parameters[int(index)]).shape:
                    tensor = sharding.spread_as(tensor, parameter)
                moments.setdefault(int(index), {})[key] = tensor
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.step = state["step"]
        self.history = History(**state["history"])
        self.history.resumed += 1
        self._mixture.drawn[:] = state["drawn"]
        # The sums are float32 on the device; going through Python's floats changes no bit of them.
        self._losses = [torch.tensor(loss, dtype=torch.float32) if loss else 0.0 for loss in state["losses"]]
        self._updates = state["updates"]
        self._marked_tokens = self.history.tokens

    def _choose(self) -> int | None:
        """The update to go on from; None where the run begins."""
        step = self.checkpoints.newest()
        if step is None or self.checkpoints.read_state(step)["fingerprint"] == self._fingerprint:
            return step
        print("The checkpoint found belongs to a run with other settings or data: starting anew.", flush=True)
        self.checkpoints.clear()
        return None

    def finish(self, chance: Mapping[str, float]) -> None:
        """The run is over: judge it. Its checkpoints stay until what it leads to is safe."""
        self.history.seconds = self._seconds()
        self.history.judge(chance)

    def _seconds(self) -> float:
        # `history.seconds` holds what earlier processes spent.
        return self.history.seconds + time.monotonic() - self._started


def fingerprint(
    ingredients: Sequence[Ingredient], settings: TrainSettings, seed: int, model: nn.Module, precision: str
) -> str:
    """A hash of what decides a run's numbers, so that the checkpoint of another run is never picked up: the
    examples with their labels, the settings, the weights, the `precision` that "auto" stands for here."""
    digest = hashlib.sha256()
    chosen = {key: value for key, value in asdict(settings).items() if key not in EXECUTION}
    names = [(task.name, task.head, task.share, list(task.labels)) for task in ingredients]
    digest.update(json.dumps([chosen, seed, names, precision], sort_keys=True).encode())
    for task in ingredients:
        for feature in task.features:
            for name in _telling(type(feature)):
                value = getattr(feature, name)
                for part in value if isinstance(value, list) else (value,):
                    digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    for parameter in model.parameters():
        digest.update(parameter.detach().flatten()[:64].float().cpu().numpy().tobytes())
    return digest.hexdigest()


@cache
def _telling(kind: type[Feature]) -> tuple[str, ...]:
    """The fields that say what an example is: ids, labels, positions; not what it was segmented by."""
    return tuple(field.name for field in fields(kind) if field.name != "segmenter")
