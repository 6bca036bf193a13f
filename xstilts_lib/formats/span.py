"""A question and the span of a context that answers it: extractive question answering.

As in jiant (and BERT before it): `<s> question </s></s> context </s>`, the question cut to 64 tokens, a
window over a long context every 128 tokens, the best of 20 starts by 20 ends, answers of at most 30 tokens.
A window without the answer points at its first token. Answers are cut out of the context by character
offsets, so that no detour through tokens changes a letter in any script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UserError
from .base import Batch, Feature, Format, Rows, Segmenter, columns, initialise

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..settings import TrainSettings

STRIDE = 128  # tokens from the start of a window to the start of the next
QUESTION = 64  # tokens of a question at most
BEST = 20  # starts, and ends, that are combined
ANSWER = 30  # tokens of an answer at most
NO_ANSWER = "no answer"  # a task whose labels hold it (SQuAD v2.0) may answer with nothing


@dataclass(slots=True)
class SpanFeature(Feature):
    offsets: np.ndarray
    """(tokens, 2): the characters of the context that each of its tokens in this window covers."""
    lead: int
    """Position in the sequence of the window's first context token."""
    eligible: slice
    """Of the window's context tokens, those that may start an answer: the ones that no other window sees with
    more context around them."""
    start: int
    end: int
    """Positions in the sequence of the answer's first and last token; 0 where the window does not hold it."""


class Span(NamedTuple):
    """A window's best answer: context characters [start, end), its score, and the score of no answer at
    all."""

    start: int
    end: int
    score: float
    null: float


