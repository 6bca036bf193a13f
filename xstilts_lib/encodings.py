"""Encoded examples on disk, by content: what was encoded once is read the next time.

An entry's name is a hash of all that decides its features: the columns that the format reads, the tokenizer,
the labels, the length, and the format's version. So no unrelated change encodes anything again, and nothing
stale is ever read. Small sets are not kept: encoding them takes no longer than looking them up.

>>> features = encodings.encode(FORMATS["pair"], rows, tokenizer, labels, max_length=256)
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from . import places
from .formats import Feature, Format, Segmenter
from .formats.base import Rows
from .formats.ragged import Ragged

if TYPE_CHECKING:
    import pyarrow
    from transformers import PreTrainedTokenizerFast

# Bytes of a data set below which nothing is kept. So much is encoded in about half a second on one core, and
# read again in a tenth of that; hashing and writing it costs less than one encoding differs from the next.
LEAST = 2 * 2**20
MOST = 20 * 2**30  # bytes of all entries together; beyond, those go that were not read for longest
_FOLDER = "encodings"
_tokenizers: WeakKeyDictionary[Any, tuple[Any, str]] = WeakKeyDictionary()


def encode(
    form: Format,
    rows: Rows,
    tokenizer: PreTrainedTokenizerFast,
    labels: Sequence[str],
    max_length: int,
    keep: bool | None = None,
) -> list[Feature]:
    """`form.encode` of the same arguments, bit by bit, from runs/encodings where it was kept there.

    `keep` says whether it is worth keeping; None asks `worthwhile`. An entry that is damaged is made again.
    """
    if not (worthwhile(form, rows) if keep is None else keep):
        return form.encode(rows, tokenizer, labels, max_length)
    file = _folder() / f"{_key(form, rows, tokenizer, labels, max_length)}.safetensors"
    features = _read(file, form, tokenizer)
    if features is None:
        features = form.encode(rows, tokenizer, labels, max_length)
        if features:
            _write(file, form, features)
    return features


def worthwhile(form: Format, rows: Rows) -> bool:
    """Whether encoding `rows` takes long enough for its result to be kept: judged by their size."""
    if not form.reads:
        return False
    if isinstance(rows, Mapping):
        # The characters of text, a byte or more each, nested or not.
        return sum(len(str(value)) for name in form.reads for value in rows[name]) >= LEAST
    table = rows.data.select(list(form.reads))
    return bool(table.nbytes * len(rows) >= LEAST * max(1, table.num_rows))


def _folder() -> Path:
    return places.runs() / _FOLDER


def _key(
    form: Format,
    rows: Rows,
    tokenizer: PreTrainedTokenizerFast,
    labels: Sequence[str],
    max_length: int,
) -> str:
    """64 hexadecimal digits that change with anything on which the features depend."""
    import tokenizers

    parts = [
        [form.name, form.version, list(labels), max_length],
        [tokenizers.__version__, _tokenizer(tokenizer)],
        _content(_table(form, rows)),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _table(form: Format, rows: Rows) -> pyarrow.Table:
    """The columns that the format reads, as Arrow holds them."""
    import pyarrow

    if isinstance(rows, Mapping):
        return pyarrow.table({name: list(rows[name]) for name in form.reads})
    return rows.select_columns(list(form.reads)).with_format("arrow")[:].select(list(form.reads))


def _content(table: pyarrow.Table) -> str:
    """A hash of the cells, however they are cut into chunks."""
    import pyarrow

    total = hashlib.sha256()

    class Sink:
        closed = False

        def write(self, data: Any) -> int:
            total.update(data)
            return len(data)

        def flush(self) -> None:
            pass

    whole = table.replace_schema_metadata(None).combine_chunks()
    with pyarrow.ipc.new_stream(Sink(), whole.schema) as stream:
        stream.write_table(whole)
    return total.hexdigest()


def _tokenizer(tokenizer: PreTrainedTokenizerFast) -> str:
    """A hash of a tokenizer as it is serialised, and of the vocabulary that it is trimmed to.

    Writing down 250,000 pieces takes as long as encoding thousands of rows, so it is done once a tokenizer;
    and again after tokens were added to it.
    """
    state = (len(tokenizer), tuple(tokenizer.all_special_ids))
    known = _tokenizers.get(tokenizer)
    if known is None or known[0] != state:
        Segmenter(tokenizer)  # switches off truncation and padding, which are serialised too
        named = [getattr(tokenizer, f"{name}_token_id", None) for name in ("pad", "unk", "mask")]
        written = json.dumps([type(tokenizer).__name__, tokenizer.backend_tokenizer.to_str(), state, named])
        known = _tokenizers[tokenizer] = (state, hashlib.sha256(written.encode()).hexdigest())
    trimmed = getattr(tokenizer, "trimmed", None)
    return known[1] if trimmed is None else known[1] + hashlib.sha256(trimmed.tobytes()).hexdigest()


def _write(file: Path, form: Format, features: Sequence[Feature]) -> None:
    """Keep features, whole or not at all. A disk without room for them is no error: it is only slower."""
    from safetensors.numpy import save_file

    arrays = _packed(form, features)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _make_room(file.parent, sum(array.nbytes for array in arrays.values()))
        save_file(arrays, part, metadata={"sha256": _checksum(file, arrays)})
        os.replace(part, file)
    except Exception as error:  # safetensors wraps the system's error in its own
        if not isinstance(error, OSError) and type(error).__name__ != "SafetensorError":
            raise
    finally:
        _remove(part)


def _make_room(folder: Path, more: int) -> None:
    entries = sorted((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in _entries(folder))
    total = sum(size for _, size, _ in entries) + more
    for _, size, entry in entries:
        if total <= MOST:
            return
        _remove(entry)
        total -= size


def _entries(folder: Path) -> Iterable[Path]:
    return folder.glob("*.safetensors")


def _read(file: Path, form: Format, tokenizer: PreTrainedTokenizerFast) -> list[Feature] | None:
    """The features in `file`; None where it is absent, or damaged, in which case it is removed."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as opened:
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            stated = opened.metadata()
        if stated != {"sha256": _checksum(file, arrays)}:
            raise ValueError("this is not what was written there")
        features = _unpacked(form, arrays, tokenizer)
        os.utime(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, SafetensorError):
        _remove(file)
        return None
    return features


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()


