"""A Slurm cluster of one node on this machine, whose daemon runs in a process namespace of its own, as on
another machine: no process of the submitting side exists there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xstilts_lib.common.processes import cores

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "unshare")
ELSEWHERE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def lacking() -> str:
    """Why there can be no cluster here; empty where there can be one."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    if absent := [name for name in PROGRAMS if not shutil.which(name, path=path)]:
        return f"Slurm is not installed ({', '.join(absent)}): apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "a node of Slurm is started by root alone"
    if subprocess.run([*ELSEWHERE, "true"], capture_output=True).returncode:
        return "no process namespaces may be made here"
    return ""


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.2)


def said(*command: str) -> str:
    """What a command prints; it must end well."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Inside, Slurm's commands speak to a cluster whose settings and logs stand in `folder`."""
    folder.chmod(0o755)
    for name in ("state", "spool", "etc"):
        (folder / name).mkdir()
    host = socket.gethostname().split(".")[0]
    template = Path(__file__).with_name("slurm.conf").read_text()
    settings = {"host": host, "cores": cores(), "folder": folder}
    ports = {"controller": free_port(), "daemon": free_port()}
    (folder / "etc/slurm.conf").write_text(template.format(**settings, **ports))
    gpus = [folder / f"gpu{number}" for number in range(2)]
    for gpu in gpus:
        gpu.symlink_to("/dev/zero")  # a device, as Slurm wants it, of which nobody makes use
    (folder / "etc/gres.conf").write_text("".join(f"Name=gpu File={gpu}\n" for gpu in gpus))
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    munge = [f"--{name}={folder}/munge.{name}" for name in ("socket", "pid-file", "log-file", "seed-file")]
    patch = pytest.MonkeyPatch()
    patch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    patch.setenv("SLURM_CONF", str(folder / "etc/slurm.conf"))
    daemons = []

    def start(*command: str) -> None:
        with (folder / "daemons.log").open("ab") as log:
            daemons.append(subprocess.Popen(command, stdout=log, stderr=log))

    try:
        start("munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *munge)
        until((folder / "munge.socket").exists, 20, "munged")
        start("slurmctld", "-D")
        # There the settings are where Slurm looks for them: a job's step is not given SLURM_CONF.
        there = f"mount --bind '{folder}/etc' /etc/slurm && exec slurmd -D -N {host}"
        start(*ELSEWHERE, "sh", "-c", there)
        until(lambda: "idle" in said("sinfo", "--noheader", "--format=%T"), 60, f"a node ({folder})")
        yield
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        patch.undo()
