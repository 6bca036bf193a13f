"""Rows that are matched by vectors: sentences and their translations, queries and their candidates.

A ranking task trains a dual encoder for answers (LAReQA) or entities (Mewsli-X), as XTREME-R does
(google-research/xtreme, third_party/run_retrieval_qa.py and run_retrieval_el.py). The query is a question, at
most 96 tokens, or "mention: the sentence around { mention }"; the candidate
`<s> sentence </s></s> paragraph </s>`, or an entity's description. Both go through the same encoder and the
same head to vectors of length 1. The loss of a query is the cross entropy of its own candidate among all
candidates of the batch, by their cosines, times a scale that is learnt from 100.

So the rows of a batch depend on each other, and a batch cannot be divided: `accumulation`, and several
processes, are refused. XTREME-R's own script accumulates, and sees so many negatives fewer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..common.errors import UserError
from ..tasks.settings import TrainSettings
from .base import Batch, Feature, Format, Labels, Model, Rows, Tokenizer, columns, initialise, pool
from .segmenter import Segmenter

QUERY = 96  # tokens of a query at most
SCALE = 100.0  # of the cosines, before anything is learnt

Texts = tuple[str, str]  # a text and its context, "" where it has none

# A mark that ends a sentence, what may close after it (quotes, brackets, Wikipedia's references), a space,
# and, after what may open, a capital letter or a digit.
_END = re.compile(r"[.!?][\"'”’)\]]*(?:\s?\[[^\]]{1,20}\])*\s+(?=[\"'“‘(\[]*[^\W_a-z])")
_TITLES = (
    "Mr Mrs Ms Dr Prof Fr Rev St Mt Ft Gen Lt Col Maj Adm Capt Sgt Gov Sen Rep Pres Jan Feb Aug Sept Oct Nov "
    "Dec No Vol Art vs cf ca approx al"
)
# A stop that ends no sentence: after a title, a month, one letter, or letters with a stop after each.
_SHORT = re.compile(rf"\b(?:{_TITLES.replace(' ', '|')}|[A-Za-z](?:\.[A-Za-z])*)\.$")


class BitextFormat(Format):
    """Sentences of two languages, matched by their embeddings: retrieval and mining. Nothing is trained."""

    name = "bitext"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """One feature a sentence, cut at its end."""
        segmenter = Segmenter(tokenizer)
        room = segmenter.room(1, max_length)
        (sentences,) = columns(rows, ("sentence",)).values()
        sequences = segmenter.ones(segmenter.pieces(sentences).cut(room)).views()
        return [Feature([sequence], row) for row, sequence in enumerate(sequences)]

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> None:
        """None: an encoder is read as it is."""
        return None

    def targets(self, features: Sequence[Feature], starts: object) -> dict:
        return {}


@dataclass(slots=True)
class RankingFeature(Feature):
    """A query and its candidate, side by side."""

    candidate: int
    """Equal where two queries have the same candidate: it is no wrong answer to either."""
    rivals: int = 0
    """Candidates among which it was last looked for, its own included; 0 before the first time."""


class DualHead(nn.Module):
    """Dense and tanh on the pooled states, as BERT's pooler has them, to vectors of length 1; and the
    scale."""

    def __init__(self, width: int, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling
        self.dense = nn.Linear(width, width)
        self.scale = nn.Parameter(torch.tensor([SCALE]))
        initialise(self)

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(sequences, width), float32."""
        pooled = torch.tanh(self.dense(pool(hidden, batch, self.pooling)))
        return functional.normalize(pooled.float(), dim=1)


