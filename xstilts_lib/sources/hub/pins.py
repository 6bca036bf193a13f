"""Which commit of a repository is read: stated, known, or pinned when it was first read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ...common.disk import write_json
from ...common.errors import UserError

_COMMIT = re.compile(r"[0-9a-f]{40}")


class Pins:
    """Commits of repositories, remembered in a JSON file once the hub has been asked for them."""

    def __init__(self, file: Path, stated: Mapping[str, str]) -> None:
        self.file = file
        self.stated = stated

    def known(self, repository: str, revision: str) -> str:
        """The commit, if it is known without asking the hub; otherwise the name of the branch."""
        revision = self.stated.get(repository, revision)
        pinned = None if _COMMIT.fullmatch(revision) else self._read().get(f"{repository}@{revision}")
        return pinned or revision

    def commit(self, repository: str, revision: str) -> str:
        """The commit at which `repository` is read, if `revision` is what the table of repositories says."""
        revision = self.stated.get(repository, revision)
        if _COMMIT.fullmatch(revision):
            return revision
        key = f"{repository}@{revision}"
        pins = self._read()
        if key not in pins:
            pins[key] = _ask(repository, revision)
            self._write(pins)
        return pins[key]

    def _read(self) -> dict[str, str]:
        try:
            pins = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise UserError(
                f"{self.file} cannot be read: delete it, and the commits are looked up again."
            ) from None
        return dict(pins)

    def _write(self, pins: Mapping[str, str]) -> None:
        try:
            write_json(self.file, dict(sorted(pins.items())))
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
