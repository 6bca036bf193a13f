"""From a file to text, lines, fields or JSON; what is wrong becomes one sentence that names file and line.

Both kinds of line ends are read. Nothing else ends a line: the other separators of Unicode occur inside
sentences.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...common.errors import UserError
from ..examples import Converter

_GIT_LFS = "version https://git-lfs"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')  # a field as CSV encloses it


def at(path: Path, line: int | str) -> str:
    """`path` and a place in it, as error messages begin: "de.tsv, line 12"."""
    return f"{path}, line {line}" if isinstance(line, int) else f"{path}, {line}"


def _read_bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    if not raw.strip():
        raise UserError(f"{path} is empty: fetch it again.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4096]:
        raise UserError(f"{path} is not UTF-8 text (UTF-16, or a binary file): save it as UTF-8.")
    return raw


def read_text(path: Path) -> str:
    """The whole of a UTF-8 file with LF line ends, without a byte order mark; UserError for anything else."""
    raw = _read_bytes(path)
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
        raise UserError(
            f"{path} is an HTML page, not data: the download ended on an error page; fetch it again."
        )
    if start.startswith(_GIT_LFS):
        raise UserError(f"{path} is a Git LFS pointer, not data: run `git lfs pull` where it came from.")
    return text


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends and without the empty piece after the last."""
    lines = read_text(path).split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def read_json(path: Path) -> Any:
    """A JSON file; UserError with the line where it stops being JSON."""
    return parse_json(path, read_text(path))


def parse_json(path: Path, text: str, line: int = 1, last: bool = True) -> Any:
    """`text`, which begins at `line` of `path` and, if `last`, ends with the file, as JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = at(path, line + error.lineno - 1)
        if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
            cause = (
                "the file was cut short; fetch it again"
                if last
                else "lines follow, so its end is missing or stands on another line; put each object on one"
            )
            raise UserError(f"{place}: the JSON ends too early: {cause}.") from None
        raise UserError(f"{place}, column {error.colno}: this is not JSON ({error.msg}).") from None


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON lines file."""
    lines = read_text(path).rstrip().split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            item = parse_json(path, line, number, last=number == len(lines))
            if not isinstance(item, dict):
                raise UserError(f"{at(path, number)}: a JSON object was expected, not {line[:40]!r}.")
            yield number, item


def split_fields(path: Path, lines: list[str], columns: int) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of `lines`, each of so many tab-separated fields in which quotes mean nothing."""
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        if len(fields) != columns:
            raise _wrong_width(path, number, len(fields), columns)
        yield number, fields


def read_csv(path: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """(line number of its end, fields) of a CSV file: quotes enclose fields and are doubled inside them."""
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    end = 0
    try:
        for fields in reader:
            end = reader.line_num
            yield end, fields
    except csv.Error as error:
        cause = f"{error}: a quotation mark inside a quoted field must be doubled"
        if "unexpected end" in str(error):
            cause = (
                "a quoted field of this row has no closing quotation mark: the file was cut short, or the "
                "mark belongs to the text and must be doubled, its field enclosed in marks"
            )
        raise UserError(f"{at(path, end + 1)}: this is not CSV ({cause}).") from None


def read_sentences(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of tab-separated sentences, whether quoted as CSV or plain.

    Plain is a file of lines of one width in which a quotation mark opens a field as no CSV writer has it:
    not closed at the field's end, or around a field that has no need of it while others go without.
    """
    rows = [line.split("\t") for line in read_lines(path)]
    fields = [field for row in rows for field in row]
    opened = [field for field in fields if field.startswith('"')]
    doubled = any(_QUOTED.fullmatch(field) and '"' in field[1:-1] for field in opened)
    every = all(_QUOTED.fullmatch(field) for field in fields if not field.isdigit())
    if not opened or not (doubled or every or len({len(row) for row in rows}) > 1):
        yield from enumerate(rows, start=1)
    else:
        yield from read_csv(path, delimiter="\t")


def read_table(
    path: Path, columns: tuple[str, ...], delimiter: str = ",", quotes: bool = True
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row by column name) of a file whose header names `columns`, and may name others."""
    rows: Iterator[tuple[int, list[str]]] = (
        read_csv(path, delimiter)
        if quotes
        else enumerate((line.split(delimiter) for line in read_lines(path)), start=1)
    )
    first, header = next(rows)
    for name in columns:
        if name not in header:
            raise UserError(f"{at(path, first)}: the header lacks {name!r}; it has {', '.join(header)}.")
    for number, fields in rows:
        if len(fields) != len(header):
            raise _wrong_width(path, number, len(fields), len(header))
        yield number, dict(zip(header, fields, strict=True))


def _wrong_width(path: Path, line: int, found: int, expected: int) -> UserError:
    return UserError(f"{at(path, line)}: {expected} tab-separated columns were expected, {found} found.")


def objects(convert: Converter) -> Converter:
    """The reader of a file of JSON lines, an object an example."""
    return lambda given: convert(replace(given, items=read_json_lines(given.path)))


def table(convert: Converter, *columns: str) -> Converter:
    """The reader of a quoted CSV file whose header names `columns`."""
    return lambda given: convert(replace(given, items=read_table(given.path, columns)))
