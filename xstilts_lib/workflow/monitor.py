"""What a person sees while an experiment runs: jobs done of all, and how far each running one is.

A table that redraws itself in a terminal; lines, one at a start and an end and now and then between,
elsewhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.disk import read_json
from .graph import Job

if TYPE_CHECKING:
    from rich.console import Group

LINES_EVERY = 15.0  # seconds between two reports on a running job, where there is no terminal


class Monitor:
    """Follows the status files of jobs. Call `update` often and `close` once."""

    def __init__(self, graph: list[Job], terminal: bool | None = None) -> None:
        self.graph = graph
        self.began = self.reported = time.monotonic()
        self.states = {job.name: "done" for job in graph if job.done}
        self.live: Any = None
        if sys.stdout.isatty() if terminal is None else terminal:
            from rich.live import Live

            self.live = Live(refresh_per_second=4, transient=True, get_renderable=self._table)
            self.live.start()
        print(f"{len(graph) - self.finished} of {len(graph)} jobs to do.", flush=True)

    @property
    def finished(self) -> int:
        return sum(state == "done" for state in self.states.values())

    def update(self) -> None:
        """Report what has changed since the last call."""
        for job in self.graph:
            before = self.states.get(job.name)
            if before == "done":
                continue  # hundreds of files, read several times a second, would take a share of a core
            status = job.told
            if (state := status.get("state")) and state != before:
                self.states[job.name] = state
                self._changed(job, status)
        if self.live is None and time.monotonic() - self.reported >= LINES_EVERY:
            self.reported = time.monotonic()
            for job, status in self._running():
                print(f"  {job.name}: {in_words(status)}", flush=True)

    def close(self) -> None:
        self.update()
        if self.live is not None:
            self.live.stop()
            self.live = None
        taken = clock(time.monotonic() - self.began)
        print(f"{self.finished} of {len(self.graph)} jobs done, {taken}.", flush=True)

    def _changed(self, job: Job, status: dict[str, Any]) -> None:
        if status["state"] == "running":
            if self.live is None:
                print(f"{job.name} started", flush=True)
            return
        outcome = "FAILED" if status["state"] == "failed" else "done"
        words = f"{job.name} {outcome}, {clock(status['seconds'])} [{self.finished}/{len(self.graph)}]"
        if self.live is not None:
            self.live.console.print(words, markup=False, highlight=False)
        else:
            print(words, flush=True)

    def _running(self) -> Iterator[tuple[Job, dict[str, Any]]]:
        for job in self.graph:
            if self.states.get(job.name) == "running":
                yield job, job.told

    def _table(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        done = self.finished
        head = Table.grid(padding=(0, 1))
        head.add_row(
            ProgressBar(total=len(self.graph), completed=done, width=30),
            f"{done} of {len(self.graph)} jobs, {clock(time.monotonic() - self.began)}",
        )
        rows = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("job", "part", "phase", "step", "loss", "tokens/s", "left"):
            rows.add_column(title, justify="left" if title in ("job", "part", "phase") else "right")
        for job, status in self._running():
            rows.add_row(job.name, *cells(status))
        return Group(head, rows)


def cells(status: dict[str, Any]) -> tuple[str, ...]:
    """Part, phase, step, loss, tokens per second and time left of a running job, as text."""
    place = f"{status.get('part') or ''} ({status.get('done', 0) + 1}/{status.get('parts', 1)})"
    progress = read_json(Path(status["progress"])) if status.get("progress") else {}
    if not progress:
        return place, "", "", "", "", ""
    return (
        place,
        str(progress.get("phase", "")),
        f"{progress.get('step', 0):,}/{progress.get('steps', 0):,}",
        f"{progress.get('loss', float('nan')):.3f}",
        f"{progress.get('tokens_per_second', 0):,.0f}",
        clock(progress.get("seconds_left", 0)),
    )


def in_words(status: dict[str, Any]) -> str:
    """The same in a line."""
    place, phase, step, loss, rate, left = cells(status)
    return f"{place} {phase}, step {step}, loss {loss}, {rate} tokens/s, {left} left" if phase else place


def clock(seconds: float) -> str:
    """Seconds as people say them.

    >>> clock(5), clock(75), clock(3700)
    ('5 s', '1 min 15 s', '1 h 02 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
