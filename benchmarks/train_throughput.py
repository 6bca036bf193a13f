"""Useful tokens a second in fine-tuning: this loop beside transformers' Trainer.

    python benchmarks/train_throughput.py --quick      some minutes on two cores
    python benchmarks/train_throughput.py              more examples, every setting of Trainer, three rounds
    python benchmarks/train_throughput.py --shape large --layers 24      for a GPU

The model has the shape of XLM-R base, with fewer layers, and random weights; the examples are English
sentence pairs of XNLI, QA passages of XQuAD and tag sequences of PAN-X where their files are, and the
miniature's otherwise. All sides read the same features once, in as many updates of the same size, one side
after another in each round. "Trainer, defaults" pads to what its example scripts pad to; the other settings
are its best: batches of like lengths, padded to the longest, in float32 and in bfloat16. Padding is no useful
token. The last line is `ratio: X`, our rate over the best of Trainer's, on the kind where it is lowest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from beside.record import record
from beside.trainer import SETTINGS, Watch, trainer
from beside.work import DATA, KINDS, SHAPES, Work, work

from xstilts_lib.common import progress
from xstilts_lib.common.processes import cores
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, train

OURS = "ours"
RATE = 5e-5  # of learning
WARMUP = 2  # updates before the clock starts: they pay for memory and kernels


class Stopwatch(progress.Progress):
    """Time and processor time after each update."""

    def __init__(self) -> None:
        super().__init__(None, printing=False)
        self.times: list[tuple[float, float]] = []
        self.tokens: list[int] = []

    def update(self, step: int, loss: Any, tokens: int) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append((time.perf_counter(), time.process_time()))
        self.tokens.append(tokens)


def ours(job: Work, args: argparse.Namespace) -> tuple[list[tuple[float, float]], list[int], list[float]]:
    """Times after each update, tokens of each, losses of each."""
    watch = Stopwatch()
    settings = TrainSettings(
        epochs=1, batch_size=args.batch_size, learning_rate=RATE, pooling="first", layout=args.layout,
        attention_dropout=args.attention_dropout, compile=args.compile,
    )  # fmt: skip
    task = Ingredient(job.kind, job.features, job.labels, job.form)
    with tempfile.TemporaryDirectory() as folder:
        _, history = train(job.encoder(args.shape, args.layers), [task], settings, 0, folder, watch)
    tokens = [after - before for before, after in zip([0, *watch.tokens], watch.tokens, strict=False)]
    return watch.times, tokens, [row["loss"] for row in history.rows]


def theirs(
    side: str, job: Work, args: argparse.Namespace
) -> tuple[list[tuple[float, float]], list[int], list[float]]:
    watch = Watch()
    model = job.model(args.shape, args.layers)
    made, collator = trainer(job, model, SETTINGS[side], args.batch_size, RATE, watch)
    made.train()
    losses = [float(row["loss"]) for row in made.state.log_history if "loss" in row]
    return watch.times, collator.tokens, losses


def measure(job: Work, sides: list[str], args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The median over the rounds of each side's rate, rate by processor time, and mean loss of the last
    third."""
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for _ in range(args.rounds):
        for side in sides:
            times, tokens, losses = ours(job, args) if side == OURS else theirs(side, job, args)
            seconds, worked = (times[-1][clock] - times[WARMUP - 1][clock] for clock in (0, 1))
            useful = sum(tokens[WARMUP : len(times)])
            final = statistics.mean(losses[-max(1, len(losses) // 3) :])
            found[side].append((useful / seconds, useful / worked, final, len(times)))
    names = ("rate", "by processor", "loss", "updates")
    return {
        side: dict(zip(names, map(statistics.median, zip(*rows, strict=True)), strict=True))
        for side, rows in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer examples, one round")
    parser.add_argument("--kinds", nargs="+", choices=[name.split()[0] for name in KINDS], help="first words")
    parser.add_argument("--sides", nargs="+", choices=list(SETTINGS), help="of Trainer")
    parser.add_argument("--examples", type=int, help="of each kind; --batch-size of them an update")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--shape", choices=list(SHAPES), default="base")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--layout", default="auto", help="of our batches: auto, padded or joined")
    parser.add_argument("--dropout", type=float, default=0.1, help="of the encoder, on all sides")
    parser.add_argument("--attention-dropout", type=float, help="ours; a GPU joins sequences at 0")
    parser.add_argument("--compile", action="store_true", help="our encoder")
    parser.add_argument("--processor-time", action="store_true", help="ratios by it: others use this machine")
    parser.add_argument("--record", action="store_true", help="for the book: book/records/throughput.json")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    args.rounds = args.rounds or (1 if args.quick else 3)
    torch.set_num_threads(args.threads)
    sides = args.sides or [side for side in SETTINGS if not (args.quick and "eager" in side)]
    key = "by processor" if args.processor_time else "rate"
    lowest, recorded = [], []
    for kind in KINDS:
        if args.kinds and kind.split()[0] not in args.kinds:
            continue
        number = args.examples or (8 if args.quick else 36) * args.batch_size
        job = replace(work(kind, number, args.data), dropout=args.dropout)
        average = job.tokens / len(job.features)
        print(f"{kind}: {job.source}, {len(job.features)} of {average:.1f} tokens on average", flush=True)
        rows = measure(job, [OURS, *sides], args)
        best = max(row[key] for side, row in rows.items() if side != OURS)
        for side, row in rows.items():
            print(
                f"  {side}: {row['rate']:,.0f} tokens/s ({row['by processor']:,.0f} a second of processor "
                f"time), loss {row['loss']:.4f} after {row['updates']:.0f} updates; "
                f"we are {rows[OURS][key] / row[key]:.2f} times as fast",
                flush=True,
            )
            recorded.append({
                "examples": kind, "source": job.source, "number": len(job.features), "side": side,
                "tokens": average, "rate": row["rate"], "by_processor": row["by processor"],
                "loss": row["loss"], "updates": row["updates"],
            })  # fmt: skip
        lowest.append(rows[OURS][key] / best)
        if args.record:
            record(
                "throughput", recorded, threads=args.threads, batch_size=args.batch_size, shape=args.shape,
                layers=args.layers, rounds=args.rounds, busy=args.processor_time,
            )  # fmt: skip
    print(f"ratio: {min(lowest):.2f}")


if __name__ == "__main__":
    main()
