"""A step of masked language modelling: this loop beside AutoModelForMaskedLM, in time and in peak of memory.

    python benchmarks/masked_words.py --quick      two measured updates
    python benchmarks/masked_words.py              ten, three rounds

Both sides train XLM-R base's shape, with fewer layers, on the same lines (random ids of one length, 15 %
masked) with AdamW, in float32, each in a process of its own. transformers' model scores every position over
the whole vocabulary; ours scores the masked ones, a part at a time. The last line is `ratio: X`, their time
an update over ours.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from beside.memory import in_process, measured
from beside.record import record
from beside.work import SHAPES
from transformers import AutoConfig, AutoModelForMaskedLM

from xstilts_lib.common.processes import cores
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.text import TextFeature
from xstilts_lib.models import attention
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, train

PIECES, MASK = 250_002, 250_001
RATE, SHARE = 0.15, 1e-4  # of masked tokens, and of learning


def model(args: argparse.Namespace) -> Any:
    config = AutoConfig.for_model(
        "xlm-roberta", **SHAPES[args.shape], num_hidden_layers=args.layers, vocab_size=PIECES,
        pad_token_id=1, max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    torch.manual_seed(0)
    return AutoModelForMaskedLM.from_config(config)


def lines(args: argparse.Namespace, updates: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(5, PIECES - 2, size=(updates * args.lines, args.length), dtype=np.int32)


def ours(args: argparse.Namespace, updates: int) -> None:
    segmenter: Any = SimpleNamespace(size=PIECES, special=np.arange(5), mask=MASK)
    features = [TextFeature([row], at, segmenter, False) for at, row in enumerate(lines(args, updates))]
    settings = TrainSettings(
        epochs=1, batch_size=args.lines, mask_rate=RATE, learning_rate=SHARE, precision=args.precision
    )
    task = Ingredient("lines", features, (), FORMATS["text"])
    with tempfile.TemporaryDirectory() as folder:
        train(attention.use(args.model.base_model), [task], settings, 0, folder)


def theirs(args: argparse.Namespace, updates: int) -> None:
    learner = args.model.train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=SHARE, fused=True)
    random = torch.Generator().manual_seed(0)
    for batch in torch.from_numpy(lines(args, updates)).long().split(args.lines):
        masked = torch.rand(batch.shape, generator=random) < RATE
        labels = batch.masked_fill(~masked, -100)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bf16"):
            loss = learner(input_ids=batch.masked_fill(masked, MASK), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


SIDES = {"ours": ours, "AutoModelForMaskedLM": theirs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two updates, one round")
    parser.add_argument("--updates", type=int)
    parser.add_argument("--lines", type=int, default=16, help="in an update")
    parser.add_argument("--length", type=int, default=64, help="tokens of a line")
    parser.add_argument("--shape", choices=list(SHAPES), default="base")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--record", action="store_true", help="for the book: book/records/masked_words.json")
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.updates = args.updates or (2 if args.quick else 10)
    torch.set_num_threads(args.threads)
    if args.side:
        args.model = model(args)
        SIDES[args.side](args, 1)  # kernels, and the optimizer's memory
        print(json.dumps(measured(lambda: SIDES[args.side](args, args.updates))))
        return
    names = ("updates", "lines", "length", "shape", "layers", "precision", "threads")
    options = [text for name in names for text in (f"--{name}", str(getattr(args, name)))]
    best: dict[str, dict[str, float]] = {}
    for _ in range(1 if args.quick else 3):
        for side in SIDES:
            found = in_process(__file__, [*options, "--side", side])
            if side not in best or found["seconds"] < best[side]["seconds"]:
                best[side] = found
    for side, found in best.items():
        print(
            f"{side}: {found['seconds'] / args.updates:.2f} s an update, "
            f"{found['processor'] / args.updates:.2f} s of processor time, peak {found['peak']:.0f} MiB above"
            " the model"
        )
    if args.record:
        work = (
            f"masked words: {args.updates} updates of {args.lines} lines of {args.length} pieces, XLM-R "
            f"{args.shape}'s shape with {args.layers} layers, {args.precision}"
        )
        record("masked_words", [{"side": side, **row} for side, row in best.items()], work=work)
    print(f"ratio: {best['AutoModelForMaskedLM']['seconds'] / best['ours']['seconds']:.2f}")


if __name__ == "__main__":
    main()
