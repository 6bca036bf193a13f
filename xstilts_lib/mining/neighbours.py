"""Exact nearest neighbours of two sets of vectors, in both directions from one matrix product.

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

from ..errors import UserError
from .screen import screened
from .tiles import search

MANY = 10**8  # products from which screening pays
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
    products, and no vector with a larger one is missed (see screen.py). "auto" screens in bfloat16 where the
    CPU multiplies it (AVX512-BF16, AMX) and there is much to multiply. Memory above the inputs: a float32
    copy, half of it again to screen, and a tile. UserError for vectors that do not fit together or are not
    finite, and for k < 1.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if k < 1:
        raise UserError(f"The number of neighbours is {k}; it must be at least 1.")
    with torch.inference_mode(), _full_precision():
        left, right = (_prepared(array, normalise, device) for array in (x, y))
        if left.shape[1] != right.shape[1]:
            raise UserError(
                f"They have {left.shape[1]} and {right.shape[1]} dimensions: embed both with one encoder."
            )
        wanted = min(k, len(right)), min(k, len(left)) * both
        found = (
            screened(left, right, wanted, tile, precision == "auto")
            if _screens(precision, left, right)
            else None
        )
        found = found or search(left, right, *wanted, tile)
    forward, backward = (Neighbours(best.values.cpu().numpy(), best.indices.cpu().numpy()) for best in found)
    return forward, backward


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
    vectors = torch.tensor(np.ascontiguousarray(array, dtype=np.float32), device=device)  # a copy
    if vectors.ndim != 2 or not len(vectors):
        raise UserError(
            f"Vectors of shape {tuple(vectors.shape)}: expected is a row a sentence, and at least one."
        )
    if not vectors.sum(dim=1).isfinite().all():
        raise UserError("The vectors hold values that are not finite: look at the encoder that made them.")
    return vectors.div_(vectors.norm(dim=1, keepdim=True).clamp_min_(1e-12)) if normalise else vectors


def _screens(precision: Precision, x: Tensor, y: Tensor) -> bool:
    """Whether to try: as told, or where this CPU multiplies bfloat16 and there is much to multiply."""
    if precision != "auto":
        return precision == "bf16"
    able = torch.cpu.get_capabilities()
    able_here = x.device.type == "cpu" and bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return able_here and len(x) * len(y) >= MANY
