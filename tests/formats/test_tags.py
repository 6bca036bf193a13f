"""Tags: on first sub-tokens, a prediction for every word however long the row."""

from __future__ import annotations

import numpy as np
import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS

TAGS = FORMATS["tags"]
ROW = {"words": [["w0", "w1", "w2", "w3", "w4"]], "tags": [["A", "B", "A", "A", "B"]]}


def test_positions_are_first_sub_tokens(scripts_tokenizer):
    rows = {"words": [["walking", "on", "bridges"]], "tags": [["B", "A", "B"]]}
    (feature,) = TAGS.encode(rows, scripts_tokenizer, ("A", "B"), 64)
    tokens = scripts_tokenizer.convert_ids_to_tokens(feature.sequences[0].tolist())
    assert [tokens[place] for place in feature.positions] == [
        scripts_tokenizer.tokenize(word)[0] for word in ("walking", "on", "bridges")
    ]
    assert feature.labels.tolist() == [1, 0, 1]


def test_a_long_row_is_split_between_words_and_put_together_again(tokenizer):
    features = TAGS.encode(ROW, tokenizer, ("A", "B"), 4)
    assert [feature.row for feature in features] == [0, 0, 0]
    assert [len(feature.labels) for feature in features] == [2, 2, 1]
    predictions = [feature.labels for feature in features]
    assert TAGS.decode(ROW, features, predictions, ("A", "B")) == ROW["tags"]


def test_a_word_of_nothing_stands_as_the_unknown_token(tokenizer):
    rows = {"words": [["w0", " ", "w1"]], "tags": [["A", "B", "A"]]}
    (feature,) = TAGS.encode(rows, tokenizer, ("A", "B"), 16)
    assert feature.sequences[0][feature.positions[1]] == tokenizer.unk_token_id
    assert len(feature.labels) == 3


def test_a_word_longer_than_the_sequence_is_cut(scripts_tokenizer):
    rows = {"words": [["x" * 50, "on"]], "tags": [["A", "B"]]}
    features = TAGS.encode(rows, scripts_tokenizer, ("A", "B"), 8)
    assert all(feature.length <= 8 for feature in features)
    assert sum(len(feature.labels) for feature in features) == 2


def test_unknown_tags_are_refused(tokenizer):
    with pytest.raises(UserError, match="tag 'B'"):
        TAGS.encode(ROW, tokenizer, ("A", "C"), 16)


def test_empty_rows_give_empty_predictions(tokenizer):
    rows = {"words": [[], ["w0"]], "tags": [[], ["A"]]}
    features = TAGS.encode(rows, tokenizer, ("A",), 16)
    assert TAGS.decode(rows, features, [np.array([0])], ("A",)) == [[], ["A"]]