def _checksum(file: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Of an entry's name and content."""
    total = hashlib.sha256(file.name.encode())
    for name in sorted(arrays):
        total.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        total.update(np.ascontiguousarray(arrays[name]).data)
    return total.hexdigest()


def _packed(form: Format, features: Sequence[Feature]) -> dict[str, np.ndarray]:
    """The fields of all features as a few arrays."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(form.feature):
        values = [getattr(feature, field.name) for feature in features]
        first = values[0] if values else None
        if isinstance(first, Segmenter) or first is None:
            continue  # made anew, or filled in by a later draw
        if isinstance(first, list):
            arrays[f"{field.name}.number"] = np.array([len(value) for value in values])
            arrays |= _packed_arrays(field.name, [array for value in values for array in value])
        elif isinstance(first, np.ndarray):
            arrays |= _packed_arrays(field.name, values)
        elif isinstance(first, slice):
            arrays[f"{field.name}.slice"] = np.array([(value.start, value.stop) for value in values])
        else:
            arrays[field.name] = np.array(values)
    return arrays


def _packed_arrays(name: str, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays one after another; those that are one and the same place in memory (the offsets of a context
    that many questions share) once."""
    place: dict[tuple[int, int], int] = {}
    distinct: list[np.ndarray] = []
    which = np.empty(len(values), dtype=np.int64)
    for index, value in enumerate(values):
        own = (value.__array_interface__["data"][0], len(value))
        if own not in place:
            place[own] = len(distinct)
            distinct.append(value)
        which[index] = place[own]
    return {
        f"{name}.flat": np.concatenate(distinct),
        f"{name}.lengths": np.array([len(value) for value in distinct]),
        f"{name}.which": which,
    }


def _unpacked(
    form: Format, arrays: Mapping[str, np.ndarray], tokenizer: PreTrainedTokenizerFast
) -> list[Feature]:
    columns: dict[str, Sequence[Any]] = {}
    number = len(arrays["row"])
    for field in fields(form.feature):
        name = field.name
        if f"{name}.flat" in arrays:
            columns[name] = _unpacked_arrays(name, arrays)
        if f"{name}.number" in arrays:
            sequences = iter(columns[name])
            columns[name] = [
                [next(sequences) for _ in range(count)] for count in arrays[f"{name}.number"].tolist()
            ]
        elif f"{name}.slice" in arrays:
            columns[name] = [slice(start, stop) for start, stop in arrays[f"{name}.slice"].tolist()]
        elif name in arrays:
            columns[name] = arrays[name].tolist()
        elif name == "segmenter":
            columns[name] = [Segmenter(tokenizer)] * number
    names = list(columns)
    return [
        form.feature(**dict(zip(names, values, strict=True)))
        for values in zip(*columns.values(), strict=True)
    ]


def _unpacked_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    lengths = arrays[f"{name}.lengths"]
    starts = np.cumsum(lengths) - lengths
    return Ragged(arrays[f"{name}.flat"], starts, lengths).take(arrays[f"{name}.which"]).views()
