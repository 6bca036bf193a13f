"""The loss and the gradient of one update in 1, 2, 4 and 8 parts: ours, and transformers' Trainer's.

    python benchmarks/gradients.py --quick      the same, for it takes seconds

Computing an update in parts saves memory and must change no number. Trainer (transformers 5.23) takes each
part's mean loss, and for the heads of encoders adds those means up undivided: loss and gradient come out as
many times too large as there are parts. Question answering alone is spared, where the model's loss takes no
number of items. The last line is `ratio: X`, Trainer's gradient in 8 parts over its gradient in one, on
sentence pairs; ours is 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from beside.record import record
from beside.trainer import Setting, trainer
from beside.work import DATA, KINDS, Work, work

from xstilts_lib.formats.batches import collate, divide
from xstilts_lib.models import trainable
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, Learner, fresh_heads

PARTS = (1, 2, 4, 8)
EXAMPLES = 16  # in the update


def ours(job: Work, parts: int) -> tuple[float, float]:
    """Loss, and norm of the gradient."""
    model = job.encoder("toy", 2)
    settings = TrainSettings(dropout=0.0, attention_dropout=0.0, pooling="first")
    task = Ingredient(job.kind, job.features, job.labels, job.form)
    learner = Learner(model, fresh_heads(model, [task], settings, seed=0)).train()
    items = sum(job.form.items(feature) for feature in job.features)
    total = 0.0
    with trainable.dropouts(model, 0.0, 0.0):
        for part in divide(job.features, parts):
            share = learner(job.kind, job.form, collate(part, job.form, job.pad)) / items
            share.backward()
            total += float(share.detach())
    norms = [float(p.grad.norm()) for p in learner.parameters() if p.grad is not None]
    return total, math.hypot(*norms)


def theirs(job: Work, parts: int) -> tuple[float, float]:
    """The same numbers as Trainer logs them."""
    model = job.model("toy", 2)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    made, _ = trainer(job, model, Setting(accumulation=parts), EXAMPLES, 1e-5)
    made.train()
    log = next(row for row in made.state.log_history if "grad_norm" in row)
    return float(log["loss"]), float(log["grad_norm"])


def measure(kinds: list[str], data: Path = DATA) -> list[dict[str, float | str]]:
    """A row for each kind of example, side and number of parts: loss and gradient over those of one part."""
    rows: list[dict[str, float | str]] = []
    for kind in kinds:
        job = work(kind, EXAMPLES, data)
        for side, function in (("ours", ours), ("Trainer", theirs)):
            whole = function(job, 1)
            for parts in PARTS:
                loss, norm = function(job, parts)
                rows.append({
                    "examples": kind, "side": side, "parts": parts, "loss": loss / whole[0],
                    "gradient": norm / whole[1],
                })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="as it is")
    parser.add_argument("--record", action="store_true", help="for the book: book/records/gradients.json")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(list(KINDS), args.data)
    if args.record:
        record("gradients", rows, threads=1, examples=EXAMPLES)
    for row in rows:
        print(json.dumps({name: round(v, 6) if isinstance(v, float) else v for name, v in row.items()}))
    last = next(
        row
        for row in reversed(rows)
        if row["examples"] == "sentence pairs" and row["side"] == "Trainer" and row["parts"] == PARTS[-1]
    )
    print(f"ratio: {last['gradient']:.2f}")


if __name__ == "__main__":
    main()
