"""A fast tokenizer as a reader of plain text: SentencePiece's own pieces, and no special token in a text.

The tokenizers library reads a SentencePiece model otherwise than SentencePiece does. Its normaliser takes the
shortest match at the start of a cluster of characters and drops the rest, so that a letter with two accents
loses one (Vietnamese, Yoruba in decomposed spelling). And a special token written out in a text becomes that
token: a `</s>` would end the sequence. So the pieces of a SentencePiece model are read by SentencePiece, as
XLM-R's were in training, and those of any other by a copy of the tokenizer that knows no special token.

>>> ids, offsets = reader(tokenizer).ids_and_offsets(["Tiếng Việt"])
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence, Set
from itertools import chain
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..common.errors import UserError

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

_SPACES = np.array([chr(code).isspace() for code in range(0x3001)])  # the ideographic space is the last
_SURROGATE = re.compile("[\ud800-\udfff]")
_readers: WeakKeyDictionary[Any, tuple[Any, Reader]] = WeakKeyDictionary()


def reader(tokenizer: PreTrainedTokenizerFast) -> Reader:
    """The reader for a tokenizer, made once (a vocabulary of 250,000 takes two seconds), and again after
    tokens were added to it. UserError where it is no fast tokenizer."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise UserError(f"{type(tokenizer).__name__} is no fast tokenizer: convert it to a tokenizer.json.")
    # An earlier call of the tokenizer may have left truncation or padding switched on.
    backend.no_truncation()
    backend.no_padding()
    state = (len(tokenizer), tuple(tokenizer.all_special_ids))
    known = _readers.get(tokenizer)
    if known is None or known[0] != state:
        known = _readers[tokenizer] = (state, _made(backend, type(tokenizer).__name__))
    return known[1]


