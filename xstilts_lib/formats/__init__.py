"""The seven shapes of example; adding one is adding a file here.

>>> FORMATS["pair"].columns
('id', 'first', 'second', 'label')
"""

from __future__ import annotations

from .base import Batch, Feature, Format, Joined, Segmenter
from .bitext import BitextFormat
from .choice import ChoiceFormat
from .pair import PairFormat
from .ranking import RankingFormat
from .span import SpanFormat
from .tags import TagsFormat
from .text import TextFormat

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        PairFormat(),
        ChoiceFormat(),
        TagsFormat(),
        SpanFormat(),
        BitextFormat(),
        RankingFormat(),
        TextFormat(),
    )
}

__all__ = ["FORMATS", "Batch", "Feature", "Format", "Joined", "Segmenter"]
