"""Processes that must not outlive the `xstilts run` they work for, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

ROOT = "XSTILTS_ROOT"  # process id of the `xstilts run` that a process works for
LOCK = "XSTILTS_LOCK"  # file descriptor of its lock; whoever works for it keeps it open, for the next to wait


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that ends. Linux alone; else
    nothing.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def die_with_root() -> None:
    """End this process soon after the `xstilts run` named in `$XSTILTS_ROOT` has ended, on any system."""
    root = os.environ.get(ROOT)
    if not root:
        return

    def watch() -> None:
        while alive(int(root)):
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def alive(pid: int) -> bool:
    """Whether there is a process `pid` that has not ended; one that waits for its parent to notice has."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, and wait until it is gone."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
