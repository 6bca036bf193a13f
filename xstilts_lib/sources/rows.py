"""The columns of each format, the same whatever the source; and rows of them from a publisher's fields.

>>> dataset("tags", [{"id": "0", "words": ["It", "rains"], "tags": ["PRON", "VERB"]}]).column_names
['id', 'words', 'tags']
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..common.errors import UserError
from ..tasks import FormatName

if TYPE_CHECKING:
    from datasets import Dataset, Features

T = TypeVar("T")
Row = dict[str, Any]

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

    columns = {name: [row[name] for row in rows] for name in COLUMNS[format]}
    return Dataset.from_dict(columns, features=features(format))


# From a publisher's fields to a row; labels as names.

_KINDS = {str: "text", int: "number", float: "number", bool: "truth value", list: "list", dict: "object"}
_KINDS |= {object: "value"}  # of whatever type


def member(where: str, item: Any, key: str, kind: type[T]) -> T:
    """`item[key]`, of the type `kind`; UserError that begins with `where` if it is not there or not that."""
    wanted = "whole number" if kind is int else _KINDS[kind]
    if not isinstance(item, dict):
        raise UserError(f"{where}: an object with the {wanted} {key!r} belongs here, not {shown(item)}.")
    if key not in item:
        raise UserError(f"{where}: the {_KINDS[kind]} {key!r} is missing.")
    value = item[key]
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise UserError(f"{where}: {key!r} is {shown(value)}, where a {wanted} belongs.")
    return value


def optional(where: str, item: Any, key: str, kind: type[T], default: T) -> T:
    """As `member`, or `default` where there is no such key, or null."""
    absent = isinstance(item, dict) and item.get(key) is None
    return default if absent else member(where, item, key, kind)


def shown(value: Any) -> str:
    """`value` as an error message names it: JSON's spelling, and its type."""
    kind = _KINDS.get(type(value), "")
    return f"the {kind} {json.dumps(value, ensure_ascii=False)[:40]}" if kind else "null"


def kept(value: Any) -> bool:
    """Whether this stands where the publisher keeps a label: nothing, -1, or not a number."""
    blank = isinstance(value, str) and value.strip() in ("", "-1")
    return value is None or value != value or value == -1 or blank


def index(where: str, value: Any, count: int, first: int = 0) -> int | None:
    """A label that counts `count` classes from `first`, from 0; None where the publisher keeps it.

    A whole number passes as text and as a float, as tables have it; UserError for anything else.
    """
    if kept(value):
        return None
    number = str(value).strip()
    number = number.removesuffix(".0") if isinstance(value, float) else number
    if isinstance(value, bool) or number not in map(str, range(first, first + count)):
        last = first + count - 1
        raise UserError(f"{where}: unknown label {value!r}: it must be a number from {first} to {last}.")
    return int(number) - first


def class_name(where: str, value: Any, names: Sequence[str] | None) -> str | None:
    """The name of a class label, a number among `names` or itself the name; None where it is kept."""
    if kept(value):
        return None
    if names is None or isinstance(value, str):
        return str(int(value) if isinstance(value, float) and value.is_integer() else value)
    number = index(where, value, len(names))
    return None if number is None else names[number]


def pair(identifier: str, first: str | None, second: str | None, label: str | None) -> Row:
    """A row of the pair format; `label` is a name, or None or empty where the publisher keeps it."""
    return {
        "id": identifier,
        "first": (first or "").strip(),
        "second": (second or "").strip(),
        "label": None if kept(label) else label,
    }


def choice(
    identifier: str, prompt: Sequence[str | None], choices: Sequence[str | None], label: int | None
) -> Row:
    """A row of the choice format; `label` is the index of the right choice, or None where it is kept.

    The prompt is given in its parts, such as context and question, none of which should be blank.
    """
    about = [part or "" for part in prompt]
    return {
        "id": identifier,
        "prompt": " ".join(about).strip(),
        "choices": ["" if choice is None else choice for choice in choices],
        "label": label,
        "about": about,
    }


def hellaswag(
    identifier: str,
    start: str | None,
    unfinished: str | None,
    endings: Sequence[str | None],
    label: int | None,
) -> Row:
    """The prompt is the finished part of the context; each choice goes on from the unfinished one."""
    texts = ["" if ending is None else ending for ending in endings]
    choices = [f"{unfinished or ''} {text}".strip() if isinstance(text, str) else text for text in texts]
    row = choice(identifier, [start], choices, label)
    return {**row, "about": [*row["about"], *texts]}


def asking(premise: str, asked: str) -> str:
    """COPA's prompt: the premise, and the question for a cause or an effect."""
    return f"{premise} What was the {asked}?".strip()


def letter(where: str, answer: object, letters: str) -> int | None:
    """The index of an answer that is given as a letter; None where the publisher keeps it."""
    if answer is None or answer == "":
        return None
    if not isinstance(answer, str) or len(answer) != 1 or answer not in letters:
        raise UserError(f"{where}: unknown label {answer!r}: it must be one of {', '.join(letters)}.")
    return letters.index(answer)


def span(
    where: str,
    identifier: str,
    context: str | None,
    question: str | None,
    texts: Sequence[str | None],
    starts: Sequence[int],
    impossible: bool = False,
) -> Row:
    """A row of the span format; a blank answer stands where the publisher took the answers out.

    `impossible`: the publisher says that there is none.
    """
    given = [text for text in texts if text and text.strip()]
    if len(texts) != len(starts) and given:
        raise UserError(f"{where}: {len(texts)} answers have {len(starts)} places.")
    places = [start for text, start in zip(texts, starts, strict=bool(given)) if text and text.strip()]
    return {
        "id": identifier,
        "context": context or "",
        "question": question or "",
        "answers": {"text": given, "start": places},
        "impossible": impossible,
    }


def tags(
    where: str,
    identifier: str,
    words: Sequence[str],
    tags: Sequence[Any] | None,
    names: Sequence[str] | None = None,
) -> Row:
    """A row of the tags format, `tags` as `class_name` takes them; "" where the publisher keeps a tag."""
    found = [class_name(where, tag, names) or "" for tag in tags] if tags else [""] * len(words)
    return {"id": identifier, "words": [word or "" for word in words], "tags": found}


def bitext(identifier: str, side: str, sentence: str | None, mate: str) -> Row:
    """A row of the bitext format; `side` is "source" (the language) or "target" (English)."""
    return {"id": identifier, "side": side, "sentence": (sentence or "").strip(), "mate": mate}


def ranking(identifier: str, side: str, text: str, context: str, mate: str) -> Row:
    """A row of the ranking format: side "query" or "candidate"; the mate of a query is its candidate."""
    return {"id": identifier, "side": side, "text": text, "context": context, "mate": mate}
