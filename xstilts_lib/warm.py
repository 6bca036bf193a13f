"""The warm process: it imports everything heavy once, and forks a fresh child for each job and each kernel.

Importing torch, transformers and datasets costs some ten seconds of a processor, and an experiment executes
hundreds of notebooks. `xstilts run` therefore starts one such process on Linux; jobs reach it through
client.py, kernels through kernels.py. A child is a fork of a process with a single thread in which nothing
has been computed: no thread pool, no random state beyond what an import leaves, no device. Where that cannot
be had, everything runs in ordinary processes.

    python -m xstilts_lib.warm SOCKET

Over the socket come requests of a length (4 bytes), JSON {task, argv, env, cwd}, and the three standard
streams as file descriptors; back go lines: p<pid>, then x<exit code>. A line s<number> from the client is a
signal for the child. When the client's connection closes, the child is killed; when this process dies, all
children are.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import code
from .processes import die_with_parent

SOCKET = "XSTILTS_KERNELS"  # names the socket, for jobs and kernels
# What notebooks and the jobs around them import. The order is that of their cost.
PRELOADED = (
    "torch", "transformers.models.xlm_roberta.modeling_xlm_roberta", "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto", "datasets", "accelerate", "pandas", "matplotlib.pyplot",
    "seaborn", "scipy.stats", "ipykernel.kernelapp", "ipykernel.ipkernel",
    "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.oinspect",
    "IPython.extensions.storemagic", "sqlite3", "tornado.platform.asyncio",
    "matplotlib_inline.backend_inline", "safetensors.numpy",
    "papermill", "nbclient", "xstilts_lib.train", "xstilts_lib.evaluate", "xstilts_lib.scoring",
    "xstilts_lib.mining", "xstilts_lib.analysis.figures", "xstilts_lib.pretraining", "xstilts_lib.retrieval",
    "xstilts_lib.results", "xstilts_lib.notebook", "xstilts_lib.sources.miniature", "xstilts_lib.jobs",
    "xstilts_lib.kernels",
)  # fmt: skip
INLINE = "module://matplotlib_inline.backend_inline"


def possible() -> bool:
    """Whether this system can do it: Linux, whose kernel tells when a process ends and ends a child with its
    parent.
    """
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and os.environ.get("XSTILTS_WARM") != "0"


@dataclass
class Child:
    """A forked process and the connection that asked for it."""

    pid: int
    pidfd: int
    connection: socket.socket | None


class Server:
    """Accepts requests and forks. In a forked child, `serve` returns what the child has to do; else it never
    returns.
    """

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.children: dict[int, Child] = {}

    def serve(self) -> Callable[[], int]:
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        while True:
            for key, _ in self.selector.select():
                task = key.data()
                if task is not None:
                    return task

    def _accept(self) -> Callable[[], int] | None:
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        try:
            request, streams = receive(connection)
        except (OSError, ValueError):
            connection.close()
            return None
        return self._fork(connection, request, streams)

    def _fork(
        self, connection: socket.socket, request: Mapping[str, Any], streams: list[int]
    ) -> Callable[[], int] | None:
        if len(os.listdir("/proc/self/task")) > 1:
            sys.exit("a library started a thread while it was imported: forking is not safe")
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._leave()
            connection.close()
            return lambda: _child(parent, request, streams)
        for stream in streams:
            os.close(stream)
        child = Child(pid, os.pidfd_open(pid), connection)
        self.children[pid] = child
        self.selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._ended(child))
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._asked(child))
        _send(connection, f"p{pid}\n")
        return None

    def _leave(self) -> None:
        """In a child: let go of everything that is the server's."""
        self.selector.close()
        self.listener.close()
        for child in self.children.values():
            os.close(child.pidfd)
            if child.connection is not None:
                child.connection.close()

    def _asked(self, child: Child) -> None:
        """A line from the client is a signal to pass on; the end of the connection ends the child."""
        assert child.connection is not None
        try:
            data = child.connection.recv(64)
        except OSError:
            data = b""
        numbers = [int(line[1:]) for line in data.decode().splitlines() if line[:1] == "s"]
        if not data:
            self.selector.unregister(child.connection)
            child.connection.close()
            child.connection = None
            numbers = [signal.SIGKILL]
        for number in numbers:
            _signal_group(child.pid, number)

    def _ended(self, child: Child) -> None:
        _, status = os.waitpid(child.pid, 0)
        _signal_group(child.pid, signal.SIGKILL)  # whatever it left running
        self.selector.unregister(child.pidfd)
        os.close(child.pidfd)
        del self.children[child.pid]
        if child.connection is not None:
            _send(child.connection, f"x{os.waitstatus_to_exitcode(status)}\n")
            self.selector.unregister(child.connection)
            child.connection.close()


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _send(connection: socket.socket, line: str) -> None:
    with suppress(OSError):  # the client is gone, which the selector reports next
        connection.sendall(line.encode())


def _child(parent: int, request: Mapping[str, Any], streams: list[int]) -> int:
    """Become what was asked for: own session, streams, environment and folder, then the task."""
    os.setsid()
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    gc.enable()
    return TASKS[request["task"]](request["argv"])


def _job(argv: list[str]) -> NoReturn:
    from .jobs import main

    _leave_at_once(main(argv))


def _leave_at_once(code: int) -> NoReturn:
    """End this process: everything is on disk, and taking torch apart costs half a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _kernel(argv: list[str]) -> NoReturn:
    """An IPython kernel, as `python -m ipykernel_launcher` starts it."""
    from ipykernel.kernelapp import IPKernelApp

    os.environ.setdefault("MPLBACKEND", INLINE)
    sys.argv = ["ipykernel_launcher", *argv]
    argv = [
        *argv,
        "--IPKernelApp.parent_handle=1",
    ]  # it need not watch its parent: the kernel of the system does
    IPKernelApp.launch_instance(argv)
    _leave_at_once(0)


TASKS: Mapping[str, Callable[[list[str]], int]] = {"job": _job, "kernel": _kernel}


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """One request and its three file descriptors."""
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    left = int.from_bytes(head, "big")
    data = bytearray()
    while len(data) < left:
        piece = connection.recv(left - len(data))
        if not piece:
            raise ValueError("the request was cut short")
        data += piece
    return json.loads(data), list(streams)


def preload() -> None:
    """Import what children need. Nothing may be computed here: a child must start as a fresh process does."""
    os.environ.setdefault("MPLBACKEND", INLINE)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # else the kernel's debugger warns of itself
    for name in PRELOADED:
        importlib.import_module(name)
    for kind in code.SOURCES:  # hashed once, for every child
        code.decides(kind, evaluation=True)
        code.decides(kind, evaluation=False)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, the memory that all children share


def main() -> int:
    die_with_parent()
    gc.disable()
    path = sys.argv[1]
    server = Server(path)
    preload()
    Path(f"{path}.ready").touch()
    return server.serve()()


if __name__ == "__main__":
    # The module under its own name, not as __main__: children import it too.
    from xstilts_lib.warm import main as start

    sys.exit(start())
