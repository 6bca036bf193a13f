"""transformers' Trainer on the same features: as people set it, and as well as it can be set."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from .work import Work

IGNORED = -100


@dataclass(frozen=True)
class Setting:
    """How Trainer is set."""

    fixed: bool = False
    """Pad to the length that the example script names, where it names one."""
    grouped: bool = False
    """Batches of like lengths."""
    bf16: bool = False
    eager: bool = False
    """Attention without the fused kernel, which a CPU computes in bfloat16 faster."""
    accumulation: int = 1


SETTINGS = {
    "Trainer, defaults": Setting(fixed=True),
    "Trainer, grouped": Setting(grouped=True),
    "Trainer, grouped, bf16": Setting(grouped=True, bf16=True),
    "Trainer, grouped, bf16, eager": Setting(grouped=True, bf16=True, eager=True),
}


class Examples(torch.utils.data.Dataset):
    """Features as the dictionaries that Trainer reads."""

    def __init__(self, work: Work) -> None:
        self.rows = [_row(feature) for feature in work.features]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


def _row(feature: Any) -> dict[str, Any]:
    ids = feature.sequences[0]
    row: dict[str, Any] = {"input_ids": ids}
    if hasattr(feature, "start"):
        return row | {"start_positions": feature.start, "end_positions": feature.end}
    if hasattr(feature, "positions"):
        labels = np.full(len(ids), IGNORED)
        labels[feature.positions] = feature.labels
        return row | {"labels": labels}
    return row | {"labels": feature.label}


class Collator:
    """Pads a batch, and remembers how many useful tokens it holds."""

    def __init__(self, pad: int, to: int | None) -> None:
        self.pad, self.to = pad, to
        self.tokens: list[int] = []

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = [len(row["input_ids"]) for row in rows]
        self.tokens.append(sum(lengths))
        width = self.to or max(lengths)
        fill = {"input_ids": self.pad, "labels": IGNORED}
        batch = {}
        for name in rows[0]:
            values = [row[name] for row in rows]
            if isinstance(values[0], np.ndarray):
                values = [np.pad(v, (0, width - len(v)), constant_values=fill[name]) for v in values]
            batch[name] = torch.as_tensor(np.array(values, dtype=np.int64))
        batch["attention_mask"] = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
        return batch


@dataclass
class Watch(TrainerCallback):
    """Time, processor time and the gradient's norm after each update."""

    times: list[tuple[float, float]] = field(default_factory=list)

    def on_step_end(self, *given: Any, **more: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append((time.perf_counter(), time.process_time()))


def trainer(
    work: Work,
    model: Any,
    setting: Setting,
    batch_size: int,
    learning_rate: float,
    watch: Watch | None = None,
) -> tuple[Trainer, Collator]:
    """A Trainer for one epoch over the work's features, logging each update."""
    if setting.eager:
        model.config._attn_implementation = "eager"
    collator = Collator(work.pad, work.padded_to if setting.fixed else None)
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=batch_size // setting.accumulation,
        gradient_accumulation_steps=setting.accumulation,
        num_train_epochs=1,
        learning_rate=learning_rate,
        weight_decay=0.01,
        warmup_steps=len(work.features) // batch_size // 10,
        bf16=setting.bf16,
        use_cpu=not torch.cuda.is_available(),
        train_sampling_strategy="group_by_length" if setting.grouped else "random",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=0,
    )
    made = Trainer(
        model, arguments, data_collator=collator, train_dataset=Examples(work),
        callbacks=[watch] if watch else None,
    )  # fmt: skip
    made.pop_callback(next(type(c) for c in made.callback_handler.callbacks if "Printer" in type(c).__name__))
    return made, collator
