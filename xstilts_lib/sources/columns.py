"""The columns of each format, the same whatever the source.

>>> dataset("tags", [{"id": "0", "words": ["It", "rains"], "tags": ["PRON", "VERB"]}]).column_names
['id', 'words', 'tags']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..tasks import FormatName

if TYPE_CHECKING:
    from datasets import Dataset, Features

# str, int, or a list of str; answers of the span format are two lists, with offsets in code points of the
# context.
COLUMNS: Mapping[FormatName, Mapping[str, str]] = {
    "pair": {"id": "str", "first": "str", "second": "str", "label": "int"},
    "choice": {"id": "str", "prompt": "str", "choices": "list", "label": "int"},
    "tags": {"id": "str", "words": "list", "tags": "list"},
    "span": {"id": "str", "context": "str", "question": "str", "answers": "answers"},
    "bitext": {"id": "str", "side": "str", "sentence": "str", "mate": "str"},
    "ranking": {"id": "str", "side": "str", "text": "str", "context": "str", "mate": "str"},
    "text": {"id": "str", "language": "str", "text": "str", "pair": "str"},
}

# Of them, what says which answer is right.
GOLD: Mapping[FormatName, tuple[str, ...]] = {
    "pair": ("label",),
    "choice": ("label",),
    "tags": ("tags",),
    "span": ("answers",),
    "bitext": ("side", "mate"),
    "ranking": ("side", "mate"),
    "text": (),
}
# And those without whose text there is nothing to read.
ABOUT: Mapping[FormatName, tuple[str, ...]] = {
    "pair": ("first", "second"),
    "choice": ("prompt", "choices"),
    "tags": ("words",),
    "span": ("context", "question"),
    "bitext": ("sentence",),
    "ranking": ("text",),
    "text": ("text",),
}


def features(format: FormatName) -> Features:
    """The explicit types of `format`'s columns."""
    from datasets import Features, List, Value

    kinds: dict[str, Any] = {
        "str": Value("string"),
        "int": Value("int64"),
        "list": List(Value("string")),
        "answers": {"text": List(Value("string")), "start": List(Value("int64"))},
    }
    return Features({name: kinds[kind] for name, kind in COLUMNS[format].items()})


def dataset(format: FormatName, rows: Sequence[Mapping[str, Any]]) -> Dataset:
    """`rows` as a datasets.Dataset held in memory, with exactly the columns of `format`."""
    from datasets import Dataset

    return Dataset.from_dict(
        {name: [row[name] for row in rows] for name in COLUMNS[format]}, features=features(format)
    )
