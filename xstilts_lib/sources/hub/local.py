"""What the hub source keeps on this machine beside the caches of `datasets`: a rerun needs no network.

Files of GitHub repositories at a commit, and the lines that were drawn from a stream.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from ...common import disk
from ...common.errors import UserError
from ..text import Line

GITHUB = "https://raw.githubusercontent.com/{name}/{revision}/{file}"
_PATIENCE = 60  # seconds without a byte


def github_file(cache: Path, name: str, revision: str, file: str) -> Path:
    """The file of a repository at a commit, downloaded once and whole; UserError where that fails."""
    place = cache / "github" / name / revision / file
    if not place.is_file():
        disk.write(place, _download(GITHUB.format(name=name, revision=revision, file=file)))
    return place


def _download(url: str) -> bytes:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise UserError(
            f"{url} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it: run `xstilts data fetch` "
            "where there is a network."
        )
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
            content: bytes = answer.read()
    except Exception as error:  # of the network, the protocol, the name: each its own class
        raise UserError(f"{url} cannot be fetched ({type(error).__name__}: {error}).") from None
    if content.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")) or not content.strip():
        raise UserError(f"{url} gives no data but {'an HTML page' if content.strip() else 'nothing'}.")
    return content


def lines(file: Path, draw: Callable[[], Iterable[Line]]) -> list[Line]:
    """The lines kept in `file`, or those that `draw` gives, which are kept there; a damaged file is made
    anew."""
    try:
        kept = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        found = [(str(key), str(text), str(pair)) for key, text, pair in kept]
    except (OSError, ValueError):
        found = []
    if not found:
        found = list(draw())
        disk.write(file, "".join(json.dumps(line) + "\n" for line in found))
    return found
