"""The rows of the target tasks, XTREME's and XTREME-R's, and of the text to learn languages from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import languages
from .row import ENTITIES, NLI, UPOS, FormatName, Group, Metric, Task

_SOURCES = ("files", "hub")


def _task(
    name: str,
    title: str,
    format: FormatName,
    group: Group,
    metric: Metric,
    codes: tuple[str, ...],
    **more: Any,
) -> Task:
    more = {"sources": _SOURCES, **more}
    return Task(name, title, "target", format, group, metric, codes, **more)


def _sizes(**splits: str | int) -> Mapping[str, int]:
    """Sizes by split and language: `test="ar:1680 en:5440"` is {"test/ar": 1680, "test/en": 5440}."""

    def entries() -> Iterator[tuple[str, int]]:
        for split, text in splits.items():
            if isinstance(text, int):
                yield split, text
                continue
            for entry in text.split():
                code, number = entry.split(":")
                yield f"{split}/{code}", int(number)

    return dict(entries())


def _panx_sizes() -> Mapping[str, int]:
    # (train, dev and test each, languages)
    table = (
        (20_000, 10_000, "ar bg de el en es fa fi fr he hu id it ja ko nl pl pt ro ru th tr uk vi zh"),
        (20_000, 1_000, "ms ur"),
        (15_000, 10_000, "et"),
        (15_000, 1_000, "ta"),
        (10_000, 10_000, "eu ka lt"),
        (10_000, 1_000, "az bn ml tl"),
        (5_000, 1_000, "af hi mr"),
        (1_000, 1_000, "kk sw te"),
        (100, 100, "gu jv my pa qu yo"),
    )
    return {
        f"{split}/{code}": size
        for train, held_out, codes in table
        for code in codes.split()
        for split, size in (("train", train), ("dev", held_out), ("test", held_out))
    }


ROWS = (
    _task(
        "xnli",
        "XNLI",
        "pair",
        "classification",
        "accuracy",
        languages.XNLI,
        labels=NLI,
        train="mnli",
        sizes=_sizes(dev=2_490, test=5_010),
        licence="CC BY-NC 4.0",
        citation="conneau2018xnli",
    ),
    _task(
        "pawsx",
        "PAWS-X",
        "pair",
        "classification",
        "accuracy",
        languages.PAWSX,
        labels=("0", "1"),
        train="pawsx",
        sizes=_sizes(train=49_401, dev=2_000, test=2_000),
        licence="may be freely used for any purpose",
        citation="yang2019pawsx",
        note="rows that were not translated read 'NS' and carry label 0; XTREME keeps them",
    ),
    _task(
        "udpos",
        "Parts of speech",
        "tags",
        "structured prediction",
        "tag_f1",
        languages.UDPOS,
        labels=UPOS,
        train="udpos",
        sizes=_sizes(
            train="en:21253",
            dev="en:3974",
            test="ar:1680 de:20436 el:456 en:5440 es:3147 eu:1799 fi:4422 fr:5009 hi:2684 ja:2372 ru:8976 "
            "ta:120 tl:55 tr:4785 vi:800 wo:470 yo:100 zh:3455",
        ),
        licence="a licence a treebank, some non-commercial",
        citation="nivre2020ud",
        note="every treebank of a language in one; multiword tokens fused",
    ),
    _task(
        "ud",
        "Parts of speech, single treebanks",
        "tags",
        "structured prediction",
        "tag_f1",
        languages.UDPOS,
        labels=UPOS,
        train="ud",
        sources=("files",),
        licence="a licence a treebank, some non-commercial",
        citation="nivre2020ud",
        note="treebanks of your choice, any release; multiword tokens fused",
    ),
    _task(
        "panx",
        "Named entities (PAN-X)",
        "tags",
        "structured prediction",
        "tag_f1",
        languages.PANX,
        labels=ENTITIES,
        train="panx",
        sizes=_panx_sizes(),
        licence="not stated",
        citation="pan2017wikiann",
        note="drawn from Wikipedia by machine; an entity may begin with I-",
    ),
    _task(
        "xquad",
        "XQuAD",
        "span",
        "question answering",
        "squad",
        languages.XQUAD,
        train="squad_v1",
        sizes=_sizes(test=1_190),
        licence="CC BY-SA 4.0",
        citation="artetxe2020xquad",
        note="a part of SQuAD's dev set, translated by people",
    ),
    _task(
        "mlqa",
        "MLQA",
        "span",
        "question answering",
        "mlqa",
        languages.MLQA,
        train="squad_v1",
        sizes=_sizes(
            dev="ar:517 de:512 en:1148 es:500 hi:507 vi:511 zh:504",
            test="ar:5335 de:4517 en:11590 es:5253 hi:4918 vi:5495 zh:5137",
        ),
        licence="CC BY-SA 3.0",
        citation="lewis2020mlqa",
        note="context and question in the same language",
    ),
    _task(
        "tydiqa",
        "TyDiQA-GoldP",
        "span",
        "question answering",
        "squad",
        languages.TYDIQA,
        train="tydiqa",
        sizes=_sizes(
            train="ar:14805 bn:2390 en:3696 fi:6855 id:5702 ko:1625 ru:6490 sw:2755 te:5563",
            test="ar:921 bn:113 en:440 fi:782 id:565 ko:276 ru:812 sw:499 te:669",
        ),
        licence="Apache-2.0",
        citation="clark2020tydiqa",
        note="test is the publisher's dev set; the publisher's file mixes nine languages",
    ),
    _task(
        "bucc2018",
        "BUCC 2018",
        "bitext",
        "retrieval",
        "bucc",
        languages.BUCC,
        # Pairs, among many sentences without a partner.
        sizes=_sizes(dev="de:1038 fr:929 ru:2374 zh:257", test="de:9580 fr:9086 ru:14435 zh:1899"),
        licence="for research",
        citation="zweigenbaum2017bucc",
        note="dev is the publisher's sample set, test its training set",
    ),
    _task(
        "tatoeba",
        "Tatoeba",
        "bitext",
        "retrieval",
        "tatoeba",
        languages.TATOEBA,
        sizes=_sizes(test=1_000) | _sizes(test="jv:205 ka:746 kk:575 ml:687 sw:390 ta:307 te:234 th:548"),
        licence="CC BY 2.0 FR",
        citation="artetxe2019laser",
        note="XTREME's copy sorts the English side, which loses the pairs",
    ),
    _task(
        "xcopa",
        "XCOPA",
        "choice",
        "classification",
        "accuracy",
        languages.XCOPA,
        choices=2,
        train="copa",
        sizes=_sizes(dev=100, test=500),
        licence="CC BY 4.0",
        citation="ponti2020xcopa",
        note="XTREME-R trains on Social IQa, then on COPA",
    ),
    _task(
        "lareqa",
        "LAReQA (XQuAD-R)",
        "ranking",
        "retrieval",
        "map@20",
        languages.LAREQA,
        train="squad_v1",
        sizes=_sizes(
            test=1_190,
            candidates="ar:1222 de:1276 el:1234 en:1180 es:1215 hi:1244 ru:1219 th:852 tr:1167 vi:1209 "
            "zh:1196",
        ),
        licence="CC BY-SA 4.0",
        citation="roy2020lareqa",
        note="a question is answered by a sentence of every language: the ids of questions are shared",
    ),
    _task(
        "mewslix",
        "Mewsli-X",
        "ranking",
        "retrieval",
        "map@20",
        languages.MEWSLIX,
        train="mewslix",
        licence="Apache-2.0",
        citation="ruder2021xtremer",
        note="mentions against a million entities; what the benchmark calls mAP@20 is a reciprocal rank",
    ),
    Task(
        "text",
        "Multilingual text",
        "text",
        "text",
        "language modelling",
        "perplexity",
        languages.TEXT,
        ("hub",),
        train="text",
        licence="that of the sets it is drawn from",
        citation="conneau2020xlmr",
        note="Wikipedia (CC BY-SA); no sentence of the experiment's evaluation sets",
    ),
)
