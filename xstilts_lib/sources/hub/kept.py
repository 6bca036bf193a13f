"""What a rerun without a network rests on: pinned commits, files of GitHub repositories, and text to learn
languages from: lines of Wikipedia that no evaluation set holds, drawn by a seed.

They lie in the cache of this machine, beside those of `datasets`.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...common import disk
from ...common.errors import UserError
from ..overlap import normalised, sentences

Line = tuple[str, str]  # its key in the stream, and its text
_COMMIT = re.compile(r"[0-9a-f]{40}")
GITHUB = "https://raw.githubusercontent.com/{name}/{revision}/{file}"
_PATIENCE = 60  # seconds without a byte
_LONG_ENOUGH = 40  # characters of a paragraph of Wikipedia
_SHORTEST = 12  # letters and digits, below which a line teaches little
_DEV_SHARE = 50  # one line in fifty is held back as the dev split


class Pins:
    """Commits of repositories, remembered in a JSON file once the hub has been asked for them."""

    def __init__(self, file: Path, stated: Mapping[str, str]) -> None:
        self.file = file
        self.stated = stated

    def commit(self, repository: str, revision: str, ask: bool = True) -> str:
        """The commit at which `repository` is read, if `revision` is what the table of repositories says; the
        name of the branch where it is not known, and the hub is not to be asked."""
        revision = self.stated.get(repository, revision)
        if _COMMIT.fullmatch(revision):
            return revision
        key, pins = f"{repository}@{revision}", self._read()
        if key not in pins and ask:
            pins[key] = _ask(repository, revision)
            self._write(pins)
        return pins.get(key, revision)

    def _read(self) -> dict[str, str]:
        try:
            pins = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise UserError(f"{self.file} cannot be read: delete it; commits are looked up again.") from None
        return dict(pins)

    def _write(self, pins: Mapping[str, str]) -> None:
        try:
            disk.write_json(self.file, dict(sorted(pins.items())))
        except OSError as error:
            raise UserError(
                f"{self.file} cannot be written ({error.strerror}): set XSTILTS_CACHE elsewhere."
            ) from None


def _ask(repository: str, revision: str) -> str:
    from huggingface_hub import HfApi

    try:
        commit = HfApi().dataset_info(repository, revision=revision, timeout=30).sha
    except Exception as error:  # offline, not found, refused: each its own class
        reason = str(error).strip().split("\n")[0][:200]
        raise UserError(
            f"The hub does not say which commit {revision!r} of {repository} is "
            f"({type(error).__name__}: {reason}): "
            "run `xstilts data fetch` where there is a network, or state the commit under `revisions:`."
        ) from None
    if not commit:
        raise UserError(f"The hub names no commit for {revision!r} of {repository}.")
    return commit


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
        found = [(str(key), str(text)) for key, text in kept]
    except (OSError, ValueError):
        found = []
    if not found:
        found = list(draw())
        disk.write(file, "".join(json.dumps(line) + "\n" for line in found))
    return found


def paragraphs(articles: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """The lines that articles offer."""
    for article in articles:
        for number, paragraph in enumerate(article["text"].split("\n")):
            if len(paragraph) >= _LONG_ENOUGH:
                yield f"{article['id']}-{number}", paragraph


def select(
    offered: Sequence[Line], language: str, excluded: frozenset[str], lines: int, seed: int
) -> list[dict[str, str]]:
    """At most `lines` rows of the text format, unlike one another, none with an excluded sentence."""
    drawn = list(offered)
    random.Random(f"{seed}-{language}").shuffle(drawn)
    rows: list[dict[str, str]] = []
    seen: set[str] = set()
    for key, text in drawn:
        if len(rows) == lines:
            break
        text = " ".join(text.split())
        letters = normalised(text)
        if len(letters) < _SHORTEST or letters in seen or not excluded.isdisjoint(sentences(text)):
            continue
        seen.add(letters)
        rows.append({"id": f"wikipedia-{language}-{key}", "language": language, "text": text, "pair": ""})
    return rows


def is_dev(row: Mapping[str, str]) -> bool:
    """Whether a row is held back as the dev split, by its key alone."""
    key = row["id"].replace(f"-{row['language']}-", "-", 1)
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _DEV_SHARE == 0
