"""The English dev set of a target: all that a recipe or a model may be chosen by.

>>> rows = dev_set(source, "xquad", 200)     # SQuAD's dev set: XQuAD has none of its own  # doctest: +SKIP

A choice that looks at another language's dev set rests on that language's labels, and what follows is not
zero-shot any more. Even in English, what is chosen by must not be what is reported: SQuAD's dev set holds the
originals of XQuAD's questions, so after such a choice XQuAD's English score, and it alone, is flattered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tasks import task
from . import Need, absent

if TYPE_CHECKING:
    from datasets import Dataset

    from . import Source

ENGLISH = "en"


def dev_need(source: Source, name: str) -> Need | None:
    """Which split chooses for target `name`: its own English dev set, or that of the task it is trained on.

    None where the source holds neither, or only in another format than the target's.
    """
    row = task(name)
    for each in dict.fromkeys((name, row.train or name)):
        need = Need(each, "dev", ENGLISH)
        if task(each).format == row.format and not any(absent(source, [need])):
            return need
    return None


def dev_set(source: Source, name: str, limit: int | None = None) -> dict[str, Dataset]:
    """{"en": rows} of the English dev set of target `name`, at most `limit` of them; {} where there is
    none."""
    need = dev_need(source, name)
    return {ENGLISH: source.load(need.task, need.split, need.language, limit)} if need else {}
