"""The warm process: what a forked child is given, and that nothing outlives those it works for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xstilts_lib import warm
from xstilts_lib.client import connect
from xstilts_lib.processes import alive

pytestmark = pytest.mark.skipif(not warm.possible(), reason="needs Linux")

CLIENT = Path(warm.__file__).with_name("client.py")
# The server with nothing but what a kernel needs, and tasks of our own.
SERVER = """
import json, os, sys, time
from xstilts_lib import warm
def about(argv):
    facts = {"argv": argv, "env": dict(os.environ), "cwd": os.getcwd()}
    facts |= {"pid": os.getpid(), "parent": os.getppid()}
    print(json.dumps(facts), flush=True)
    return int(argv[0])
def sleep(argv):
    print(os.getpid(), flush=True)
    time.sleep(60)
    return 0
warm.TASKS = {**warm.TASKS, "job": about, "sleep": sleep}
warm.PRELOADED = ("ipykernel.kernelapp", "ipykernel.ipkernel")
THREAD
sys.exit(warm.main())
"""


def start(folder: Path, thread: str = "", **env: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER.replace("THREAD", thread), str(folder / "socket")],
        env={**os.environ, **env}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: (folder / "socket.ready").exists() or process.poll() is not None)
    return process


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[str]:
    process = start(tmp_path)
    yield str(tmp_path / "socket")
    process.kill()
    process.communicate()


def run_client(socket: str, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "XSTILTS_KERNELS": socket, "COLOUR": "red"}
    return subprocess.run(
        [sys.executable, "-S", "-E", str(CLIENT), *argv],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_job_gets_the_clients_surroundings(socket: str, tmp_path: Path) -> None:
    done = run_client(socket, "3", "b c", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert done.returncode == 3, "its exit code comes back"
    assert facts["argv"] == ["3", "b c"]
    assert facts["cwd"] == str(tmp_path)
    assert facts["env"]["COLOUR"] == "red"
    assert "PYTEST_CURRENT_TEST" not in facts["env"], "the server's own environment is not handed on"
    other = json.loads(run_client(socket, "0", cwd=tmp_path).stdout)
    assert other["pid"] != facts["pid"]
    assert other["parent"] == facts["parent"]


def sleeper(socket: str) -> tuple[object, int]:
    read, write = os.pipe()
    connection = connect(socket, "sleep", [], dict(os.environ), "/", [0, write, 2])
    os.close(write)
    with os.fdopen(read) as stream:
        return connection, int(stream.readline())


def test_a_child_dies_with_its_client(socket: str) -> None:
    connection, pid = sleeper(socket)
    assert alive(pid)
    connection.close()  # type: ignore[attr-defined]
    until(lambda: not alive(pid))


def test_signals_are_passed_on(socket: str) -> None:
    connection, pid = sleeper(socket)
    connection.sendall(f"s{int(signal.SIGTERM)}\n".encode())  # type: ignore[attr-defined]
    answer = b"".join(iter(lambda: connection.recv(64), b""))  # type: ignore[attr-defined]
    assert answer.decode() == f"p{pid}\nx{-signal.SIGTERM}\n"


def test_children_die_with_the_server(tmp_path: Path) -> None:
    server = start(tmp_path)
    _connection, pid = sleeper(str(tmp_path / "socket"))
    server.kill()
    server.communicate()
    until(lambda: not alive(pid))


def test_no_fork_where_a_thread_runs(tmp_path: Path) -> None:
    thread = "import threading; threading.Thread(target=time.sleep, args=(30,), daemon=True).start()"
    server = start(tmp_path, thread)
    assert run_client(str(tmp_path / "socket"), "0", cwd=tmp_path).returncode == 1
    _, said = server.communicate(timeout=60)
    assert server.returncode == 1
    assert "forking is not safe" in said


def test_a_kernel_is_a_fork(
    socket: str, checkout: Path, template: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xstilts_lib.notebook import execute

    template(
        "50_kernel",
        "word = ''",
        "import os, random, sys\nimport matplotlib.pyplot as plt\n"
        "print(word, os.getppid(), random.random(), os.environ.get('COLOUR'), sep='|')",
        "plt.plot([1, 2]); plt.show()",
    )
    monkeypatch.setenv(warm.SOCKET, socket)
    monkeypatch.setenv("COLOUR", "blue")
    printed = []
    for word in ("one", "two"):
        node = json.loads(execute("50_kernel", checkout / f"{word}.ipynb", {"word": word}).read_text())
        printed.append("".join(node["cells"][2]["outputs"][0]["text"]).strip().split("|"))
        assert "image/png" in node["cells"][3]["outputs"][0]["data"], "figures appear"
    (one, parent, drawn, colour), (two, same, other, _) = printed
    assert (one, two, colour) == ("one", "two", "blue")
    assert parent == same != str(os.getpid())
    assert drawn != other, "each child draws its own random numbers, as fresh processes do"
