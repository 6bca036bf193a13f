"""The rows of the intermediate tasks: the nine of the paper, what ANLI+ is made of, and XTREME-R's two."""

from __future__ import annotations

from typing import Any

from .row import NLI, FormatName, Group, Metric, Task

_SOURCES = ("files", "hub")


def _task(name: str, title: str, format: FormatName, group: Group, metric: Metric, **more: Any) -> Task:
    """An English task that trains on its own training set."""
    more = {"sources": _SOURCES, "train": name, **more}
    return Task(name, title, "intermediate", format, group, metric, ("en",), **more)


_CLASSIFICATION: Group = "classification"
_NLI_NOTE = "one shared head of three labels; SNLI's rows without a gold label are left out"

ROWS = (
    _task(
        "anli_plus",
        "ANLI+",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=NLI,
        parts=("snli", "mnli", "anli"),
        sizes={"train": 1_104_934, "dev": 22_857},
        licence="that of its parts",
        citation="nie2020anli",
        note=_NLI_NOTE,
    ),
    _task(
        "snli",
        "SNLI",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=NLI,
        sizes={"train": 549_367, "dev": 9_842, "test": 9_824},
        licence="CC BY-SA 4.0",
        citation="bowman2015snli",
        note="rows on which the annotators did not agree ('-') are left out",
    ),
    _task(
        "snli_revised",
        "SNLI with counterfactual revisions",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=NLI,
        sources=("files",),
        sizes={"train": 8_330, "dev": 1_000, "test": 2_000},
        licence="Apache-2.0",
        citation="kaushik2020counterfactual",
    ),
    _task(
        "mnli",
        "MultiNLI",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=NLI,
        sizes={"train": 392_702, "dev": 9_815},
        licence="OANC, and others by genre",
        citation="williams2018mnli",
        note="dev is the matched half; machine-translated into XNLI's languages as XNLI-MT",
    ),
    _task(
        "anli",
        "Adversarial NLI, rounds 1 to 3",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=NLI,
        sizes={"train": 162_865, "dev": 3_200, "test": 3_200},
        licence="CC BY-NC 4.0",
        citation="nie2020anli",
    ),
    _task(
        "qqp",
        "Quora Question Pairs",
        "pair",
        _CLASSIFICATION,
        "accuracy",
        labels=("not_duplicate", "duplicate"),
        sizes={"train": 363_846, "dev": 40_430, "test": 390_965},
        licence="Quora's terms: non-commercial",
        citation="wang2019glue",
    ),
    _task(
        "squad_v1",
        "SQuAD 1.1",
        "span",
        "question answering",
        "squad",
        sizes={"train": 87_599, "dev": 10_570},
        licence="CC BY-SA 4.0",
        citation="rajpurkar2016squad",
        note="machine-translated by MLQA's and XTREME's authors",
    ),
    _task(
        "squad_v2",
        "SQuAD 2.0",
        "span",
        "question answering",
        "squad_v2",
        labels=("no answer",),
        sizes={"train": 130_319, "dev": 11_873},
        licence="CC BY-SA 4.0",
        citation="rajpurkar2018squad2",
        note="an empty list of answers: the question has none",
    ),
    _task(
        "hellaswag",
        "HellaSwag",
        "choice",
        _CLASSIFICATION,
        "accuracy",
        choices=4,
        sizes={"train": 39_905, "dev": 10_042, "test": 10_003},
        licence="MIT",
        citation="zellers2019hellaswag",
    ),
    _task(
        "ccg",
        "CCG supertagging",
        "tags",
        "structured prediction",
        "accuracy",
        sources=("files",),
        licence="LDC2005T13: your own licensed copy",
        citation="hockenmaier2007ccgbank",
        note="labels are the supertags of the copy; sections 02-21 train, 00 dev, 23 test",
    ),
    _task(
        "cosmosqa",
        "Cosmos QA",
        "choice",
        _CLASSIFICATION,
        "accuracy",
        choices=4,
        sizes={"train": 25_262, "dev": 2_985, "test": 6_963},
        licence="CC BY 4.0",
        citation="huang2019cosmosqa",
    ),
    _task(
        "commonsenseqa",
        "CommonsenseQA",
        "choice",
        _CLASSIFICATION,
        "accuracy",
        choices=5,
        sizes={"train": 9_741, "dev": 1_221, "test": 1_140},
        licence="MIT",
        citation="talmor2019commonsenseqa",
    ),
    _task(
        "socialiqa",
        "Social IQa",
        "choice",
        _CLASSIFICATION,
        "accuracy",
        choices=3,
        sizes={"train": 33_410, "dev": 1_954},
        licence="not stated",
        citation="sap2019socialiqa",
    ),
    _task(
        "copa",
        "COPA",
        "choice",
        _CLASSIFICATION,
        "accuracy",
        choices=2,
        sizes={"train": 400, "dev": 100, "test": 500},
        licence="the publisher's own terms",
        citation="roemmele2011copa",
    ),
)
