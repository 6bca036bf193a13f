"""How many cores this process may use, which in a container is not how many the machine has.

    python -m xstilts_lib.common.cores

>>> cores() >= 1
True
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def cores(system: Path = Path("/")) -> int:
    """Whole cores by affinity and by the quotas of the control group, whichever is less; at least 1.

    `system` is the root of the file system in which Linux tells of control groups (proc/, sys/fs/cgroup/).
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on a Mac
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([allowed, *map(int, _quotas(system))]))


def _quotas(system: Path) -> Iterator[float]:
    """The cores that the control group of this process, and each one around it, may keep busy."""
    with suppress(OSError, ValueError):  # no Linux, or one that does not tell
        for line in (system / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            # Version 2 has no controllers in the line, and one tree; version 1 has a tree for each.
            top = system / "sys/fs/cgroup" / ("cpu" if controllers else "")
            group = top / path.lstrip("/")  # absent where a container sees its own group as the top
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from _quota(folder)


def _quota(folder: Path) -> Iterator[float]:
    """What one group says: `cpu.max` holds quota and period, in version 1 they are two files."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if float(quota) > 0:  # no limit is "max", which is no number, in version 1 it is -1
            yield float(quota) / float(period)


if __name__ == "__main__":
    print(cores())