class Reader:
    """What reads a chunk of texts. UserError for a text with half a character (a lone surrogate)."""

    def __init__(self, backend: Tokenizer) -> None:
        self._backend = backend

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without special tokens."""
        found = self._backend.encode_batch_fast(_whole(texts), add_special_tokens=False)
        return [one.ids for one in found]

    def ids_and_offsets(self, texts: Sequence[str]) -> tuple[list[list[int]], np.ndarray]:
        """The ids of each text; and of all pieces one after another, (pieces, 2), int32, the code points of
        its own text that each covers: without the white space at its ends, but see `_widened`."""
        found = self._backend.encode_batch(_whole(texts), add_special_tokens=False)
        pairs = chain.from_iterable(chain.from_iterable(one.offsets for one in found))
        lengths = np.array([len(one) for one in found], dtype=np.int64)
        offsets = np.fromiter(pairs, np.int64, 2 * int(lengths.sum())).reshape(-1, 2)
        return [one.ids for one in found], _trimmed(texts, offsets, lengths)


class SentencePieceReader(Reader):
    """The same by a SentencePiece model, which counts its pieces as the tokenizer does."""

    def __init__(self, model: SentencePieceProcessor, prefix: bool) -> None:
        self._model = model
        self._prefix = prefix

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        return self._model.encode(_whole(texts), out_type=int)

    def ids_and_offsets(self, texts: Sequence[str]) -> tuple[list[list[int]], np.ndarray]:
        ids, pieces = self.ids(texts), self._model.encode(list(texts), out_type=str)
        lengths = np.array([len(one) for one in ids], dtype=np.int64)
        offsets = np.empty((int(lengths.sum()), 2), dtype=np.int64)
        for text, spelt, first in zip(texts, pieces, before(lengths).tolist(), strict=True):
            if spelt:
                # Pieces follow each other in the normalised text, whose first character is no text's.
                borders = np.cumsum([0, *map(len, spelt)]) - self._prefix
                origins = np.array(self._model.normalize(text, with_offsets=True)[1][self._prefix :])
                offsets[first : first + len(spelt)] = _traced(borders.clip(0), origins)
        dropped = {one for one in set().union(*texts) if not self._model.normalize(one).strip("▁")}
        return ids, _trimmed(texts, offsets, lengths, dropped)


def _made(backend: Tokenizer, kind: str) -> Reader:
    """The reader for a tokenizer of the class called `kind`."""
    stated = json.loads(backend.to_str())
    special = {token["content"] for token in stated["added_tokens"] if token["special"]}
    charsmap = _charsmap(stated["normalizer"], kind)
    model, known = stated["model"], set()
    if charsmap is not None and model["type"] == "Unigram" and not model.get("byte_fallback"):
        return _sentencepiece(stated, special, charsmap)
    from tokenizers import Tokenizer

    # Special tokens stand in the vocabulary too, where a word could be spelt with them: under a name with a
    # space, which no word holds. One that stands there is not added again, so that others keep their ids.
    if isinstance(model["vocab"], list):
        known = {piece for piece, _ in model["vocab"]}
        model["vocab"] = [[_hidden(piece, special), score] for piece, score in model["vocab"]]
    elif "merges" not in model:  # else pieces are merged from letters, and no special token is one
        known = set(model["vocab"])
        model["vocab"] = {_hidden(piece, special): number for piece, number in model["vocab"].items()}
        model["unk_token"] = _hidden(model["unk_token"], special)
    stated["added_tokens"] = [t for t in stated["added_tokens"] if t["content"] not in special & known]
    stated["post_processor"] = None
    copy = Tokenizer.from_str(json.dumps(stated))
    copy.encode_special_tokens = True  # those that are left are no more than text
    return Reader(copy)


def _hidden(piece: str, special: Set[str]) -> str:
    return f" {piece}" if piece in special else piece


def _charsmap(normalizer: dict[str, Any] | None, kind: str) -> bytes | None:
    """The table by which a SentencePiece model normalises, where a tokenizer comes from one; for XLM-R's
    pieces without any, SentencePiece's rule nmt_nfkc, by which they were learnt."""
    parts = (normalizer or {}).get("normalizers", [normalizer] if normalizer else [])
    if parts and parts[0]["type"] == "Precompiled":
        return base64.b64decode(parts[0]["precompiled_charsmap"])
    if parts or kind != "XLMRobertaTokenizer":
        return None
    return nmt_nfkc()


