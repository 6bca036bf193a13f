"""Exact nearest neighbours of two sets of vectors, in both directions from one matrix product.

Retrieval is the nearest candidate (Tatoeba), or the twenty best (LAReQA, Mewsli-X).

faiss's exact index multiplies the sets once for each direction, in float32. Here one product serves both, and
on a CPU that multiplies bfloat16 twice as fast the product is made in that: it only screens, and is checked.

>>> import numpy as np
>>> x = np.eye(3, dtype=np.float32)
>>> forward, backward = nearest(x, x[::-1], 1)
>>> forward.indices.ravel().tolist()
[2, 1, 0]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..common.errors import UserError
from ..models import devices
from ..scoring.retrieval import DEPTH
from .search import Best, screened, search

MANY = 10**8  # products from which screening pays
BLOCK = 2**27  # numbers of a side that are copied at a time: 131,072 vectors of 1,024 dimensions, 0.5 GiB
Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True)
class Neighbours:
    """Of each vector, its neighbours in the other set, best first; equal ones in the order of their index."""

    values: np.ndarray
    """(n, k) float32: inner products, cosines where the vectors were normalised."""
    indices: np.ndarray
    """(n, k) int64."""


def nearest(
    x: np.ndarray,
    y: np.ndarray,
    k: int,
    *,
    both: bool = True,
    normalise: bool = True,
    device: str | None = None,
    precision: Precision = "auto",
    tile: tuple[int, int] | None = None,
) -> tuple[Neighbours, Neighbours]:
    """The k nearest of y for each row of x, and if `both` the k nearest of x for each of y, by inner product.

    x (n, d) and y (m, d): float arrays; normalise: cosines instead; k is cut to the size of the other set;
    tile: rows and columns of the products made at once. Exact at either precision: values are float32
    products, and no vector with a larger one is missed (see search.py). "auto" screens in bfloat16 where the
    CPU multiplies it (AVX512-BF16, AMX) and there is much to multiply. Memory above the inputs and the
    neighbours is bounded, whatever their number: a float32 copy of at most BLOCK numbers of each side, half
    of it again to screen, and a tile. UserError for vectors that do not fit together or are not finite, and
    for k < 1.
    """
    device = device or devices.device().type
    if k < 1:
        raise UserError(f"The number of neighbours is {k}; it must be at least 1.")
    for array in (x, y):
        if np.ndim(array) != 2 or not len(array):
            raise UserError(f"Vectors of shape {np.shape(array)}: give a row a sentence, and at least one.")
    if x.shape[1] != y.shape[1]:
        raise UserError(f"They have {x.shape[1]} and {y.shape[1]} dimensions: embed both with one encoder.")
    kept = [Neighbours(*_none(len(x), min(k, len(y)))), Neighbours(*_none(len(y), min(k, len(x)) * both))]
    with torch.inference_mode(), _full_precision():
        for rows in _blocks(x):
            left = _prepared(x[rows], normalise, device)
            for columns in _blocks(y):
                right = _prepared(y[columns], normalise, device)
                wanted = min(k, len(right)), min(k, len(left)) * both
                found = None
                if _screens(precision, left, right):
                    found = screened(left, right, wanted, tile, precision == "auto")
                found = found or search(left, right, *wanted, tile)
                _keep(kept[0], rows, columns.start, found[0])
                _keep(kept[1], columns, rows.start, found[1])
    return kept[0], kept[1]


def retrieve(queries: np.ndarray, index: np.ndarray, device: str | None = None) -> np.ndarray:
    """The row of `index` (m, d) with the largest cosine for each of `queries` (n, d): (n,) int64.

    Tatoeba, as XTREME runs it: the queries are the English sentences, the index those of the other language.
    """
    found, _ = nearest(queries, index, 1, both=False, device=device)
    return found.indices[:, 0]


def rank(queries: np.ndarray, candidates: np.ndarray, device: str | None = None) -> np.ndarray:
    """The rows of `candidates` (m, d) with the 20 largest products for each of `queries` (n, d), or all of
    them: (n, 20) int64.

    What a dual encoder is evaluated on, over one pool of candidates of every language: LAReQA's mAP@20,
    Mewsli-X's reciprocal rank.
    """
    found, _ = nearest(queries, candidates, DEPTH, both=False, normalise=False, device=device)
    return found.indices


def _none(size: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full((size, k), -np.inf, dtype=np.float32), np.full((size, k), -1, dtype=np.int64)


def _blocks(array: np.ndarray) -> Iterator[slice]:
    rows = max(1, BLOCK // max(1, array.shape[1]))
    for start in range(0, len(array), rows):
        yield slice(start, min(start + rows, len(array)))


def _keep(kept: Neighbours, own: slice, first: int, found: Best) -> None:
    """Takes in the neighbours of the vectors `own` among those of a block that begins at `first`.

    The sort is stable and blocks come in order, so that equal ones stay in the order of their index.
    """
    k = kept.values.shape[1]
    values = np.concatenate([kept.values[own], found.values.cpu().numpy()], axis=1)
    indices = np.concatenate([kept.indices[own], found.indices.cpu().numpy() + first], axis=1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    kept.values[own] = np.take_along_axis(values, order, axis=1)
    kept.indices[own] = np.take_along_axis(indices, order, axis=1)


@contextmanager
def _full_precision() -> Iterator[None]:
    """Training may allow float32 products in TF32 or bfloat16; here they must be what they are called."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _prepared(array: np.ndarray, normalise: bool, device: str) -> Tensor:
    """A float32 copy on the device, of length 1 if `normalise`."""
    vectors = torch.tensor(np.ascontiguousarray(array, dtype=np.float32), device=device)
    if not vectors.sum(dim=1).isfinite().all():
        raise UserError("The vectors hold values that are not finite: look at the encoder that made them.")
    return vectors.div_(vectors.norm(dim=1, keepdim=True).clamp_min_(1e-12)) if normalise else vectors


def _screens(precision: Precision, x: Tensor, y: Tensor) -> bool:
    """Whether to try: as told, or where this CPU multiplies bfloat16 and there is much to multiply."""
    if precision != "auto":
        return precision == "bf16"
    return x.device.type == "cpu" and devices.bf16_on_cpu() and len(x) * len(y) >= MANY
