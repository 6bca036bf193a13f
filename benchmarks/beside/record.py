"""What a benchmark found, kept as a small table for the book, with the machine and the versions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from xstilts_lib.common import disk, manifest, places
from xstilts_lib.common.processes import cores


def record(name: str, rows: Sequence[dict[str, Any]], **about: Any) -> None:
    """Write book/records/{name}.json, which the chapter on training shows."""
    path = places.book() / "records" / f"{name}.json"
    versions = {package: version(package) for package in ("transformers", "torch", "accelerate")}
    about = {"threads": cores(), **about}
    disk.write_json(
        path, {"rows": rows, "hardware": manifest.hardware(), "versions": versions, "about": about}
    )
    print(f"Recorded in {places.relative(path)}.")
