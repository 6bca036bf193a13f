"""Spans: offsets in every script, windows, and the best answer over them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.formats.span import Span
from xstilts_lib.tasks import NO_ANSWER

SPAN = FORMATS["span"]

# A context and an answer in it, in several scripts; the last has characters outside the basic plane.
SCRIPTS = {
    "Latin": ("The old bridge stands near the river.", "bridge stands"),
    "Arabic": ("الجسر القديم قريب من النهر الكبير", "القديم قريب"),
    "Thai": ("สะพานเก่าอยู่ใกล้แม่น้ำ", "ใกล้แม่น้ำ"),
    "Han": ("旧桥位于大河附近。", "大河附近"),
    "beyond the basic plane": ("a 𝒃𝒓𝒊𝒅𝒈𝒆 by the 🌊 here", "by the 🌊"),
}


def row(context, answer, question="where is it"):
    return {
        "context": [context],
        "question": [question],
        "answers": [{"text": [answer], "start": [context.index(answer)]}],
    }


@pytest.mark.parametrize("script", SCRIPTS)
def test_gold_tokens_cover_the_answer_and_decode_to_it(script, scripts_tokenizer):
    context, answer = SCRIPTS[script]
    rows = row(context, answer)
    (feature,) = SPAN.encode(rows, scripts_tokenizer, (), 128)
    first, last = feature.offsets[feature.start - feature.lead], feature.offsets[feature.end - feature.lead]
    found = context[first[0] : last[1]]
    assert answer in found
    # Tokens end at the answer's ends in these texts, but where a script has no spaces a token may reach over.
    assert len(found) <= len(answer) + 6
    assert SPAN.decode(rows, [feature], [Span(int(first[0]), int(last[1]), 1.0, 0.0)], ()) == [found]


def test_offsets_leave_white_space_out(scripts_tokenizer):
    context = "  The   old bridge\n stands "
    (feature,) = SPAN.encode(row(context, "bridge"), scripts_tokenizer, (), 128)
    pieces = [context[start:end] for start, end in feature.offsets]
    assert all(piece == piece.strip() for piece in pieces)
    assert "".join(pieces) == "Theoldbridgestands"


def test_windows_cover_the_context_and_share_no_start(tokenizer):
    context = " ".join(f"w{i % 60}" for i in range(400))
    rows = row(context, "w7 w8", question="w1 w2 w3")
    features = SPAN.encode(rows, tokenizer, (), 207)
    # 207 less 3 of the question and 4 special tokens: 200 of the context every 128.
    assert [len(feature.offsets) for feature in features] == [200, 200, 144]
    starts = [feature.offsets[0, 0] for feature in features]
    assert starts == [
        context.split(" ").index("w0"),
        *[len(" ".join(context.split()[:n])) + 1 for n in (128, 256)],
    ]
    eligible = np.concatenate([feature.offsets[feature.eligible, 0] for feature in features])
    assert len(eligible) == 400
    assert (np.diff(eligible) > 0).all()


def test_windows_without_the_answer_point_at_their_first_token(tokenizer):
    words = [f"w{i % 60}" for i in range(300)]
    context = " ".join(words)
    start = len(" ".join(words[:290])) + 1
    rows = {"context": [context], "question": ["w1"], "answers": [{"text": [words[290]], "start": [start]}]}
    features = SPAN.encode(rows, tokenizer, (), 205)
    assert [(f.start > 0) for f in features] == [False, True]
    window = features[1]
    assert context[window.offsets[window.start - window.lead, 0] :].startswith(words[290])


@pytest.mark.parametrize("length", [16, 32, 64])
def test_short_sequences_leave_no_gap(length, tokenizer):
    context = " ".join(f"w{i % 60}" for i in range(150))
    features = SPAN.encode(row(context, "w7"), tokenizer, (), length)
    covered = {int(start) for feature in features for start in feature.offsets[:, 0]}
    assert len(covered) == 150
    assert max(feature.length for feature in features) <= length


def test_questions_are_cut_to_64_tokens(tokenizer):
    question = " ".join(["w3"] * 100)
    (feature,) = SPAN.encode(row("w1 w2", "w2", question), tokenizer, (), 128)
    assert feature.length == 64 + 2 + 4


def test_an_answer_not_in_its_context_is_refused(tokenizer):
    rows = {"context": ["w1 w2"], "question": ["w3"], "answers": [{"text": ["w9"], "start": [3]}]}
    with pytest.raises(UserError, match="'w9'"):
        SPAN.encode(rows, tokenizer, (), 32)


class Scores(torch.nn.Module):
    """A head whose scores are given: (windows, length, 2)."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, hidden):
        return self.scores


def predict(features, scores):
    return SPAN.predict(Scores(scores), None, collate(features, SPAN, 1))


def test_the_best_answer_is_found_by_brute_force_too(tokenizer):
    rows = row(" ".join(f"w{i}" for i in range(40)), "w3", "w1 w2")
    features = SPAN.encode(rows, tokenizer, (), 30)
    random = torch.Generator().manual_seed(0)
    for _ in range(20):
        scores = torch.randn(len(features), max(f.length for f in features), 2, generator=random)
        for index, (feature, span) in enumerate(zip(features, predict(features, scores), strict=True)):
            best, place = -math.inf, None
            tops = [scores[index, :, side].topk(min(20, scores.shape[1])).indices.tolist() for side in (0, 1)]
            assert tops  # of at most 26 eligible tokens 20 are combined, all of them in most windows
            for first in range(feature.lead + feature.eligible.start, feature.lead + feature.eligible.stop):
                for last in range(first, min(first + 30, feature.lead + len(feature.offsets))):
                    score = float(scores[index, first, 0] + scores[index, last, 1])
                    if score > best:
                        best, place = score, (first - feature.lead, last - feature.lead)
            if len(feature.offsets) <= 20:
                assert span.score == pytest.approx(best, rel=1e-5)
                assert (span.start, span.end) == (
                    feature.offsets[place[0], 0],
                    feature.offsets[place[1], 1],
                )


def test_answers_are_at_most_30_tokens(tokenizer):
    context = " ".join(f"w{i}" for i in range(50))
    (feature,) = SPAN.encode(row(context, "w3"), tokenizer, (), 128)
    scores = torch.zeros(1, feature.length, 2)
    scores[0, feature.lead, 0] = 5
    scores[0, feature.lead + 29, 1] = 5
    scores[0, feature.lead + 30, 1] = 9
    (span,) = predict([feature], scores)
    assert len(context[span.start : span.end].split()) == 30


def test_the_best_window_answers_and_none_may(tokenizer):
    context = "w1 w2 w3"
    rows = row(context, "w2")
    (feature,) = SPAN.encode(rows, tokenizer, (), 32)
    windows = [Span(0, 2, 3.0, 9.0), Span(3, 5, 4.0, 5.0)]
    assert SPAN.decode(rows, [feature, feature], windows, ()) == ["w2"]
    # No answer wins only where every window prefers it.
    assert SPAN.decode(rows, [feature, feature], windows, (NO_ANSWER,)) == [""]
    assert SPAN.decode(rows, [feature, feature], [windows[0], Span(3, 5, 6.0, 5.0)], (NO_ANSWER,)) == ["w2"]


def test_rows_without_an_answer_train_towards_none(tokenizer):
    rows = {"context": ["w1 w2"], "question": ["w3"], "answers": [{"text": [], "start": []}]}
    (feature,) = SPAN.encode(rows, tokenizer, (), 32)
    assert (feature.start, feature.end) == (0, 0)
