"""Where examples come from: the miniature world, files, the Hugging Face Hub; all give the same columns.

>>> from xstilts_lib.sources import open_source
>>> source = open_source({"kind": "files", "folder": "~/data"})     # doctest: +SKIP
>>> source.load("xquad", "test", "de")[0]["question"]              # doctest: +SKIP

How a published example becomes a row: a table says where a split stands (files/layouts.csv,
hub/repositories.toml) and which converter reads it (files/converters.py, hub/converters.py; examples.py for
what both give alike); rows.py shapes it; checks.py holds it against what is published; real.py does this for
a whole split.
The generated world needs none of it: miniature/catalogue.py draws what happens, its grammars tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from ..common.errors import UserError, nearest
from ..common.strict import build

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast

    from .real import RealSource

Split = Literal["train", "dev", "test"]


class Need(NamedTuple):
    """One split of one task in one language."""

    task: str
    split: Split
    language: str


class Source(Protocol):
    """What every source offers; rows.py says which columns each format has."""

    kind: str

    def load(self, task: str, split: Split, language: str = "en", limit: int | None = None) -> Dataset:
        """The checked examples of one split in one language; `limit` of them, spread over the split."""

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages in which this source can evaluate `task`."""

    def labels(self, task: str) -> tuple[str, ...]:
        """Label names in the order of the head's outputs."""

    def identify(self, name: str, split: str, language: str) -> str:
        """What identifies the rows exactly: a seed and settings, checksums of files, a commit."""

    def check(self, tasks: Iterable[str]) -> None:
        """UserError where something that `tasks` need is absent; cheap enough to run before anything else."""

    def tokenizer(self) -> PreTrainedTokenizerFast | None:
        """The tokenizer to pretrain with on this source's text; None where an encoder brings its own."""


# kind -> (module, settings, source). A module is imported when a source of its kind is opened: `--help`
# stays quick.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "miniature": ("miniature", "MiniatureSettings", "MiniatureSource"),
    "files": ("files", "FilesSettings", "FilesSource"),
    "hub": ("hub", "HubSettings", "HubSource"),
}


def absent(source: Source, needs: Iterable[Need]) -> Iterator[tuple[Need, str]]:
    """Those of `needs` that `source` does not hold, each with a sentence that says what is missing.

    Files are looked for, not read; a generated world holds whatever a check let through.
    """
    return _refused(source, needs, lambda real, need: real.require(*need))


def unlabelled(source: Source, needs: Iterable[Need], limit: int | None = None) -> Iterator[tuple[Need, str]]:
    """Those of `needs` with rows that have no label, each with a sentence that says what would mend it.

    Everything is loaded; of what is evaluated on, `limit` rows. What a generated world holds has labels.
    """
    return _refused(source, needs, lambda real, need: real.require_labels(*need, limit=limit))


def _refused(
    source: Source, needs: Iterable[Need], require: Callable[[RealSource, Need], None]
) -> Iterator[tuple[Need, str]]:
    from .real import RealSource

    for need in needs if isinstance(source, RealSource) else ():
        try:
            require(source, need)
        except UserError as error:
            yield need, str(error)


def open_source(settings: Mapping[str, Any]) -> Source:
    """The source that `settings["kind"]` names, with the other keys as its settings; UserError if unknown.

    Whatever its kind, it also holds the tasks that come with a package (names.py).
    """
    kind = settings.get("kind")
    if kind not in KINDS:
        raise UserError(f"source: there is no kind {kind!r}: {nearest(str(kind), KINDS)}")
    module_name, settings_name, source_name = KINDS[kind]
    module, names = (import_module(f"{__name__}.{name}") for name in (module_name, "names"))
    own = {key: value for key, value in settings.items() if key != "kind"}
    stated = build(getattr(module, settings_name), own, f"source: kind {kind}")
    return names.beside(getattr(module, source_name))(stated)  # type: ignore[no-any-return]
