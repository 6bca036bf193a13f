"""A Slurm cluster of one node on this machine, whose daemon runs in a process namespace of its own, as on
another machine: no process of the submitting side exists there. With an accounting database, or without."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xstilts_lib.common.processes import cores

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "unshare")
ACCOUNTING = ("slurmdbd", "sacctmgr", "mariadbd", "mariadb-install-db")
ELSEWHERE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
ACCOUNT = "lab"
WITHOUT = "AccountingStorageType=accounting_storage/none"
# Nobody submits without an account, and jobs that have ended are forgotten sooner than the profile wants.
WITH = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageEnforce=associations
MinJobAge=5"""


def lacking(accounting: bool = False) -> str:
    """Why there can be no cluster here; empty where there can be one."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    programs = (*PROGRAMS, *ACCOUNTING) if accounting else PROGRAMS
    if absent := [name for name in programs if not shutil.which(name, path=path)]:
        packages = "slurm-wlm munge" + " slurmdbd mariadb-server" * accounting
        return f"not installed ({', '.join(absent)}): apt-get install {packages}"
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


class Daemons:
    """Programs that run until all of them are ended, the last first."""

    def __init__(self, folder: Path) -> None:
        self.log, self.running = folder / "daemons.log", list[subprocess.Popen[bytes]]()

    def start(self, *command: str) -> None:
        with self.log.open("ab") as log:
            self.running.append(subprocess.Popen(command, stdout=log, stderr=log))

    def end(self) -> None:
        for daemon in reversed(self.running):
            # Who waits for another namespace heeds nothing less, and takes all in there along.
            daemon.send_signal(signal.SIGKILL if daemon.args[0] == ELSEWHERE[0] else signal.SIGTERM)
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


@contextmanager
def cluster(folder: Path, accounting: bool = False) -> Iterator[None]:
    """Inside, Slurm's commands speak to a cluster whose settings and logs stand in `folder`.

    With `accounting`, root may submit under ACCOUNT.
    """
    folder.chmod(0o755)
    for name in ("state", "spool", "etc"):
        (folder / name).mkdir()
    host = socket.gethostname().split(".")[0]
    template = Path(__file__).with_name("slurm.conf").read_text()
    database = free_port()
    storage = WITH.format(port=database, folder=folder) if accounting else WITHOUT
    settings = {"host": host, "cores": cores(), "folder": folder, "accounting": storage}
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
    daemons = Daemons(folder)
    try:
        daemons.start("munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *munge)
        until((folder / "munge.socket").exists, 60, "munged")
        if accounting:
            patch.setenv("MYSQL_UNIX_PORT", str(folder / "mariadb.socket"))
            keep_accounts(folder, database, daemons)
        daemons.start("slurmctld", "-D")
        # There the settings are where Slurm looks for them: a job's step is not given SLURM_CONF.
        there = f"mount --bind '{folder}/etc' /etc/slurm && exec slurmd -D -N {host}"
        daemons.start(*ELSEWHERE, "sh", "-c", there)
        until(lambda: "idle" in said("sinfo", "--noheader", "--format=%T"), 60, f"a node ({folder})")
        yield
    finally:
        daemons.end()
        patch.undo()


def keep_accounts(folder: Path, port: int, daemons: Daemons) -> None:
    """Start a database and Slurm's daemon before it, and let root submit under ACCOUNT."""
    data = f"--datadir={folder}/mariadb"
    said("mariadb-install-db", "--no-defaults", "--user=root", data, "--skip-test-db")
    open_to_all = ("--skip-grant-tables", "--skip-networking", f"--socket={folder}/mariadb.socket")
    own = ("--no-defaults", "--user=root", data, f"--pid-file={folder}/mariadb.pid")
    daemons.start("mariadbd", *own, *open_to_all)
    until((folder / "mariadb.socket").exists, 60, "mariadbd")
    stated = Path(__file__).with_name("slurmdbd.conf").read_text().format(folder=folder, port=port)
    (folder / "etc/slurmdbd.conf").write_text(stated)
    (folder / "etc/slurmdbd.conf").chmod(0o600)
    daemons.start("slurmdbd", "-D")
    show = ["sacctmgr", "--noheader", "list", "cluster"]
    until(lambda: subprocess.run(show, capture_output=True).returncode == 0, 120, f"slurmdbd ({folder})")
    for what in (["cluster", "one"], ["account", ACCOUNT], ["user", "root", f"account={ACCOUNT}"]):
        said("sacctmgr", "--immediate", "add", *what)
