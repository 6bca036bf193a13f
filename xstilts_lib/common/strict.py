"""Mappings from a YAML file to frozen dataclasses, refusing what the dataclass does not know.

>>> @dataclasses.dataclass(frozen=True)
... class Point:
...     x: Annotated[float, Between(0, 10)]
...     label: str | None = None
>>> build(Point, {"x": 1}, "map.yaml: point")
Point(x=1.0, label=None)
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from .errors import UserError, nearest

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Between:
    """The least and the most that a number may be, as its type states it."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"of at least {self.low:,}"
        return f"between {self.low:,} and {self.high:,}"


Count = Annotated[int, Between(1)]
Share = Annotated[float, Between(0, 1)]


def build(cls: type[T], mapping: Any, where: str, given: Mapping[str, Any] | None = None) -> T:
    """An instance of dataclass `cls` from `mapping`, with `given` for the fields that no file states.

    Unknown keys, missing keys and values of a wrong type are UserErrors that begin with `where`; so are those
    that the class's own `__post_init__` raises.
    """
    given = given or {}
    if not isinstance(mapping, Mapping):
        raise UserError(f"{where}: expected a mapping from names to values, found {_shown(mapping)}.")
    hints = _hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init and f.name not in given}  # type: ignore[arg-type]
    for key in mapping:
        if key not in fields:
            raise UserError(f"{where}: unknown key {key!r}: {nearest(str(key), fields)}")
    for name, f in fields.items():
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and name not in mapping:
            raise UserError(f"{where}: the key {name!r} is missing.")
    values = {key: convert(hints[key], value, _inside(where, key)) for key, value in mapping.items()}
    with at(where):
        return cls(**given, **values)


@contextmanager
def at(where: str) -> Iterator[None]:
    """Have a UserError, inside, begin with `where`, unless it names the same file already."""
    try:
        yield
    except UserError as error:
        named = str(error).startswith(where.partition(": ")[0])
        raise UserError(str(error) if named else f"{where}: {error}") from None


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def check(made: Any, what: str) -> None:
    """The same for a frozen dataclass that was made in Python: every field as its type has it, or a UserError
    that begins with `what` and the field's name."""
    for name, hint in _hints(type(made)).items():
        object.__setattr__(made, name, convert(hint, getattr(made, name), f"{what} {name}"))


def convert(hint: Any, value: Any, where: str) -> Any:
    """`value` as the type `hint`, or a UserError that begins with `where`.

    YAML's own traps are met here: 2e-3 without a dot is text to it, an unquoted `no` or `on` a truth value.
    A class with `of_text` is read from a text by that.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind, limits = args
        number = convert(kind, value, where)
        if not limits.low <= number <= limits.high:
            raise UserError(f"{where}: expected {_WORDS[kind]} {limits}, found {_shown(value)}.")
        return number
    if origin in (Union, types.UnionType):
        return _union(args, value, where)
    if origin is Literal:
        if value not in args:
            raise UserError(f"{where}: {_shown(value)} is not valid: {nearest(str(value), map(str, args))}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise UserError(f"{where}: expected a list, found {_shown(value)}.")
        return tuple(convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise UserError(f"{where}: expected a mapping from names to values, found {_shown(value)}.")
        return {convert(args[0], k, where): convert(args[1], v, _inside(where, k)) for k, v in value.items()}
    if hasattr(hint, "of_text") and not isinstance(value, hint):
        with at(where):
            return hint.of_text(value)
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, hint) else build(hint, value, where)  # type: ignore[arg-type]
    return _scalar(hint, value, where)


def _union(args: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in args:
        return None
    *options, last = (arg for arg in args if arg is not type(None))
    for option in options:
        with suppress(UserError):
            return convert(option, value, where)
    return convert(last, value, where)


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Path: "a path"}


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint in (Any, object):
        return value
    if isinstance(value, bool) and hint is not bool:
        hint_text = "; put quotes around it" if hint is str else ""
        raise UserError(f"{where}: expected {_WORDS.get(hint, hint)}, found {_shown(value)}{hint_text}.")
    if isinstance(value, hint):
        return value
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint in (int, float) and isinstance(value, int | float | str):
        with suppress(ValueError):
            number = float(value)
            if hint is float or number.is_integer():
                return hint(number)
    raise UserError(f"{where}: expected {_WORDS.get(hint, hint.__name__)}, found {_shown(value)}.")


def _inside(where: str, key: Any) -> str:
    """`key` within `where`: `x.yaml: model`, then `x.yaml: model.name`."""
    return f"{where}.{key}" if ": " in where else f"{where}: {key}"


def _shown(value: Any) -> str:
    """`value` as the person who typed it would recognise it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error; PyYAML keeps the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                raise UserError(f"line {node.start_mark.line + 1}: the key {key!r} stands twice.")
        return super().construct_mapping(node, deep=True)


def parse_yaml(text: str) -> Any:
    """`text` as YAML, as `read_yaml` reads it."""
    return yaml.load(text, Loader=_Loader)


def read_yaml(file: Path, where: str) -> dict[str, Any]:
    """The mapping in `file`; a UserError that begins with `where` if it is no YAML or no mapping."""
    try:
        content = parse_yaml(file.read_text(encoding="utf-8"))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise UserError(f"{where}:{line} not valid YAML: {problem}.") from None
    if not isinstance(content, dict):
        raise UserError(f"{where}: expected keys and values, and this file holds none.")
    return content
