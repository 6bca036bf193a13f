"""Jobs as pods: a whole run with a double of kubectl, which starts here what a pod would start."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from xstilts_lib.common import places

pytest.importorskip("snakemake_executor_plugin_cluster_generic")
PROFILE = places.home() / "workflow" / "profiles" / "kubernetes"
# It remembers what was asked of it, and runs a pod at once, with the variables of its container and none of
# ours besides; `get` answers as the real one does.
KUBECTL = """#!{python}
import json, os, pathlib, subprocess, sys, yaml
place = pathlib.Path({place!r})
if sys.argv[1] == "create":
    job = yaml.safe_load(sys.stdin)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    given = {{each["name"]: each["value"] for each in container["env"]}}
    plain = {{name: value for name, value in os.environ.items() if not name.startswith("XSTILTS_")}}
    code = subprocess.run(container["command"], env=plain | given, capture_output=True).returncode
    (place / job["metadata"]["name"]).write_text(json.dumps([job, code]))
elif sys.argv[1] == "get":
    file = place / sys.argv[3]
    if file.is_file():
        failed = json.loads(file.read_text())[1]
        print(file.name, "FailureTarget Failed" if failed else "SuccessCriteriaMet Complete")
elif sys.argv[1] == "delete":
    (place / sys.argv[-1]).unlink()
"""


@pytest.fixture
def pods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the double keeps what it was asked for; it is the kubectl of this test."""
    (folder := tmp_path / "pods").mkdir()
    (tmp_path / "bin").mkdir()
    file = tmp_path / "bin" / "kubectl"
    file.write_text(KUBECTL.format(python=sys.executable, place=str(folder)))
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("XSTILTS_IMAGE", "registry.example/xstilts:1")
    monkeypatch.setenv("XSTILTS_VOLUME", "runs")
    return folder


def pod(*argv: str) -> str:
    run = subprocess.run([PROFILE / "pod", *argv], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_pod_asks_for_what_its_job_does(
    pods: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    scripts = {code: tmp_path / f"it's {code}.sh" for code in (0, 1)}
    for code, script in scripts.items():
        script.write_text(f'test "$XSTILTS_RUNS" = "{tmp_path}" && exit {code}')
    name = pod("submit", "4", "32000", "2", str(scripts[0]))
    job, _ = json.loads((pods / name).read_text())
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["image"] == "registry.example/xstilts:1"
    assert container["resources"]["limits"] == {"memory": "32000M", "nvidia.com/gpu": 2}
    assert container["resources"]["requests"]["cpu"] == 4
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"runs": str(tmp_path), "shared": "/dev/shm"}
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "runs"}
    assert job["spec"]["backoffLimit"] == 0
    assert pod("status", name) == "success"
    assert pod("status", pod("submit", "1", "1", "0", str(scripts[1]))) == "failed"
    pod("cancel", name)
    assert pod("status", name) == "failed", "gone"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert pod("status", name) == "running", "where nobody answers, it is asked again"


@pytest.mark.slow
def test_a_run_by_pods_is_as_any_other(checkout: Path, pods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(checkout / "runs"))
    file = checkout / "experiments" / "test.yaml"
    file.write_text(file.read_text().replace("recipes: [none, mini_squad]", "recipes: [none]"))
    command = [
        sys.executable,
        "-m",
        "xstilts_lib.cli",
        "run",
        "test",
        "--profile",
        "kubernetes",
        "--cores",
        "2",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    assert "3 of 3 jobs done" in run.stdout
    assert (checkout / "runs/test/results.parquet").is_file()
    assert len(list(pods.iterdir())) == 3, "a pod for each job"


def test_the_image_is_made_as_everything_else_is() -> None:
    """By `make env`, so that it holds what the lock says; with what that needs, and the same variables."""
    text = (places.home() / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if re.match("[A-Z]+ ", line)]
    runs = [rest for kind, rest in steps if kind == "RUN"]
    assert steps[0][0] == "FROM"
    version = re.search(r"python:(\d+\.\d+)", steps[0][1])[1]
    assert f"--python-version {version}" in (places.home() / "Makefile").read_text(encoding="utf-8")
    assert any(re.match("make env( |$)", run) for run in runs)
    assert {"git", "make"} <= set(next(run for run in runs if "apt-get install" in run).split())
    assert not re.search("pip install|uv ", text), "what it holds is for the lock to say"
    assert re.search(r"OPENBLAS_CORETYPE=(\w+)", text)[1] in (places.home() / "Makefile").read_text()
    assert re.search("ARG NB_USER.*ARG NB_UID", text, re.DOTALL), "by which Binder names its user"
    left_out = (places.home() / ".dockerignore").read_text(encoding="utf-8").split()
    ignored = (places.home() / ".gitignore").read_text(encoding="utf-8").split()
    assert {name.strip("/") for name in ignored} >= {name.removeprefix("**/") for name in left_out}


def test_a_dev_container_is_that_image() -> None:
    folder = places.home() / ".devcontainer"
    stated = json.loads((folder / "devcontainer.json").read_text(encoding="utf-8"))
    assert (folder / stated["build"]["dockerfile"]).resolve() == places.home() / "Dockerfile"
    assert (folder / stated["build"]["context"]).resolve() == places.home()
    assert stated["postCreateCommand"] == "make env", "the workspace hides the folder of the image"


def test_the_profile_names_its_own_program() -> None:
    stated = yaml.safe_load((PROFILE / "config.yaml").read_text(encoding="utf-8"))
    for use in ("submit", "status", "cancel"):
        assert stated[f"cluster-generic-{use}-cmd"].startswith(
            f'"$XSTILTS_HOME/{PROFILE.relative_to(places.home())}/pod" {use}'
        )
