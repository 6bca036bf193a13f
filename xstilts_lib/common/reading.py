"""From a file to text, lines or JSON; what is wrong becomes one sentence that names file and line.

Both kinds of line ends are read. Nothing else ends a line: the other separators of Unicode occur inside
sentences.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from .errors import UserError

_GIT_LFS = "version https://git-lfs"


def at(path: Path, line: int | str) -> str:
    """`path` and a place in it, as error messages begin: "de.tsv, line 12"."""
    return f"{path}, line {line}" if isinstance(line, int) else f"{path}, {line}"


def _read_bytes(path: Path, empty: bool = False) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    if not raw.strip() and not empty:
        raise UserError(f"{path} is empty: fetch it again.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4096]:
        raise UserError(f"{path} is not UTF-8 text (UTF-16, or a binary file): save it as UTF-8.")
    return raw


def read_text(path: Path, empty: bool = False) -> str:
    """The whole of a UTF-8 file with LF line ends, without a byte order mark; UserError for anything else,
    and for an empty file, unless `empty`."""
    raw = _read_bytes(path, empty)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte, line = error.object[error.start], raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{at(path, line)}: the byte 0x{byte:02x} is not UTF-8: the file mixes encodings or is damaged; "
            "save it as UTF-8 or fetch it again."
        ) from None
    return _refuse_impostors(path, text).replace("\r\n", "\n")


def read_damaged_text(path: Path) -> tuple[str, int]:
    """As read_text, where a publisher cut characters apart: (text with U+FFFD there, lines concerned)."""
    lines = _read_bytes(path).removeprefix(codecs.BOM_UTF8).split(b"\n")
    texts = [line.decode("utf-8", "replace") for line in lines]
    damaged = sum(text.encode() != line for text, line in zip(texts, lines, strict=True))
    return _refuse_impostors(path, "\n".join(texts)).replace("\r\n", "\n"), damaged


def _refuse_impostors(path: Path, text: str) -> str:
    start = text[:200].lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        raise UserError(f"{path} is an HTML page, no data: the download ended on an error; fetch it again.")
    if start.startswith(_GIT_LFS):
        raise UserError(f"{path} is a Git LFS pointer, not data: run `git lfs pull` where it came from.")
    return text


def read_lines(path: Path, empty: bool = False) -> list[str]:
    """The lines of a text file, without their ends and without the empty piece after the last."""
    lines = read_text(path, empty).split("\n")
    return lines if lines[-1] else lines[:-1]


def read_json(path: Path, finite: bool = False) -> Any:
    """A JSON file; UserError with the line where it stops being JSON."""
    return parse_json(path, read_text(path), finite=finite)


def parse_json(path: Path, text: str, line: int = 0, last: bool = True, finite: bool = False) -> Any:
    """`text`, the whole of `path` or its line `line`, which may be the `last`, as JSON; UserError if `finite`
    for NaN and infinities, which Python's reader takes for numbers."""

    def refused(number: str) -> NoReturn:
        where = at(path, line) if line else path
        raise UserError(f"{where} holds {number}, which is no number: predict again what came out so.")

    def number(text: str) -> float:
        return value if math.isfinite(value := float(text)) else refused(text)

    strict: dict[str, Any] = {"parse_constant": refused, "parse_float": number} if finite else {}
    try:
        return json.loads(text, **strict)
    except json.JSONDecodeError as error:
        place = at(path, max(line, 1) + error.lineno - 1)
        if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
            cause = (
                "the file was cut short; fetch it again"
                if last
                else "lines follow, so its end is missing or stands on another line; put each object on one"
            )
            raise UserError(f"{place}: the JSON ends too early: {cause}.") from None
        raise UserError(f"{place}, column {error.colno}: this is not JSON ({error.msg}).") from None


def read_json_lines(path: Path, finite: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON lines file."""
    lines = read_text(path).rstrip().split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            item = parse_json(path, line, number, number == len(lines), finite)
            if not isinstance(item, dict):
                raise UserError(f"{at(path, number)}: a JSON object was expected, not {line[:40]!r}.")
            yield number, item
