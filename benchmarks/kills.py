"""A training killed at random moments, again and again: it must end in the same bits as one left alone.

    python benchmarks/kills.py --quick      3 kills
    python benchmarks/kills.py              20 kills

Each start is a process of its own, killed (SIGKILL) after a random time, and the next one goes on from the
checkpoint that it finds. Exit code 1 where a single bit of a parameter or of a loss differs. The last line is
`ratio: X`, the time from the first start to the end over that of the run left alone, which
starts but once.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from beside.work import SHAPES
from transformers import AutoConfig, AutoModel

from xstilts_lib.common.progress import Progress
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.pooled import LabelFeature
from xstilts_lib.formats.text import TextFeature
from xstilts_lib.models import attention
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, train

PIECES = 500
PROGRESS, END = "progress.json", "end.pt"


def child(place: Path, updates: int) -> None:
    """Train to the end, from whatever checkpoint there is, and leave parameters and losses at `place`."""
    torch.set_num_threads(1)
    draw = np.random.default_rng(0)
    segmenter: Any = SimpleNamespace(size=PIECES, special=np.arange(5), mask=4)

    def ids() -> list[np.ndarray]:
        return [draw.integers(5, PIECES, size=draw.integers(8, 30), dtype=np.int32)]

    pairs = [LabelFeature(ids(), row, int(draw.integers(3))) for row in range(500)]
    lines = [TextFeature(ids(), row, segmenter, False) for row in range(500)]
    tasks = [
        Ingredient("pairs", pairs, ("a", "b", "c"), FORMATS["pair"]),
        Ingredient("lines", lines, (), FORMATS["text"]),
    ]
    config = AutoConfig.for_model(
        "xlm-roberta", **SHAPES["toy"], num_hidden_layers=2, vocab_size=PIECES, pad_token_id=1
    )
    torch.manual_seed(0)
    model = attention.use(AutoModel.from_config(config, add_pooling_layer=False))
    settings = TrainSettings(steps=updates, batch_size=8, learning_rate=1e-3, checkpoint_every=0.1)
    _, history = train(model, tasks, settings, 0, place, Progress(place / PROGRESS, printing=False))
    losses = [row["loss"] for row in history.rows]
    found = {"parameters": [p.detach() for p in model.parameters()], "losses": torch.tensor(losses)}
    torch.save(found | {"resumed": torch.tensor(history.resumed)}, place / "unfinished.pt")
    (place / "unfinished.pt").rename(place / END)


def start(place: Path, updates: int) -> subprocess.Popen[bytes]:
    """A process that trains; returns when its first update is done, or when it has ended."""
    place.mkdir(parents=True, exist_ok=True)
    (place / PROGRESS).unlink(missing_ok=True)
    command = [sys.executable, __file__, "--place", str(place), "--updates", str(updates)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not (place / PROGRESS).exists():
        time.sleep(0.01)
    return process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 kills")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.place:
        child(args.place, args.updates)
        return
    kills = args.kills or (3 if args.quick else 20)
    draw = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        calm, killed = Path(folder) / "calm", Path(folder) / "killed"
        process = start(calm, args.updates)
        begun = time.perf_counter()
        assert process.wait() == 0
        alone = time.perf_counter() - begun
        begun, done, ends = time.perf_counter(), 0, []
        while done < kills:
            process = start(killed, args.updates)
            # So that the kills fall anywhere in the training, which now and then ends in between.
            time.sleep(draw.uniform(0, 4) * alone / kills)
            process.send_signal(signal.SIGKILL)
            done += process.wait() == -signal.SIGKILL
            if (killed / END).exists():
                ends.append(torch.load(killed / END))
                (killed / END).unlink()
        assert start(killed, args.updates).wait() == 0
        together = time.perf_counter() - begun
        ends.append(torch.load(killed / END))
        left_alone = torch.load(calm / END)
    same = all(
        torch.equal(one, other)
        for end in ends
        for one, other in zip(
            [left_alone["losses"], *left_alone["parameters"]],
            [end["losses"], *end["parameters"]],
            strict=True,
        )
    )
    picked = sum(int(end["resumed"]) for end in ends)
    print(f"{done} kills, {picked} checkpoints picked up, {len(ends)} ends: ", end="")
    print("the same bits." if same else "OTHER BITS.")
    print(f"ratio: {together / alone:.2f}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
