"""Kernels forked from the process of a job, which has imported everything that notebooks import.

A process may be forked safely while it runs a single thread, and executing a notebook starts several. So a
job forks the kernels of all its notebooks before anything else, and each waits for the command to begin.

jupyter_client finds ForkProvisioner under the name `xstilts` in the entry points
`jupyter_client.kernel_provisioners`.
"""

from __future__ import annotations

import gc
import os
import sys
from multiprocessing import Pipe, current_process, get_context
from multiprocessing.connection import Connection
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from ..common import processes


class ForkedKernel:
    """A forked kernel that waits to begin, with the methods of subprocess.Popen that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        commands, self.commands = Pipe(duplex=False)
        self._process = get_context("fork").Process(target=_wait, args=(commands,), daemon=True)
        self._process.start()
        commands.close()
        self.pid: int = self._process.pid  # type: ignore[assignment]

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


_waiting: list[ForkedKernel] = []


def fork(number: int) -> None:
    """Fork kernels for the next notebooks to be executed in this process.

    RuntimeError where it, or the fork server that it comes from, runs more than one thread.
    """
    if not processes.FORKING:
        return
    if any(len(os.listdir(f"/proc/{pid}/task")) > 1 for pid in (os.getpid(), os.getppid())):
        raise RuntimeError("a library started a thread while it was imported: forking is not safe")
    gc.freeze()  # keeps the collector from touching, and so copying, the memory that all share
    _waiting.extend(ForkedKernel() for _ in range(number))


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel by having a forked one begin; where none waits, as a process of its own."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        if not _waiting:
            return await super().launch_kernel(cmd, **kwargs)
        kernel = _waiting.pop()
        argv = cmd[cmd.index("ipykernel_launcher") + 1 :]
        kernel.commands.send((argv, kwargs["env"], kwargs.get("cwd") or os.getcwd()))
        self.process, self.pid, self.pgid = kernel, kernel.pid, kernel.pid  # type: ignore[assignment]
        return self.connection_info


def _wait(commands: Connection) -> None:
    """Become an IPython kernel, as `python -m ipykernel_launcher` starts it, once the command comes."""
    os.setsid()  # whoever interrupts or kills it means its children too
    processes.die_with_parent()
    current_process().daemon = False  # it may have children
    _waiting.clear()  # those forked before it are not its own
    argv, env, cwd = commands.recv()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["ipykernel_launcher", *argv]
    # It need not watch its parent, which is done above.
    IPKernelApp.launch_instance([*argv, "--IPKernelApp.parent_handle=1"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # at once: all is on disk, and what runs at an ordinary end costs half a second
