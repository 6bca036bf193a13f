"""The memory and the time of a piece of work, as the kernel accounts for them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def resident(field: str) -> float:
    """MiB, from the kernel's account of this process: VmRSS now, VmHWM at the highest."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 2**10


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Runs `work`; its seconds, its processor's seconds, and the peak of memory above what was there."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = resident("VmRSS")
    start, worked = time.perf_counter(), time.process_time()
    work()
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    return {"seconds": seconds, "processor": worked, "peak": resident("VmHWM") - before}


def in_process(program: str, options: list[str]) -> dict[str, float]:
    """The last line, JSON, of this benchmark started anew with `options`: each side has its own memory."""
    done = subprocess.run([sys.executable, program, *options], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
