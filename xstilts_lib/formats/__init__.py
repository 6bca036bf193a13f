"""The seven shapes of example; adding one is adding a subclass of `Format` here.

>>> FORMATS["pair"].columns
('id', 'first', 'second', 'label')
"""

from __future__ import annotations

from .base import Batch, Feature, Format, Joined
from .pooled import ChoiceFormat, PairFormat
from .ranking import BitextFormat, RankingFormat
from .segmenter import Segmenter
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
