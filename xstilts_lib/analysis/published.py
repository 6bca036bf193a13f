"""Published numbers, each with its citation: to be read beside ours, never to be averaged with them.

>>> from xstilts_lib.analysis import published
>>> [row.value for row in published.PUBLISHED if (row.system, row.target) == ("X-STILTs", "xnli")]
[80.0]

They are another encoder's, of another size, on other data; in the miniature, on other languages. So they
stand in a table of their own, and nothing computes with them but the difference of two published systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

ZERO_SHOT = "zero-shot"
TRANSLATED = "trained on translations too"
SUBMITTED = "as submitted to XTREME"
UNTOUCHED = "no fine-tuning"
GAIN = "mean gain"
MEAN = "mean over targets"


@dataclass(frozen=True)
class Published:
    """One number that others report."""

    system: str
    setting: str
    target: str
    """A task of the table of tasks, or what the number is a mean over."""
    metric: str
    value: float
    """Percent, or points for a gain."""
    citation: str
    """A key of book/references.bib."""
    place: str
    """Where it was read."""
    language: str = "all"


# XTREME's test sets. Question answering as exact match / F1.
_XTREME_TARGETS = ("xnli", "udpos", "panx", "pawsx", "xquad", "mlqa", "tydiqa")
_XTREME = {
    "X-STILTs": "80.0 74.9 64.0 87.9 63.3/78.7 53.7/72.4 59.5/76.0",
    "XLM-R Large": "79.2 73.8 65.4 86.4 60.8/76.6 53.2/71.6 45.0/65.1",
    "FILTER": "83.9 76.2 67.7 91.4 68.0/82.4 57.7/76.2 50.9/68.3",
    "VECO": "83.0 75.1 65.7 91.1 66.3/79.9 54.9/73.1 58.9/75.0",
    "RemBERT": "80.8 76.5 70.1 87.5 64.0/79.6 55.0/73.1 63.0/77.0",
}
_METRICS = {"udpos": "f1", "panx": "f1"}
_MT5_TARGETS = ("xnli", "pawsx", "panx", "xquad", "tydiqa")
_MT5 = {
    "mT5 Small": "67.5 82.4 50.5 58.1 36.4",
    "mT5 Base": "75.4 86.4 55.7 67.0 59.1",
    "mT5 Large": "81.1 88.9 58.5 77.8 68.4",
    "mT5 XL": "82.9 89.6 65.5 79.5 77.8",
    "mT5 XXL": "85.0 90.0 69.2 82.5 82.0",
}
_XLMR = {  # XNLI with translated training sets, MLQA zero-shot
    "XLM-R Large": (83.6, 70.7),
    "XLM-R XL (3.5B)": (85.4, 73.4),
    "XLM-R XXL (10.7B)": (86.0, 74.8),
}
_BUCC = "de .777 fr .627 ru .792 zh .665"
_TATOEBA = (
    "af .305 ar .204 bg .390 bn .133 de .639 el .189 es .480 et .258 eu .199 fa .420 fi .415 fr .481 he .280 "
    "hi .383 hu .425 id .470 it .423 ja .418 jv .102 ka .118 kk .174 ko .355 ml .194 mr .152 nl .526 pt .472 "
    "ru .421 sw .079 ta .091 te .197 th .274 tl .103 tr .378 ur .225 vi .383 zh .412"
)
_ABSTRACT = {
    "SQuAD": (8.2, MEAN),
    "MNLI": (7.5, MEAN),
    "HellaSwag": (7.0, MEAN),
    "all nine tasks at once": (8.7, MEAN),
    "the best task for each target": (5.4, "mean over XTREME's test sets"),
}


def _study() -> Iterator[Published]:
    for system, (value, target) in _ABSTRACT.items():
        yield Published(
            system, "gain over XLM-R Large", target, GAIN, value, "phang2020english", "the abstract"
        )


def _xtreme() -> Iterator[Published]:
    for system, line in _XTREME.items():
        for target, cell in zip(_XTREME_TARGETS, line.split(), strict=True):
            values = [float(value) for value in cell.split("/")]
            metrics = ("exact_match", "f1") if len(values) == 2 else (_METRICS.get(target, "accuracy"),)
            for metric, value in zip(metrics, values, strict=True):
                yield Published(
                    system, SUBMITTED, target, metric, value, "chung2021rembert", "tables 7 and 16"
                )


def _scale() -> Iterator[Published]:
    for system, (xnli, mlqa) in _XLMR.items():
        place = "the models' README in fairseq"
        yield Published(system, TRANSLATED, "xnli", "accuracy", xnli, "goyal2021xlmrxl", place)
        yield Published(system, ZERO_SHOT, "mlqa", "f1", mlqa, "goyal2021xlmrxl", place)
    for system, line in _MT5.items():
        for target, value in zip(_MT5_TARGETS, line.split(), strict=True):
            metric = "accuracy" if target in ("xnli", "pawsx") else "f1"
            place = "the models' README, November 2020"
            yield Published(system, ZERO_SHOT, target, metric, float(value), "xue2021mt5", place)


def _retrieval() -> Iterator[Published]:
    """XLM-R Large untouched, as the predecessor's authors checked their retrieval with."""
    for target, metric, line in (("bucc2018", "f1", _BUCC), ("tatoeba", "accuracy", _TATOEBA)):
        words = line.split()
        for code, share in zip(words[::2], words[1::2], strict=True):
            value = round(100 * float(share), 1)
            yield Published(
                "XLM-R Large", UNTOUCHED, target, metric, value, "pruksachatkun2020jiant",
                "pull request 128", code,
            )  # fmt: skip


PUBLISHED: tuple[Published, ...] = (*_study(), *_xtreme(), *_scale(), *_retrieval())


def table() -> pd.DataFrame:
    """Every number, a row each: the fields of Published."""
    return pd.DataFrame([asdict(row) for row in PUBLISHED])


def by_target() -> pd.DataFrame:
    """XTREME's test sets, a row a target: X-STILTs, XLM-R Large, and the first less the second.

    Scores are in percent; question answering counts the mean of exact match and F1, as XTREME does.
    """
    frame = table()
    frame = frame[frame["setting"] == SUBMITTED]
    wide = frame.pivot_table(index="target", columns="system", values="value", sort=False)
    wide = wide[["X-STILTs", "XLM-R Large"]].reset_index()
    return wide.assign(gain=wide["X-STILTs"] - wide["XLM-R Large"]).rename_axis(columns=None)