def nmt_nfkc() -> bytes:
    """SentencePiece's table of the rule nmt_nfkc, by which it normalised the text that XLM-R read."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    rule = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_model_proto()
    return sentencepiece_model_pb2.ModelProto.FromString(rule).normalizer_spec.precompiled_charsmap


def _sentencepiece(stated: dict[str, Any], special: Set[str], charsmap: bytes) -> Reader:
    """The SentencePiece model that a tokenizer was made from, made from it: same pieces, scores and ids."""
    from sentencepiece import SentencePieceProcessor
    from sentencepiece.sentencepiece_model_pb2 import ModelProto

    kinds, unknown = ModelProto.SentencePiece, stated["model"]["unk_id"]
    pieces = [*stated["model"]["vocab"]]
    names = {piece for piece, _ in pieces}
    added = {t["content"] for t in stated["added_tokens"]} - special
    pieces += [[t["content"], 0.0] for t in stated["added_tokens"] if t["content"] not in names]
    model = ModelProto()
    for number, (piece, score) in enumerate(pieces):
        kind = kinds.CONTROL if piece in special else kinds.USER_DEFINED if piece in added else kinds.NORMAL
        model.pieces.add(piece=piece, score=score, type=kinds.UNKNOWN if number == unknown else kind)
    prefix = '"prepend_scheme": "never"' not in json.dumps(stated["pre_tokenizer"])
    model.trainer_spec.unk_id = unknown
    model.trainer_spec.bos_id = model.trainer_spec.eos_id = model.trainer_spec.pad_id = -1
    model.normalizer_spec.precompiled_charsmap = charsmap
    model.normalizer_spec.add_dummy_prefix = prefix
    try:
        processor = SentencePieceProcessor(model_proto=model.SerializeToString())
    except RuntimeError as error:
        raise UserError(f"The pieces make no SentencePiece model ({error}): fetch them again.") from None
    return SentencePieceReader(processor, prefix)


def _whole(texts: Sequence[str]) -> list[str]:
    for text in texts:
        half = None if text.isascii() else _SURROGATE.search(text)
        if half:
            shown = ascii(text[max(0, half.start() - 20) : half.end() + 20])
            raise UserError(
                f"The text {shown} holds half a character (U+{ord(half[0]):04X}, a lone surrogate), which no "
                "tokenizer reads: repair it in the data."
            )
    return list(texts)


def _traced(borders: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """(pieces, 2): the code points of a text that each of its pieces comes from. `borders` has where they
    begin and end in the normalised text, whose place i comes from `origins[i]` on of the text itself."""
    begins, number = np.unique(origins, return_inverse=True)
    ends = begins[np.minimum(number + 1, len(begins) - 1)]
    starts, stops = borders[:-1], borders[1:]
    last = np.where(stops > starts, ends[stops - 1], origins[starts])
    return np.stack([origins[starts], last], axis=1)


def _trimmed(
    texts: Sequence[str], offsets: np.ndarray, lengths: np.ndarray, dropped: Set[str] = frozenset()
) -> np.ndarray:
    """`offsets` of the pieces of `texts`, `lengths` of them each, moved inwards over white space, as int32:
    tokenizers that mark where a word begins count the space before it as part of it. What a normaliser drops
    is `dropped` here too."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4")
    space = _SPACES[np.minimum(codes, len(_SPACES) - 1)] & (codes < len(_SPACES))
    space |= np.isin(codes, [ord(character) for character in dropped])
    # Of every place the first character from there on that is no space, and the end of the last one before;
    # neither goes further than the piece itself.
    places = np.arange(len(space) + 1)
    ahead = np.minimum.accumulate(np.where(np.append(space, False), len(space), places)[::-1])[::-1]
    behind = np.maximum.accumulate(np.where(np.insert(space, 0, True), 0, places))
    shift = np.repeat(before(np.fromiter(map(len, texts), np.int64, len(texts))), lengths)
    starts, ends = offsets[:, 0] + shift, offsets[:, 1] + shift
    starts = np.minimum(ahead[starts], ends)
    ends = np.maximum(behind[ends], starts)
    return _widened(texts, np.stack([starts - shift, ends - shift], axis=1).astype(np.int32), lengths)


def _widened(texts: Sequence[str], offsets: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """`offsets`, in place, with each piece at the edge of a word widened over what stands between it and the
    white space and belongs to no piece, such as a zero-width space.

    XTREME's run_squad.py answers with words as white space parts them, which keep such characters, and gold
    answers end in them too (MLQA es). A byte order mark at the start of a text belongs to no word.
    """
    for text, first, count in zip(texts, before(lengths).tolist(), lengths.tolist(), strict=True):
        if count == 0 or text.isprintable():  # zero-width characters are not
            continue
        starts, ends = offsets[first : first + count].T
        lows, highs = [0, *ends.tolist()], [*starts.tolist(), len(text)]
        for place, (low, high) in enumerate(zip(lows, highs, strict=True)):
            gap = text[low:high]
            if not gap or gap.isspace():
                continue
            words = re.split(r"\s", gap)
            if place and (len(words) > 1 or place == count):
                ends[place - 1] = low + len(words[0])
            if place < count and (len(words) > 1 or not place):
                starts[place] = high - len(words[-1] if low or len(words) > 1 else gap.lstrip("\ufeff"))
    return offsets


def before(lengths: np.ndarray) -> np.ndarray:
    """The sum of the lengths before each one: where rows begin that stand one after another."""
    return np.cumsum(lengths) - lengths
