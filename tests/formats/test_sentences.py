"""Where English sentences end: by hand, and against the breaks that XQuAD-R's publishers found."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from xstilts_lib.formats.ranking import spans

SHARED = Path(os.environ.get("XSTILTS_SHARED") or Path(__file__).resolve().parents[3] / "shared")


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rains."],
        ["It rains.", "Does it?", "Yes!", "1901 it did."],
        ["Mr. Gray met Dr. J. A. Hobson at 5 p.m. on Oct. 3.", "They spoke of the U.S. and others."],
        ['He said "Go."', '"Why?"', "(Nobody knew.)", "[Or told.]"],
        ["It cost 3.14 pounds, e.g. in 1901.[12][note 3]", "Élan is rare."],
        ["no end at all"],
    ],
)
def test_sentences_by_hand(sentences):
    paragraph = "  " + " ".join(sentences) + "\n"
    assert [paragraph[start:end] for start, end in spans(paragraph)] == sentences


def test_nothing_has_no_sentence():
    assert spans("") == spans(" \n ") == []


def test_the_answers_of_a_published_set_stand_in_the_sentences_it_names(tmp_path):
    archive = SHARED / "data" / "lareqa.tar.xz"
    if not archive.is_file():
        pytest.skip("the shared folder has no data/lareqa.tar.xz (XSTILTS_SHARED says where it is)")
    with tarfile.open(archive) as contents:
        contents.extractall(tmp_path, filter="data")
    content = json.loads((tmp_path / "lareqa" / "en.json").read_text(encoding="utf-8"))
    found = theirs = both = same = questions = 0
    for paragraph in (each for article in content["data"] for each in article["paragraphs"]):
        ours, published = spans(paragraph["context"]), [tuple(each) for each in paragraph["sentence_breaks"]]
        found, theirs = found + len(ours), theirs + len(published)
        both += len({end for _, end in ours} & {end for _, end in published})
        for question in paragraph["qas"]:
            start = question["answers"][0]["answer_start"]
            holders = [[each for each in side if each[0] <= start < each[1]] for side in (ours, published)]
            questions += 1
            same += holders[0] == holders[1]
    assert 2 * both / (found + theirs) > 0.99
    assert same / questions > 0.98
