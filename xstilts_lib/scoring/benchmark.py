"""The benchmarks: their tasks, languages, groups and averages, and the report that `xstilts score` writes.

The composition is XTREME's and XTREME-R's own (google-research/xtreme, evaluate.py): a task is the mean over
its languages, a question-answering task counts (F1 + exact match) / 2, a group and the benchmark are means
over tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..common.errors import UserError, nearest
from ..tasks import TASKS
from .scorers import known_labels, scorer

_PANX = (
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my "
    "zh kk tr et fi hu"
)
_UDPOS = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_TATOEBA = " ".join(code for code in _PANX.split() if code not in ("en", "ms", "my", "yo"))
_XNLI = "ar bg de el en es fr hi ru sw th tr ur vi zh"
_XQUAD = "en es de el ru tr ar vi th zh hi"
_MLQA = "en es de ar hi vi zh"
_TYDIQA = "en ar bn fi id ko ru sw te"


@dataclass(frozen=True)
class Benchmark:
    languages: Mapping[str, tuple[str, ...]]
    """Of each task."""
    groups: Mapping[str, tuple[str, ...]]
    """Tasks of each group; a group has a score where all of its tasks have one."""


def _languages(**tasks: str) -> dict[str, tuple[str, ...]]:
    return {task: tuple(codes.split()) for task, codes in tasks.items()}


def _miniature() -> Benchmark:
    targets = {name: row for name, row in TASKS.items() if name.startswith("mini_") and row.role == "target"}
    groups: dict[str, tuple[str, ...]] = {}
    for name, row in targets.items():
        groups[row.group] = (*groups.get(row.group, ()), name)
    return Benchmark({name: row.languages for name, row in targets.items()}, groups)


BENCHMARKS: Mapping[str, Benchmark] = {
    "xtreme": Benchmark(
        _languages(pawsx="de en es fr ja ko zh", xnli=_XNLI, panx=_PANX, udpos=_UDPOS, bucc2018="de fr ru zh",
                   tatoeba=_TATOEBA, xquad=_XQUAD, mlqa=_MLQA, tydiqa=_TYDIQA),
        {
            "classification": ("pawsx", "xnli"),
            "tagging": ("udpos", "panx"),
            "qa": ("xquad", "mlqa", "tydiqa"),
            "retrieval": ("bucc2018", "tatoeba"),
        },
    ),
    "xtreme-r": Benchmark(
        _languages(xnli=_XNLI, panx=f"{_PANX} qu pl uk az lt pa gu ro", udpos=f"{_UDPOS} lt pl uk wo ro",
                   tatoeba=f"{_TATOEBA} az lt pl uk ro", xcopa="et ht id it qu sw ta th tr vi zh",
                   mewslix="ar de en es fa ja pl ro ta tr uk", lareqa="ar de el en es hi ru th tr vi zh",
                   xquad=f"{_XQUAD} ro", mlqa=_MLQA, tydiqa=_TYDIQA),
        # The groups of evaluate.py, which scores LAReQA elsewhere; the benchmark's score needs it all the
        # same.
        {
            "classification": ("xnli", "xcopa"),
            "tagging": ("udpos", "panx"),
            "qa": ("xquad", "mlqa", "tydiqa"),
            "retrieval": ("mewslix", "tatoeba"),
            "multi_choice": ("xcopa",),
        },
    ),
    "miniature": _miniature(),
}  # fmt: skip


def file_name(task: str, language: str) -> str:
    """The name of a task's prediction or label file in XTREME's layout, `{folder}/{task}/{file_name}`."""
    return f"test-{language}.{scorer(task).suffix}"


def score_language(task: str, predictions: Path, labels: Path, language: str) -> dict[str, float]:
    """{metric: percent} of one prediction file against its label file."""
    rule = scorer(task)
    return rule.metrics(*rule.read(predictions, labels, known_labels(task)), language)


def score_task(
    task: str, predictions: Path | str, labels: Path | str, languages: Iterable[str] | None = None
) -> dict[str, dict[str, float]]:
    """{language: {metric: percent}} of the folders `predictions/task` and `labels/task`.

    `languages`: those to score; None = all that the label folder holds. UserError for a file that is missing.
    """
    ours, theirs = Path(predictions) / task, Path(labels) / task
    suffix = f".{scorer(task).suffix}"
    if languages is None:
        languages = sorted(path.stem.removeprefix("test-") for path in theirs.glob(f"test-*{suffix}"))
        if not languages:
            raise UserError(f"{theirs} holds no test-*{suffix}.")
    names = {language: file_name(task, language) for language in languages}
    missing = [language for language, name in names.items() if not (ours / name).is_file()]
    if missing:
        raise UserError(
            f"{ours / names[missing[0]]} is missing (languages without predictions: {' '.join(missing)})."
        )
    return {
        language: score_language(task, ours / name, theirs / name, language)
        for language, name in names.items()
    }


def example_scores(task: str, predictions: Path | str, labels: Path | str, language: str) -> Any:
    """What each test example contributes, in the order of the label file, for resampling.

    Float64: (n,) percents whose mean is the score, or (n, 3) counts of right, predicted and gold items where
    the score is an F1, which is no mean over examples (tags, BUCC). `combine` turns any sample of the rows
    into a score.
    """
    rule = scorer(task)
    name = file_name(task, language)
    files = Path(predictions) / task / name, Path(labels) / task / name
    return rule.examples(*rule.read(*files, known_labels(task)), language)


def combine(rows: Any) -> float:
    """The score, in percent, of a sample of `example_scores`."""
    if rows.ndim == 1:
        return float(rows.mean())
    right, predicted, gold = rows.sum(axis=0)
    return float(200 * right / (predicted + gold)) if right else 0.0


def headline(metrics: Mapping[str, float], task: str) -> float:
    """The one number of a language or task: F1, accuracy, map@20, or (F1 + exact match) / 2 for questions."""
    names = scorer(task).headline
    return sum(metrics[name] for name in names) / len(names)


def summary(task: str, languages: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """{"languages", "averages", "score"} of a task: means over its languages."""
    names = next(iter(languages.values()))
    averages = {name: sum(each[name] for each in languages.values()) / len(languages) for name in names}
    return {"languages": dict(languages), "averages": averages, "score": headline(averages, task)}


def score_benchmark(predictions: Path | str, labels: Path | str, benchmark: str = "xtreme") -> dict[str, Any]:
    """All that can be scored of a benchmark: {"tasks", "groups", "score"}, values in percent.

    A task without a folder of predictions is left out. A language that neither folder holds is named under
    the task's "missing"; one that only the labels hold is an error, as it is in XTREME. Groups and the
    benchmark's score are means over tasks that are complete: a group that lacks one is absent, and the score
    is None.
    """
    if benchmark not in BENCHMARKS:
        raise UserError(f"There is no benchmark {benchmark!r}: {nearest(benchmark, BENCHMARKS)}")
    rules = BENCHMARKS[benchmark]
    ours, theirs = Path(predictions), Path(labels)
    for folder in (ours, theirs):
        if not folder.is_dir():
            raise UserError(f"{folder} is no folder: it should hold a folder for each task.")
    tasks = {task: _task_report(task, ours, theirs, codes) for task, codes in rules.languages.items()
             if (ours / task).is_dir()}  # fmt: skip
    if not tasks:
        raise UserError(
            f"{ours} holds a folder of none of {benchmark}'s tasks ({', '.join(rules.languages)})."
        )
    scores = {task: report["score"] for task, report in tasks.items() if "missing" not in report}
    groups = {group: _mean(scores[task] for task in members)
              for group, members in rules.groups.items() if set(members) <= set(scores)}  # fmt: skip
    complete = set(scores) == set(rules.languages)
    return {"tasks": tasks, "groups": groups, "score": _mean(scores.values()) if complete else None}


def _task_report(task: str, predictions: Path, labels: Path, languages: tuple[str, ...]) -> dict[str, Any]:
    if not (labels / task).is_dir():
        raise UserError(f"{labels} has no folder {task}, for which there are predictions.")
    files = {
        code: [root / task / file_name(task, code) for root in (predictions, labels)] for code in languages
    }
    absent = [code for code, paths in files.items() if not any(path.exists() for path in paths)]
    present = [code for code in languages if code not in absent]
    if not present:
        raise UserError(
            f"{predictions / task} and {labels / task} hold no {file_name(task, languages[0])} or the like."
        )
    report = summary(task, score_task(task, predictions, labels, present))
    return report | {"missing": absent} if absent else report


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
