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
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..common.errors import UserError
from ..tasks import NO_ANSWER
from ..tasks.settings import TrainSettings
from .base import Batch, Feature, Format, Labels, Model, Rows, TokenHead, Tokenizer, columns
from .plain import before
from .segmenter import Ragged, Segmenter

STRIDE = 128  # tokens from the start of a window to the start of the next
QUESTION = 64  # tokens of a question at most
BEST = 20  # starts, and ends, that are combined
ANSWER = 30  # tokens of an answer at most


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


class SpanFormat(Format):
    name = "span"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """One feature a window; the first of several gold answers is the one trained on."""
        data = columns(rows, ("context", "question", "answers"))
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(2, max_length)
        # Contexts repeat, a handful of questions each; the tokenizer reads each once.
        place = {context: index for index, context in enumerate(dict.fromkeys(data["context"]))}
        of = np.fromiter(map(place.__getitem__, data["context"]), np.int64, len(data["context"]))
        contexts, offsets = segmenter.pieces_and_offsets(list(place))
        questions = segmenter.pieces(data["question"]).cut(min(QUESTION, room * 2 // 3))
        gold = self._gold(data["context"], data["answers"], list(place), of, contexts, offsets)
        rows_of, begin, end, low, high = self._windows(contexts.lengths[of], room - questions.lengths)
        begins, ends = (contexts.starts[of[rows_of]] + place for place in (begin, end))
        sequences = segmenter.twos(
            questions.take(rows_of), Ragged(contexts.flat, begins, ends - begins)
        ).views()
        lead = len(segmenter.pair[0]) + len(segmenter.pair[1]) + questions.lengths[rows_of]
        first, last = gold[rows_of].T
        held = (first >= begin) & (last < end)
        first, last = (np.where(held, token - begin + lead, 0) for token in (first, last))
        table = (rows_of, begins, ends, lead, low, high, first, last)
        return [
            SpanFeature([sequence], row, offsets[begin:end], lead, slice(low, high), start, stop)
            for sequence, row, begin, end, lead, low, high, start, stop in zip(
                sequences, *(column.tolist() for column in table), strict=True
            )
        ]

    @staticmethod
    def _gold(
        texts: Sequence[str],
        answers: Sequence[dict[str, list[Any]]],
        distinct: Sequence[str],
        of: np.ndarray,
        contexts: Ragged,
        offsets: np.ndarray,
    ) -> np.ndarray:
        """First and last context token of each row's answer, (rows, 2); -1 where it has none.

        Row i's context is number `of[i]` of `distinct`, whose pieces and their offsets are the last two.
        """
        spans = np.full((len(texts), 2), -1, dtype=np.int64)
        for row, (context, answer) in enumerate(zip(texts, answers, strict=True)):
            if not answer["start"]:
                continue
            text, start = answer["text"][0], int(answer["start"][0])
            if context[start : start + len(text)] != text:
                raise UserError(f"Row {row}: its context has no answer {text!r} at character {start}.")
            spans[row] = start, start + len(text)
        # Characters counted over all contexts, one apart, so that one search finds the tokens of all answers.
        shift = before(np.fromiter(map(len, distinct), np.int64, len(distinct)) + 1)
        starts, ends = (offsets + np.repeat(shift, contexts.lengths)[:, None]).T
        first = np.searchsorted(ends, spans[:, 0] + shift[of], side="right") - contexts.starts[of]
        last = np.searchsorted(starts, spans[:, 1] + shift[of], side="left") - 1 - contexts.starts[of]
        found = (spans[:, 0] >= 0) & (first <= last)
        return np.where(found[:, None], np.stack([first, last], axis=1), -1)

    @staticmethod
    def _windows(lengths: np.ndarray, rooms: np.ndarray) -> np.ndarray:
        """The windows over contexts of so many tokens, with room for so many of them: (5, windows), int64.

        Of each its row, its first token of the context and the first one after it, and of those in it that
        may start an answer the first and the end, counted from its begin.
        """
        table: list[tuple[int, int, int, int, int]] = []
        for row, (length, room) in enumerate(zip(lengths.tolist(), rooms.tolist(), strict=True)):
            # Short windows follow each other faster, so that any answer stands whole in one of them.
            step = min(STRIDE, max(room - ANSWER, (room + 1) // 2))
            starts = range(0, max(1, length - room + step), step)
            for index, begin in enumerate(starts):
                end = min(begin + room, length)
                # A token belongs to the window in which the shorter of its two sides is longest: windows of
                # one length change over in the middle of their overlap.
                low = 0 if index == 0 else (begin + starts[index - 1] + room) // 2 - begin
                high = end - begin
                if index + 1 < len(starts):
                    high = (starts[index + 1] + begin + room) // 2 - begin
                table.append((row, begin, end, low, high))
        return np.array(table, dtype=np.int64).reshape(-1, 5).T

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        """Two scores a token: that the answer starts here, that it ends here."""
        return TokenHead(width, 2, dropout=0.0)

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
        self, rows: Rows, features: Sequence[Feature], predictions: Sequence[Span], labels: Labels
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
