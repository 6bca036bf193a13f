"""Single sentences of two languages, to be matched by their embeddings: retrieval and mining. Nothing is
trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .base import Feature, Format, Rows, Segmenter, columns

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..tasks.settings import TrainSettings


class BitextFormat(Format):
    name = "bitext"
    columns = ("id", "side", "sentence", "mate")

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """One feature a sentence, cut at its end."""
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(1, max_length)
        (sentences,) = columns(rows, ("sentence",)).values()
        sequences = segmenter.ones(segmenter.pieces(sentences).cut(room)).views()
        return [Feature([sequence], row) for row, sequence in enumerate(sequences)]

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> None:
        """None: an encoder is read as it is."""
        return None

    def targets(self, features: Sequence[Feature], starts: object) -> dict:
        return {}
