"""Sentence retrieval and bitext mining from embeddings: exact neighbours, margins, thresholds, rankings.

>>> import numpy as np
>>> from xstilts_lib import mining
>>> english, german = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[2, 0, 1]]
>>> mining.retrieve(english, german).tolist()
[1, 2, 0]
"""

from .bitext import Mined, MiningSettings, Side, mine, mine_case, mine_sentences, scores_at, tuned_on
from .neighbours import nearest, rank, retrieve

__all__ = [
    "Mined", "MiningSettings", "Side", "mine", "mine_case", "mine_sentences", "nearest", "rank", "retrieve",
    "scores_at", "tuned_on",
]  # fmt: skip
