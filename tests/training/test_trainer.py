"""What transformers' Trainer does to an update in parts, beside ours: the book's example of the defect.

If a new version of transformers makes these tests fail, the chapter on training has to be told.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from xstilts_lib.formats import FORMATS

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
CLASSES = {"pair": AutoModelForSequenceClassification, "tags": AutoModelForTokenClassification}


@pytest.fixture
def gradients(monkeypatch):
    """The benchmark of that name, as a module."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import gradients

    return gradients


@pytest.fixture
def job(gradients, tokenizer, make_rows, labels_of):
    def make(form):
        # Lengths differ, so that parts hold unequal numbers of tags.
        features = FORMATS[form].encode(make_rows(form, 16, (3, 9)), tokenizer, labels_of[form], 64)
        return gradients.Work(
            form, "random words", FORMATS[form], features, labels_of[form], len(tokenizer), 1, None,
            CLASSES[form],
        )  # fmt: skip

    return make


@pytest.mark.parametrize("form", list(CLASSES))
def test_parts_change_trainers_update_and_not_ours(form, gradients, job):
    work = job(form)
    for parts in (2, 8):
        assert gradients.ours(work, parts) == pytest.approx(gradients.ours(work, 1), rel=1e-5)
        whole, divided = gradients.theirs(work, 1), gradients.theirs(work, parts)
        # As many times too large as there are parts; for tags nearly, as their means are unequal too.
        assert divided[0] / whole[0] == pytest.approx(parts, rel=0.02)
        assert divided[1] / whole[1] == pytest.approx(parts, rel=0.2)