class SpanHead(nn.Module):
    """A linear layer to two scores a token: that the answer starts here, that it ends here."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Linear(width, 2)
        initialise(self)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.out(hidden).float()


class SpanFormat(Format):
    name = "span"
    columns = ("id", "context", "question", "answers")

    def encode(
        self, rows: Rows, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], max_length: int
    ) -> list[Feature]:
        """One feature a window; the first of several gold answers is the one trained on."""
        data = columns(rows, ("context", "question", "answers"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        # Contexts repeat, a handful of questions each; the tokenizer reads each once.
        contexts = list(dict.fromkeys(data["context"]))
        known = dict(zip(contexts, segmenter.ids_and_offsets(contexts), strict=True))
        questions = segmenter.ids(data["question"])
        features: list[Feature] = []
        for row, (context, question, answers) in enumerate(
            zip(data["context"], questions, data["answers"], strict=True)
        ):
            ids, offsets = known[context]
            question = question[: min(QUESTION, room * 2 // 3)]
            gold = self._gold(row, context, answers, offsets)
            features += self._windows(row, ids, offsets, question, gold, segmenter, room - len(question))
        return features

    @staticmethod
    def _gold(
        row: int, context: str, answers: dict[str, list[Any]], offsets: np.ndarray
    ) -> tuple[int, int] | None:
        """First and last context token of the answer; None where the row has none."""
        if not answers["start"]:
            return None
        text, start = answers["text"][0], int(answers["start"][0])
        end = start + len(text)
        if context[start:end] != text:
            raise UserError(
                f"Row {row}: its answer {text!r} does not stand at character {start} of its context."
            )
        first = int(np.searchsorted(offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(offsets[:, 0], end, side="left")) - 1
        return (first, last) if first <= last else None

    @staticmethod
    def _windows(
        row: int,
        ids: np.ndarray,
        offsets: np.ndarray,
        question: np.ndarray,
        gold: tuple[int, int] | None,
        segmenter: Segmenter,
        room: int,
    ) -> list[SpanFeature]:
        # Short windows follow each other faster, so that any answer stands whole in one of them.
        step = min(STRIDE, max(room - ANSWER, (room + 1) // 2))
        starts = list(range(0, max(1, len(ids) - room + step), step))
        lead = len(segmenter.pair[0]) + len(question) + len(segmenter.pair[1])
        features = []
        for index, begin in enumerate(starts):
            inside = slice(begin, min(begin + room, len(ids)))
            answer = (0, 0)
            if gold is not None and inside.start <= gold[0] and gold[1] < inside.stop:
                answer = gold[0] - begin + lead, gold[1] - begin + lead
            # A token belongs to the window in which the shorter of its two sides is longest: windows of one
            # length change over in the middle of their overlap.
            low = 0 if index == 0 else (begin + starts[index - 1] + room) // 2 - begin
            high = inside.stop - begin
            if index + 1 < len(starts):
                high = (starts[index + 1] + begin + room) // 2 - begin
            sequence = segmenter.two(question, ids[inside])
            features.append(SpanFeature([sequence], row, offsets[inside], lead, slice(low, high), *answer))
        return features

    def head(
        self, width: int, labels: Sequence[str], settings: TrainSettings, model: PreTrainedModel
    ) -> nn.Module:
        return SpanHead(width)

    def targets(self, features: Sequence[SpanFeature], starts: np.ndarray) -> dict[str, np.ndarray]:
        lengths = np.array([feature.length for feature in features])
        grid = np.arange(lengths.max())
        lead = np.array([feature.lead for feature in features])[:, None]
        inside = (grid >= lead) & (grid < lead + np.array([[len(feature.offsets)] for feature in features]))
        eligible = np.array([(f.eligible.start, f.eligible.stop) for f in features]) + lead
        return {
            # Each sequence's tokens in the flattened ones; beyond its end its last token, taken out again
            # below.
            "places": starts[:, None] + np.minimum(grid, lengths[:, None] - 1),
            "absent": grid >= lengths[:, None],
            "inside": inside,
            "eligible": (grid >= eligible[:, :1]) & (grid < eligible[:, 1:]),
            "starts": np.array([feature.start for feature in features], dtype=np.int64),
            "ends": np.array([feature.end for feature in features], dtype=np.int64),
        }

    def _scores(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Two times (windows, length), float32."""
        scores = head(hidden).flatten(0, 1)[batch.targets["places"]]
        scores = scores.masked_fill(batch.targets["absent"].unsqueeze(2), -math.inf)
        return scores[..., 0], scores[..., 1]

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        starts, ends = self._scores(head, hidden, batch)
        total = functional.cross_entropy(starts, batch.targets["starts"], reduction="sum")
        total = total + functional.cross_entropy(ends, batch.targets["ends"], reduction="sum")
        return total / 2, batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[Span]:
        starts, ends = self._scores(head, hidden, batch)
        null = starts[:, 0] + ends[:, 0]
        best = min(BEST, starts.shape[1])
        start_scores, start_places = starts.masked_fill(~batch.targets["eligible"], -math.inf).topk(best)
        end_scores, end_places = ends.masked_fill(~batch.targets["inside"], -math.inf).topk(best)
        scores = start_scores.unsqueeze(2) + end_scores.unsqueeze(1)
        tokens = end_places.unsqueeze(1) - start_places.unsqueeze(2)
        scores = scores.masked_fill((tokens < 0) | (tokens >= ANSWER), -math.inf).flatten(1)
        score, place = scores.max(dim=1)
        first = start_places.gather(1, (place // best).unsqueeze(1)).squeeze(1)
        last = end_places.gather(1, (place % best).unsqueeze(1)).squeeze(1)
        table = torch.stack([first.double(), last.double(), score.double(), null.double()], dim=1).tolist()
        return [self._span(feature, *line) for feature, line in zip(batch.features, table, strict=True)]

    @staticmethod
    def _span(feature: SpanFeature, first: float, last: float, score: float, null: float) -> Span:
        if score == -math.inf:
            return Span(0, 0, score, null)
        start = int(feature.offsets[int(first) - feature.lead, 0])
        end = int(feature.offsets[int(last) - feature.lead, 1])
        return Span(start, end, score, null)

    def decode(
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[Span], labels: Sequence[str]
    ) -> list[Any]:
        """An answer per row, cut out of its context: the best of its windows; "" where there is none to
        give, or where `labels` allow no answer and it scores higher in every window."""
        (contexts,) = columns(rows, ("context",)).values()
        best: dict[int, Span] = {}
        null: dict[int, float] = {}
        for feature, span in zip(features, predictions, strict=True):
            if feature.row not in best or span.score > best[feature.row].score:
                best[feature.row] = span
            null[feature.row] = min(span.null, null.get(feature.row, math.inf))
        answers = []
        for row, context in enumerate(contexts):
            span = best[row]
            empty = NO_ANSWER in labels and null[row] > span.score
            answers.append("" if empty else context[span.start : span.end])
        return answers

    def chance(self, features: Sequence[SpanFeature]) -> float:
        return float(np.mean([math.log(feature.length) for feature in features]))
