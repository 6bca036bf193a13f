"""Everything that the book says of a GPU, measured on one: ten minutes of an H100 fill its table in.

    python benchmarks/gpu.py --quick      a toy on a CPU, to see that it runs
    python benchmarks/gpu.py --record     on a GPU; writes book/records/gpu.json, which the book shows

What utilisation.py measures for XLM-R Large, XL, and XXL by LoRA, with both kernels for joined sequences, and
beside Large transformers' Trainer as well as it can be set (train_throughput.py), on the same examples and a
model of the same shape. A case is begun while minutes are left. The last line is `ratio: X`, our rate over
Trainer's, where it is lowest.
"""

from __future__ import annotations

import argparse
import gc
import math
import time
from pathlib import Path
from typing import Any

import torch
from beside.record import record
from beside.trainer import SETTINGS, Watch, trainer
from beside.work import DATA
from train_throughput import WARMUP
from utilisation import CASES, QUICK, Case, job_of, peak_of, timed

from xstilts_lib.models.trainable import dropouts
from xstilts_lib.workflow.costs import GIB, Shape

SIDE = "Trainer, grouped, bf16"
LAYERS = {"large": 24, QUICK: 2}
MINUTES = 10.0
LAST = 90.0  # seconds that a case may take which is begun last


def beside(case: Case, updates: int, peak: float | None, data: Path) -> dict[str, Any]:
    """Trainer's rate on what `case` trains, and what it uses of the GPU."""
    job, shape = job_of(case, updates, data), case.shape.rpartition("-")[2]
    job.dropout = 0.1
    model = job.model(shape, LAYERS[shape])
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    watch, size = Watch(), case.settings["batch_size"]
    made, collator = trainer(job, model, SETTINGS[SIDE], size, 5e-5, watch)
    with dropouts(model, None, 0.0):  # as ours
        made.train()
    seconds = watch.times[-1][0] - watch.times[WARMUP - 1][0]
    rate = sum(collator.tokens[WARMUP : len(watch.times)]) / seconds
    config = model.base_model.config.to_dict()
    operations = 6.0 * Shape.of(config).matrices * rate
    return {
        "case": f"{SIDE}: {case.shape}, {case.kind}",
        "parameters": Shape.of(config).parameters,
        "rate": rate,
        "utilisation": operations / peak if peak else None,
        "memory": torch.cuda.max_memory_allocated() / GIB if torch.cuda.is_available() else None,
        "planned": None,
    }


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the book shows it."""
    return {
        "Training": row["case"],
        "Billion parameters": row["parameters"] / 1e9,
        "Useful tokens a second": row["rate"],
        "Utilisation, %": None if row["utilisation"] is None else 100 * row["utilisation"],
        "GiB": row["memory"],
        "GiB planned": row["planned"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the toy alone")
    parser.add_argument("--gpu", help="its name in costs.py, where torch's does not tell")
    parser.add_argument("--record", action="store_true", help="for the book: book/records/gpu.json")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    if not args.quick and not torch.cuda.is_available():
        parser.error("these encoders need a GPU, and there is none: --quick runs a toy")
    if args.quick and args.record:
        parser.error("a toy is no record: leave out --quick, or --record")
    until = time.monotonic() + MINUTES * 60 - LAST
    updates, peak = 6 if args.quick else 30, peak_of(args.gpu)
    cases = [case for case in CASES if (case.shape == QUICK) == args.quick]
    rows, ratios = [], []
    for case in cases:
        found = list(timed([case], updates, peak, args.data, until))
        rows += found
        plain = (
            case.settings.keys() <= {"batch_size", "max_length"} and case.shape.rpartition("-")[2] in LAYERS
        )
        if found and plain and time.monotonic() < until:
            rows.append(beside(case, updates, peak, args.data))
            ratios.append(found[0]["rate"] / rows[-1]["rate"])
            print(
                f"{rows[-1]['case']}: {rows[-1]['rate']:,.0f}; we are {ratios[-1]:.2f} times as fast",
                flush=True,
            )
            gc.collect()
            torch.cuda.empty_cache()
    if args.record and rows:
        record("gpu", [shown(row) for row in rows], gpu=args.gpu)
    print(f"ratio: {min(ratios, default=math.nan):.2f}")


if __name__ == "__main__":
    main()
