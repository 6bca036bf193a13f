"""bfloat16 beside float32 on a CPU, by the width of the encoder: where `precision: auto` should change over.

    python benchmarks/precision.py --quick      a minute or two of processor time on one core
    python benchmarks/precision.py              four times as long

Both precisions train the same encoder on the same examples, in turns, in pretraining and in fine-tuning. The
examples are random ids of the miniature's lengths: speed depends on lengths alone. Rates are by processor
time, which other programs on the machine change less than time. The last line is `ratio: X`, the rate in
bfloat16 over that in float32 at the narrowest encoder that `auto` computes in bfloat16, the lower one of the
two phases.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from transformers import AutoConfig, AutoModel

from xstilts_lib.common import progress
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.pooled import LabelFeature
from xstilts_lib.formats.text import TextFeature
from xstilts_lib.models import attention, devices
from xstilts_lib.tasks.settings import PretrainSettings, TrainSettings
from xstilts_lib.training.loop import Ingredient, train

PIECES = 1100  # of the miniature's vocabulary
WIDTHS = (64, 128, 256)
EXAMPLES = 8000  # so many that nearly every batch holds one length


class Stopwatch(progress.Progress):
    """Processor time from the third update to the last: the first ones pay for memory and kernels."""

    WARMUP = 3

    def __init__(self) -> None:
        super().__init__(None, printing=False)
        self.tokens, self.seconds = 0, 0.0

    def update(self, step: int, loss: Any, tokens: int) -> None:
        if step == self.WARMUP:
            self._from, self._tokens = time.process_time(), tokens
        if step == self.total:
            self.tokens, self.seconds = tokens - self._tokens, time.process_time() - self._from


def encoder(width: int) -> Any:
    """The miniature's, `width` wide, with random weights."""
    config = AutoConfig.for_model(
        "xlm-roberta", num_hidden_layers=4, hidden_size=width, intermediate_size=2 * width,
        num_attention_heads=4, max_position_embeddings=130, attention_probs_dropout_prob=0.0,
        vocab_size=PIECES,
    )  # fmt: skip
    torch.manual_seed(0)
    return attention.use(AutoModel.from_config(config, add_pooling_layer=False))


def ingredients() -> dict[str, Ingredient]:
    """Examples of either phase: lines of 8 to 40 tokens, and pairs of 12 to 48."""
    random = np.random.default_rng(0)
    segmenter: Any = SimpleNamespace(size=PIECES, special=np.arange(5), mask=4)

    def ids(low: int, high: int) -> list[np.ndarray]:
        return [random.integers(5, PIECES, size=random.integers(low, high), dtype=np.int32)]

    lines = [TextFeature(ids(8, 40), row, segmenter, False) for row in range(EXAMPLES)]
    pairs = [LabelFeature(ids(12, 48), row, int(random.integers(3))) for row in range(EXAMPLES)]
    return {
        "pretraining": Ingredient("lines", lines, (), FORMATS["text"]),
        "fine-tuning": Ingredient("pairs", pairs, ("a", "b", "c"), FORMATS["pair"]),
    }


def rates(width: int, steps: int, rounds: int) -> dict[str, dict[str, float]]:
    """Tokens a second of processor time, by phase and precision; the median of the rounds."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    tasks = ingredients()
    phases = {
        "pretraining": lambda p: PretrainSettings(steps=steps, precision=p),
        "fine-tuning": lambda p: TrainSettings(steps=steps, precision=p),
    }
    for turn in range(rounds):
        for phase, settings in phases.items():
            for precision in ("fp32", "bf16") if turn % 2 else ("bf16", "fp32"):
                watch = Stopwatch()
                with tempfile.TemporaryDirectory() as folder:
                    train(encoder(width), [tasks[phase]], settings(precision), 0, folder, watch)
                found[phase, precision].append(watch.tokens / watch.seconds)
    return {
        phase: {precision: float(np.median(found[phase, precision])) for precision in ("fp32", "bf16")}
        for phase in phases
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer updates")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    args = parser.parse_args()
    if not devices.bf16_on_cpu():
        sys.exit("This processor has no bfloat16 instructions: there is nothing to compare.")
    ratios = {}
    for width in args.widths:
        steps = (1 if args.quick else 4) * max(8, 2400 // width)
        table = rates(width, steps, rounds=3)
        ratios[width] = min(row["bf16"] / row["fp32"] for row in table.values())
        for phase, row in table.items():
            print(f"width {width}, {phase}: {json.dumps({name: round(rate) for name, rate in row.items()})}"
                  f" tokens/s, bf16 {row['bf16'] / row['fp32']:.2f} times as fast", flush=True)  # fmt: skip
    chosen = [width for width in ratios if width >= devices.CPU_WIDTH] or list(ratios)
    print(f"ratio: {ratios[min(chosen)]:.2f}")


if __name__ == "__main__":
    main()
