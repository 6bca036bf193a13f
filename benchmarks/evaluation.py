"""Predicting a test set: this library beside transformers' Trainer.predict, in time and in peak of memory.

    python benchmarks/evaluation.py --quick                    one round on few examples
    python benchmarks/evaluation.py                            more examples
    python benchmarks/evaluation.py --growth 200000            how our memory grows with a generated test set

Each side predicts the tags of the same sequences (PAN-X where its files are, the miniature's otherwise) in a
process of its own; ours includes the encoding of its rows, Trainer's does not. Trainer pads each batch to
its longest sequence and gathers the scores of every position of the test set, of which the caller then takes
the best. The last line is `ratio: X`, their time over ours.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from beside.memory import in_process, measured, resident
from beside.record import record
from beside.trainer import Setting, trainer
from beside.work import DATA, SHAPES, work

from xstilts_lib.common.processes import cores
from xstilts_lib.evaluation import evaluate
from xstilts_lib.tasks.settings import TrainSettings

KIND = "tag sequences"


def ours(args: argparse.Namespace) -> dict[str, float]:
    job = work(KIND, args.examples, args.data)
    model = job.encoder(args.shape, args.layers)
    settings = TrainSettings(max_length=256)
    head = job.form.head(model.config.hidden_size, job.labels, settings, model)
    reader = evaluate.Reader(model, head, job.form, job.tokenizer, job.labels, settings)
    return measured(lambda: reader.predict(job.rows))


def theirs(args: argparse.Namespace) -> dict[str, float]:
    job = work(KIND, args.examples, args.data)
    made, _ = trainer(job, job.model(args.shape, args.layers), Setting(), 32, 1e-5)
    made.args.per_device_eval_batch_size = 32
    examples = made.train_dataset
    return measured(lambda: np.argmax(made.predict(examples).predictions, axis=2))


def growth(args: argparse.Namespace) -> dict[str, float]:
    """MiB that are resident after a thousand rows of a generated test set, and at most after all of it."""
    from datasets import Dataset

    job = work(KIND, 1000, args.data)
    model = job.encoder("toy", 1)
    settings = TrainSettings(max_length=256)
    head = job.form.head(model.config.hidden_size, job.labels, settings, model)
    predict = evaluate.Reader(model, head, job.form, job.tokenizer, job.labels, settings).predict
    predict(job.rows)
    before = resident("VmRSS")
    # A table on disk, of which a chunk at a time is read.
    tables = Dataset.from_generator(_repeated, gen_kwargs={"rows": job.rows.to_dict(), "number": args.growth})
    at_start = resident("VmRSS")
    predict(tables)
    return {"after a thousand": before, "table": at_start - before, "growth": resident("VmHWM") - at_start}


def _repeated(rows: dict[str, list[Any]], number: int) -> Any:
    size = len(rows["id"])
    for index in range(number):
        yield {name: values[index % size] for name, values in rows.items()}


SIDES = {"ours": ours, "Trainer.predict": theirs, "growth": growth}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer examples, one round")
    parser.add_argument("--examples", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--growth", type=int, help="rows of a generated test set; measures that alone")
    parser.add_argument("--shape", choices=list(SHAPES), default="base")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--record", action="store_true", help="for the book: book/records/evaluation.json")
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.examples = args.examples or (256 if args.quick else 2000)
    torch.set_num_threads(args.threads)
    if args.side:
        print(json.dumps(SIDES[args.side](args)))
        return
    names = ("examples", "shape", "layers", "threads", "data")
    options = [text for name in names for text in (f"--{name}", str(getattr(args, name)))]
    if args.growth:
        found = in_process(__file__, [*options, "--growth", str(args.growth), "--side", "growth"])
        print(
            f"{args.growth:,} rows: {found['growth']:.0f} MiB more than after the first thousand, "
            f"and {found['table']:.0f} MiB for the table of rows"
        )
        return
    best: dict[str, dict[str, float]] = {}
    for _ in range(args.rounds or (1 if args.quick else 3)):
        for side in ("ours", "Trainer.predict"):
            found = in_process(__file__, [*options, "--side", side])
            if side not in best or found["seconds"] < best[side]["seconds"]:
                best[side] = found
    for side, found in best.items():
        print(
            f"{side}: {found['seconds']:.2f} s, {found['processor']:.2f} s of processor time, "
            f"peak {found['peak']:.0f} MiB above the model"
        )
    if args.record:
        work = (
            f"evaluation: tags of {args.examples} sequences, XLM-R {args.shape}'s shape with {args.layers} "
            "layers"
        )
        record("evaluation", [{"side": side, **row} for side, row in best.items()], work=work)
    print(f"ratio: {best['Trainer.predict']['seconds'] / best['ours']['seconds']:.2f}")


if __name__ == "__main__":
    main()
