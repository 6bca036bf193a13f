"""From a file to fields: tab-separated or CSV, plain or quoted, with a header or without."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...common.errors import UserError
from ...common.reading import at, read_json_lines, read_lines, read_text
from ..examples import Converter

_QUOTED = re.compile(r'"(?:[^"]|"")*"')  # a field as CSV encloses it


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


def table(convert: Converter, *columns: str, delimiter: str = ",", quotes: bool = True) -> Converter:
    """The reader of a table whose header names `columns`, quoted as CSV if `quotes`."""
    read = partial(read_table, columns=columns, delimiter=delimiter, quotes=quotes)
    return lambda given: convert(replace(given, items=read(given.path)))
