"""Real data for the tests that want it, and a small folder of made-up files for the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from made_up import FILES

from xstilts_lib.sources import open_source
from xstilts_lib.sources.files import FilesSource

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of packed public data sets, or a skip that says where it was looked for."""
    place = Path(os.environ.get("XSTILTS_SHARED") or ROOT.parent / "shared") / "data"
    if not place.is_dir():
        pytest.skip("no real data: set XSTILTS_SHARED to a folder whose data/ holds the packed sets")
    return place


@pytest.fixture(scope="session")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> FilesSource:
    """A source that reads the packed sets, each unpacked once a session."""
    cache = tmp_path_factory.mktemp("cache")
    return open_source({"kind": "files", "folder": str(shared), "cache": str(cache)})  # type: ignore[return-value]


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """`make_folder({path: text or bytes})`: a data folder with those files beside the made-up ones."""

    def make(files: Mapping[str, str | bytes | None] | None = None) -> Path:
        folder = tmp_path / "data"
        for name, content in {**FILES, **(files or {})}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return make


@pytest.fixture
def open_folder(make_folder: Callable[..., Path], tmp_path: Path) -> Callable[..., FilesSource]:
    """A source over `make_folder(files)`; counts are not held against the published ones."""

    def make(files: Mapping[str, str | bytes | None] | None = None, **settings: Any) -> FilesSource:
        folder = make_folder(files)
        own = {"counts": "any", "cache": str(tmp_path / "cache"), **settings}
        return open_source({"kind": "files", "folder": str(folder), **own})  # type: ignore[return-value]

    return make
