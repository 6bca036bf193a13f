"""Retrieval: the nearest candidate (Tatoeba), and the twenty best (LAReQA, Mewsli-X).

>>> import numpy as np
>>> retrieve(np.eye(2, dtype=np.float32), np.array([[0, 2], [3, 1]], dtype=np.float32)).tolist()
[1, 0]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .neighbours import nearest

if TYPE_CHECKING:
    import numpy as np


def retrieve(queries: np.ndarray, index: np.ndarray, device: str | None = None) -> np.ndarray:
    """The row of `index` (m, d) with the largest cosine for each of `queries` (n, d): (n,) int64.

    Tatoeba, as XTREME runs it: the queries are the English sentences, the index those of the other language.
    """
    found, _ = nearest(queries, index, 1, both=False, device=device)
    return found.indices[:, 0]


def rank(
    queries: np.ndarray,
    candidates: np.ndarray,
    k: int = 20,
    normalise: bool = False,
    device: str | None = None,
) -> np.ndarray:
    """The rows of `candidates` (m, d) with the k largest products for each of `queries` (n, d): (n, k) int64.

    What a dual encoder is evaluated on, over one pool of candidates of every language: LAReQA's mAP@20,
    Mewsli-X's reciprocal rank.
    """
    found, _ = nearest(queries, candidates, k, both=False, normalise=normalise, device=device)
    return found.indices


def rankings(
    query_ids: Sequence[str], candidate_ids: Sequence[str], ranked: np.ndarray
) -> dict[str, list[str]]:
    """{query id: candidate ids, best first}, as the prediction files of LAReQA and Mewsli-X have it."""
    rows = ranked.tolist()
    return {query: [candidate_ids[row] for row in best] for query, best in zip(query_ids, rows, strict=True)}
