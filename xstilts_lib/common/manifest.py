"""The manifest of a run: what it was made from, on what, and the checksum of every file it left.

A run is done when its manifest is there: it is written last, in one step, after every output has reached the
disk.

>>> write_manifest(directory, parameters={"seed": 0}, outputs=[directory / "scores.json"], seconds=12.5)
>>> read_manifest(directory)["parameters"]
{'seed': 0}
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from . import arithmetic, places
from .checksums import sha256
from .disk import write_json
from .errors import UserError
from .processes import cores

NAME = "manifest.json"
# The packages whose versions can change a number or a page.
PACKAGES = ("torch", "transformers", "datasets", "accelerate", "numpy", "pandas", "papermill", "xstilts")


def write_manifest(
    directory: Path,
    parameters: Mapping[str, Any],
    outputs: Iterable[Path],
    seconds: float,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """Write `directory`/manifest.json, last and atomically; `outputs` are files, or folders of files."""
    files = sorted({file for output in outputs for file in _files(Path(output))})
    content = {
        "parameters": dict(parameters),
        "date": now(),
        "seconds": round(seconds, 1),
        "code": code_revision(),
        "versions": versions(),
        "hardware": hardware(),
        **(extra or {}),
        "outputs": {
            os.path.relpath(file, directory): {"bytes": file.stat().st_size, "sha256": sha256(file)}
            for file in files
        },
    }
    return write_json(directory / NAME, content)


def read_manifest(directory: Path, verify: bool = True) -> dict[str, Any]:
    """The manifest of `directory`, whose files are checked by size, and with `verify` by checksum too.

    UserError naming the file where one is absent, cut short or altered, or where there is no manifest.
    """
    path = Path(directory) / NAME
    if not path.is_file():
        raise UserError(f"{places.relative(Path(directory))} is not finished: it holds no {NAME}.")
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        outputs = content["outputs"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise UserError(f"{places.relative(path)} is damaged; {_again(path.parent)}") from None
    for name, expected in outputs.items():
        _check(path.parent, name, expected, verify)
    return content


def _check(directory: Path, name: str, expected: Mapping[str, Any], verify: bool) -> None:
    file = Path(os.path.normpath(directory / name))
    shown = places.relative(file)
    if not file.is_file():
        raise UserError(f"{shown} is gone, though its manifest lists it; {_again(directory)}")
    size = file.stat().st_size
    if size < expected["bytes"]:
        raise UserError(f"{shown} is cut short: {size} bytes of {expected['bytes']}; {_again(directory)}")
    if size > expected["bytes"] or (verify and sha256(file) != expected["sha256"]):
        raise UserError(f"{shown} is not the file that its manifest describes; {_again(directory)}")


def _again(directory: Path) -> str:
    return f"remove {places.relative(directory)} and run the experiment again."


def _files(output: Path) -> list[Path]:
    if output.is_dir():
        return [file for file in output.rglob("*") if file.is_file()]
    if not output.is_file():
        raise FileNotFoundError(f"an output of the run is absent: {output}")
    return [output]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


@cache
def versions() -> dict[str, str]:
    """The versions of Python and of the packages that decide numbers or pages."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def code_revision() -> str:
    """The commit of the checkout, with a `+` where it changed since; the package's version outside git."""
    try:
        run = ["git", "-C", str(places.home())]
        revision = ("rev-parse", "--short=12", "HEAD")
        commit = subprocess.run([*run, *revision], capture_output=True, text=True, check=True)
        difference = ("diff", "--quiet", "HEAD", "--", "xstilts_lib", "notebooks")
        changed = subprocess.run([*run, *difference], check=False)
    except (OSError, subprocess.CalledProcessError):
        return versions().get("xstilts", "unknown")
    return commit.stdout.strip() + ("+" if changed.returncode else "")


def hardware() -> dict[str, Any]:
    """The machine: processor, cores to use, the accelerator if torch is loaded and sees one, and what
    arithmetic was used."""
    found: dict[str, Any] = {"processor": _processor(), "cores": cores(), "system": platform.system()}
    threads = os.environ.get("OMP_NUM_THREADS")
    torch = sys.modules.get("torch")  # asking must not cost the import
    if torch is not None:
        threads = torch.get_num_threads()
        if torch.cuda.is_available():
            found["accelerator"] = torch.cuda.get_device_name()
    found["arithmetic"] = arithmetic.describe()
    return found | ({"threads": int(threads)} if threads else {})


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
