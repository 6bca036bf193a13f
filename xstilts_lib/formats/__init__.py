"""The seven shapes of example; adding one is adding a subclass of `Format` here.

>>> FORMATS["pair"].name
'pair'
"""

from __future__ import annotations

from .base import Batch, Feature, Format, Joined
from .pooled import ChoiceFormat, PairFormat
from .ranking import BitextFormat, RankingFormat
from .segmenter import Segmenter
from .span import SpanFormat
from .tags import TagsFormat
from .text import TextFormat

_KINDS = PairFormat, ChoiceFormat, TagsFormat, SpanFormat, BitextFormat, RankingFormat, TextFormat
FORMATS: dict[str, Format] = {kind.name: kind() for kind in _KINDS}

__all__ = ["FORMATS", "Batch", "Feature", "Format", "Joined", "Segmenter"]