class RankingFormat(Format):
    name = "ranking"

    def encode(self, rows: Rows, tokenizer: Tokenizer, labels: Labels, max_length: int) -> list[Feature]:
        """What is trained on: a feature a query, with its candidate. Rows of the span format are taken too,
        the sentence that holds an answer being its question's candidate; questions without one are passed
        over."""
        present = rows.keys() if isinstance(rows, Mapping) else rows.column_names
        matched = _matched_spans(rows) if "answers" in present else _matched(rows)
        distinct = list(dict.fromkeys(candidate for _, _, candidate in matched))
        number = {candidate: index for index, candidate in enumerate(distinct)}
        segmenter = Segmenter(tokenizer)
        queries = _queries([query for _, query, _ in matched], segmenter, max_length)
        candidates = _candidates(distinct, segmenter, max_length)
        return [
            RankingFeature([query, candidates[number[candidate]]], row, number[candidate])
            for (row, _, candidate), query in zip(matched, queries, strict=True)
        ]

    def to_predict(
        self, rows: Rows, tokenizer: Tokenizer, labels: Labels, settings: TrainSettings, seed: Sequence[int]
    ) -> list[Feature]:
        """A feature a row, query or candidate."""
        data = columns(rows, ("side", "text", "context"))
        segmenter = Segmenter(tokenizer)
        sequences: dict[int, np.ndarray] = {}
        for side, encoded in (("query", _queries), ("candidate", _candidates)):
            places = [place for place, name in enumerate(data["side"]) if name == side]
            texts = [(data["text"][place], data["context"][place]) for place in places]
            sequences.update(zip(places, encoded(texts, segmenter, settings.max_length), strict=True))
        return [Feature([sequences[row]], row) for row in range(len(data["side"]))]

    def head(self, width: int, labels: Labels, settings: TrainSettings, model: Model) -> nn.Module:
        """UserError where a batch would be divided, over time or over processes."""
        if settings.accumulation > 1:
            raise UserError(
                f"accumulation is {settings.accumulation}, but a dual encoder compares all rows of a batch "
                "with each other, so that a batch in parts is another one: set it to 1, and batch_size as "
                "memory allows."
            )
        processes = settings.processes
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            processes = max(processes, torch.distributed.get_world_size())
        if processes > 1:
            raise UserError(
                f"A dual encoder compares all rows of a batch with each other: train it in one process, "
                f"not in {processes}."
            )
        return DualHead(width, settings.pooling)

    def draw(
        self, features: Sequence[RankingFeature], settings: TrainSettings, seed: Sequence[int]
    ) -> Sequence[RankingFeature]:
        """The features, each with the number of candidates that it is about to be looked for among."""
        same = Counter(feature.candidate for feature in features)
        for feature in features:
            feature.rivals = len(features) - same[feature.candidate] + 1
        return features

    def targets(self, features: Sequence[Feature], starts: np.ndarray) -> dict[str, np.ndarray]:
        matched = [feature.candidate for feature in features if isinstance(feature, RankingFeature)]
        return {"candidates": np.array(matched, dtype=np.int64)}

    def loss(self, head: nn.Module, hidden: Tensor, batch: Batch) -> tuple[Tensor, int]:
        vectors = head(hidden, batch)
        # In bfloat16, cosines would be rounded to a 256th, and the scale makes that a half.
        with torch.autocast(vectors.device.type, enabled=False):
            scores = head.scale * (vectors[0::2] @ vectors[1::2].t())
        names = batch.targets["candidates"]
        own = torch.arange(len(names), device=names.device)
        repeated = (names[:, None] == names) & (own[:, None] != own)
        return functional.cross_entropy(
            scores.masked_fill(repeated, -math.inf), own, reduction="sum"
        ), batch.count

    def predict(self, head: nn.Module, hidden: Tensor, batch: Batch) -> list[np.ndarray]:
        """The vectors of `to_predict`'s features, float32 (width,) each."""
        return list(head(hidden, batch).cpu().numpy())

    def chance(self, features: Sequence[RankingFeature]) -> float:
        """That of a guess among the rivals; infinite where none was drawn, so that nothing is judged."""
        rivals = [feature.rivals for feature in features if feature.rivals]
        return float(np.log(rivals).mean()) if rivals else math.inf


def _matched(rows: Rows) -> list[tuple[int, Texts, Texts]]:
    """(row, query, its candidate) of every query."""
    data = columns(rows, ("id", "side", "text", "context", "mate"))
    texts = list(zip(data["text"], data["context"], strict=True))
    place = {name: row for row, name in enumerate(data["id"]) if data["side"][row] == "candidate"}
    matched = []
    for row, (side, mate) in enumerate(zip(data["side"], data["mate"], strict=True)):
        if side != "query":
            continue
        if mate not in place:
            raise UserError(f"The query {data['id'][row]!r} has the candidate {mate!r}, which is not there.")
        matched.append((row, texts[row], texts[place[mate]]))
    return matched


def _matched_spans(rows: Rows) -> list[tuple[int, Texts, Texts]]:
    """(row, question, the sentence that holds the answer, in its paragraph) of every answered question."""
    data = columns(rows, ("question", "context", "answers"))
    sentences = {context: spans(context) for context in dict.fromkeys(data["context"])}
    matched = []
    for row, (question, context, answers) in enumerate(zip(*data.values(), strict=True)):
        for start in answers["start"][:1]:
            matched += [
                (row, (question, ""), (context[first:last], context))
                for first, last in sentences[context]
                if first <= start < last
            ]
    return matched


def _queries(texts: Sequence[Texts], segmenter: Segmenter, max_length: int) -> list[np.ndarray]:
    """`<s> text </s>`, or `<s> text: context </s>`, cut at its end."""
    room = segmenter.room(1, min(max_length, QUERY))
    whole = [f"{text}: {context}" if context else text for text, context in texts]
    return segmenter.ones(segmenter.pieces(whole).cut(room)).views()


def _candidates(texts: Sequence[Texts], segmenter: Segmenter, max_length: int) -> list[np.ndarray]:
    """`<s> text </s></s> context </s>`, the longer of the two cut at its end, or `<s> text </s>`."""
    sequences, _ = segmenter.ones_or_twos(*zip(*texts, strict=True), max_length) if texts else ([], [])
    return sequences


def spans(paragraph: str) -> list[tuple[int, int]]:
    """(first character, one past the last) of each sentence, without the white space around it.

    By rules, and not by a model: of the sentences of XQuAD-R's English paragraphs more than 99 % end where
    that set says they do.
    """
    found, begin = [], len(paragraph) - len(paragraph.lstrip())
    for match in _END.finditer(paragraph):
        if not _SHORT.search(paragraph, begin, match.start() + 1):
            found.append((begin, begin + len(paragraph[begin : match.end()].rstrip())))
            begin = match.end()
    if rest := paragraph[begin:].rstrip():
        found.append((begin, begin + len(rest)))
    return found
