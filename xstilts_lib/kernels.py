"""Kernels forked from the warm process (see warm.py), and ordinary ones where there is none.

jupyter_client finds WarmProvisioner under the name `xstilts` in the entry points
`jupyter_client.kernel_provisioners`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from .client import connect
from .processes import LOCK
from .warm import SOCKET


class ForkedProcess:
    """A child of the warm process, with the methods of subprocess.Popen that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = b""
        self.returncode: int | None = None
        while b"\n" not in self._read:
            self._receive()
        self.pid = int(self._read[1 : self._read.index(b"\n")])
        connection.setblocking(False)

    def _receive(self) -> None:
        piece = self._connection.recv(64)
        if not piece:
            raise RuntimeError("the warm process is gone")
        self._read += piece

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                self._receive()
            except BlockingIOError:
                pass
            except (RuntimeError, OSError):
                self._end(-signal.SIGKILL)
            for line in self._read.decode().splitlines():
                if line.startswith("x"):
                    self._end(int(line[1:]))
        return self.returncode

    def _end(self, code: int) -> None:
        self.returncode = code
        self._connection.close()

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(0.02)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            self._connection.sendall(f"s{int(number)}\n".encode())

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels as forks of the warm process that `$XSTILTS_KERNELS` names, or as processes of their
    own.
    """

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        path = os.environ.get(SOCKET)
        if not path:
            if LOCK in os.environ:
                kwargs["pass_fds"] = (int(os.environ[LOCK]),)
            return await super().launch_kernel(cmd, **kwargs)
        env = {
            name: value for name, value in (kwargs.get("env") or os.environ).items() if isinstance(value, str)
        }
        argv = cmd[cmd.index("ipykernel_launcher") + 1 :]
        with open(os.devnull, "r+b") as null:
            streams = [null.fileno(), 1, 2]
            connection = connect(path, "kernel", argv, env, kwargs.get("cwd") or os.getcwd(), streams)
        self.process = ForkedProcess(connection)  # type: ignore[assignment]
        self.pid = self.pgid = self.process.pid
        return self.connection_info
