"""Portable arithmetic beside a processor's own: what the same bits on every processor cost.

    python benchmarks/portable.py --quick      two minutes of processor time on one core
    python benchmarks/portable.py              four times as long

Both train the miniature's encoder on the same examples, in pretraining and in fine-tuning, each in a process
of its own, in turns: what a library computes with is fixed when it first computes. Rates are by processor
time. The last line is `ratio: X`, the rate in portable arithmetic over the processor's own in float32, the
lower one of the two phases.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from statistics import median

WIDTH = 128  # of the default experiment's encoder
KINDS = {"portable": ("portable", "fp32"), "fp32": ("native", "fp32"), "bf16": ("native", "bf16")}


def measure(kind: str, precision: str, steps: int) -> None:
    """Print {phase: tokens a second} as JSON, in this process and this kind of arithmetic."""
    import tempfile

    from precision import Stopwatch, encoder, ingredients

    from xstilts_lib.common import arithmetic
    from xstilts_lib.tasks.settings import PretrainSettings, TrainSettings
    from xstilts_lib.training.loop import train

    arithmetic.use(kind)
    found, tasks = {}, ingredients()
    for phase, settings in (("pretraining", PretrainSettings), ("fine-tuning", TrainSettings)):
        watch = Stopwatch()
        with tempfile.TemporaryDirectory() as folder:
            train(
                encoder(WIDTH), [tasks[phase]], settings(steps=steps, precision=precision), 0, folder, watch
            )
        found[phase] = watch.tokens / watch.seconds
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer updates")
    parser.add_argument("--measure", nargs=3, metavar=("KIND", "PRECISION", "STEPS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        return measure(args.measure[0], args.measure[1], int(args.measure[2]))
    from xstilts_lib.common import arithmetic
    from xstilts_lib.models import devices

    if not arithmetic.possible():
        sys.exit("This processor has no AVX2: there is nothing to compare.")
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    plain = {name: value for name, value in os.environ.items() if name not in arithmetic.VARIABLES}
    kinds = [name for name in KINDS if name != "bf16" or devices.bf16_on_cpu()]
    for turn in range(3):
        for name in kinds if turn % 2 else reversed(kinds):
            kind, precision = KINDS[name]
            command = [sys.executable, __file__, "--measure", kind, precision, "30" if args.quick else "120"]
            env = {**plain, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **arithmetic.variables(kind)}
            told = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            for phase, rate in json.loads(told.stdout.splitlines()[-1]).items():
                rates[phase, name].append(rate)
    ratios = []
    for phase in ("pretraining", "fine-tuning"):
        row = {name: median(rates[phase, name]) for name in kinds}
        ratios.append(row["portable"] / row["fp32"])
        shown = ", ".join(f"{name} {rate:,.0f}" for name, rate in row.items())
        print(
            f"width {WIDTH}, {phase}: {shown} tokens/s; portable {ratios[-1]:.2f} times the processor's own"
        )
    print(f"ratio: {min(ratios):.2f}")


if __name__ == "__main__":
    main()
