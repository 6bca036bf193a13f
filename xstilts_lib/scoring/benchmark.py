"""From prediction files to the scores of languages, tasks and benchmarks: what `xstilts score` writes.

The composition is XTREME's and XTREME-R's own (google-research/xtreme, evaluate.py): a task is the mean over
its languages, a question-answering task counts (F1 + exact match) / 2, a group and the benchmark are means
over tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.errors import UserError, nearest
from ..tasks import TASKS, task
from . import answers, labels, retrieval, tags

if TYPE_CHECKING:
    import numpy as np

Read = Callable[[Path, Path, tuple[str, ...]], tuple[Any, Any]]
Metrics = Callable[[Any, Any, str], dict[str, float]]
Examples = Callable[[Any, Any, str], "np.ndarray"]


@dataclass(frozen=True)
class Scorer:
    """From the files of one language to its metrics."""

    suffix: str
    """Of the files: tsv, json or jsonl."""
    read: Read
    """(prediction file, label file, known labels) -> (gold, predicted)"""
    metrics: Metrics
    """(gold, predicted, language) -> {name: percent}"""
    headline: tuple[str, ...]
    """The metrics whose mean is the task's score."""
    examples: Examples | None = None
    """(gold, predicted, language) -> percent of each example, float64 (n,); None where the score is an F1, or
    over tokens, and no mean over examples."""


def _of_answers(scores: Callable[[Any, Any, str], answers.Scores]) -> Scorer:
    return Scorer(
        "json",
        answers.read,
        lambda *sides: answers.means(scores(*sides)),
        ("f1", "exact_match"),
        lambda *sides: answers.halves(scores(*sides)),
    )


# By metric, and where one metric is several, by metric and format, or what else `scorer` says.
SCORERS: Mapping[str, Scorer] = {
    "accuracy": Scorer("tsv", labels.read, labels.accuracy, ("accuracy",), labels.examples),
    "accuracy choice": Scorer("jsonl", labels.read_choices, labels.accuracy, ("accuracy",), labels.examples),
    "accuracy tags": Scorer("tsv", tags.read, tags.token_accuracy, ("token_accuracy",)),
    "accuracy and f1": Scorer("tsv", labels.read, labels.accuracy_and_f1, ("accuracy",), labels.examples),
    "tag_f1": Scorer("tsv", tags.read, tags.entity_f1, ("f1",)),
    "tag_f1 pos": Scorer("tsv", tags.read, tags.pos, ("f1",)),
    "squad": _of_answers(answers.squad),
    "squad_v2": _of_answers(answers.squad_v2),
    "mlqa": _of_answers(answers.mlqa),
    "bucc": Scorer("tsv", retrieval.read_pairs, retrieval.pair_metrics, ("f1",)),
    "tatoeba": Scorer("tsv", labels.read_places, labels.accuracy, ("accuracy",), labels.examples),
    "map@20": Scorer("json", retrieval.read_rankings, retrieval.mean_average_precision, ("map@20",),
                     retrieval.average_precisions),
}  # fmt: skip


def scorer(name: str) -> Scorer:
    """The scorer of a task of the table; UserError with the nearest name for a task that has none."""
    row = task(name)
    kind = f"{row.metric} {row.format}"
    if row.metric == "tag_f1" and "O" not in row.labels:
        kind = "tag_f1 pos"
    elif row.counterpart == "qqp":
        kind = "accuracy and f1"
    found = SCORERS.get(kind) or SCORERS.get(row.metric)
    if found is None:
        raise UserError(f"{name} has no prediction files to score (its metric is {row.metric}).")
    return found


def known_labels(name: str) -> tuple[str, ...]:
    """The labels that the task's files may hold, of choices their numbers; () where any may stand."""
    row = task(name)
    return row.labels or tuple(map(str, range(row.choices)))


@dataclass(frozen=True)
class Benchmark:
    languages: Mapping[str, tuple[str, ...]]
    """Of each task."""
    groups: Mapping[str, tuple[str, ...]]
    """Tasks of each group; a group has a score where all of its tasks have one."""


# The languages that XTREME-R added, where it kept a task.
_ADDED = ("az", "gu", "lt", "pa", "pl", "qu", "ro", "uk", "wo")


def _xtreme(*names: str) -> dict[str, tuple[str, ...]]:
    """The languages of tasks in XTREME; the table has XTREME-R's."""
    return {name: tuple(code for code in TASKS[name].languages if code not in _ADDED) for name in names}


def _xtreme_r(*names: str) -> dict[str, tuple[str, ...]]:
    """In the order of XTREME-R, in which means are taken: Tatoeba's new languages are not the table's."""
    tatoeba = {"tatoeba": (*_xtreme("tatoeba")["tatoeba"], "az", "lt", "pl", "uk", "ro")}
    return {name: tatoeba.get(name, TASKS[name].languages) for name in names}


BENCHMARKS: Mapping[str, Benchmark] = {
    "xtreme": Benchmark(
        _xtreme("pawsx", "xnli", "panx", "udpos", "bucc2018", "tatoeba", "xquad", "mlqa", "tydiqa"),
        {
            "classification": ("pawsx", "xnli"),
            "tagging": ("udpos", "panx"),
            "qa": ("xquad", "mlqa", "tydiqa"),
            "retrieval": ("bucc2018", "tatoeba"),
        },
    ),
    "xtreme-r": Benchmark(
        _xtreme_r(
            "xnli", "panx", "udpos", "tatoeba", "xcopa", "mewslix", "lareqa", "xquad", "mlqa", "tydiqa"
        ),
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
}


def file_name(task: str, language: str) -> str:
    """The name of a task's prediction or label file in XTREME's layout, `{folder}/{task}/{file_name}`."""
    return f"test-{language}.{scorer(task).suffix}"


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
    rule, names = scorer(task), {language: file_name(task, language) for language in languages}
    missing = [language for language, name in names.items() if not (ours / name).is_file()]
    if missing:
        raise UserError(
            f"{ours / names[missing[0]]} is missing (languages without predictions: {' '.join(missing)})."
        )
    known = known_labels(task)
    return {
        language: rule.metrics(*rule.read(ours / name, theirs / name, known), language)
        for language, name in names.items()
    }


def example_scores(
    task: str, predictions: Path | str, labels: Path | str, language: str
) -> np.ndarray | None:
    """Percent of each test example, in the order of the label file, float64 (n,): their mean is the score.

    None where the score is no mean over examples (tags, BUCC).
    """
    rule = scorer(task)
    if rule.examples is None:
        return None
    name = file_name(task, language)
    files = Path(predictions) / task / name, Path(labels) / task / name
    return rule.examples(*rule.read(*files, known_labels(task)), language)


def headline(metrics: Mapping[str, float], task: str) -> float:
    """The one number of a language or task: F1, accuracy, map@20, or (F1 + exact match) / 2 for questions."""
    names = scorer(task).headline
    return sum(metrics[name] for name in names) / len(names)


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
        raise UserError(f"{ours} has a folder of none of {benchmark}'s tasks ({', '.join(rules.languages)}).")
    scores = {task: report["score"] for task, report in tasks.items() if "missing" not in report}
    groups = {group: _mean(scores[task] for task in members)
              for group, members in rules.groups.items() if set(members) <= set(scores)}  # fmt: skip
    complete = set(scores) == set(rules.languages)
    return {"tasks": tasks, "groups": groups, "score": _mean(scores.values()) if complete else None}


def _task_report(task: str, predictions: Path, labels: Path, languages: tuple[str, ...]) -> dict[str, Any]:
    """{"languages", "averages", "score"} of a task: means over its languages."""
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
    scores = score_task(task, predictions, labels, present)
    averages = {name: _mean(each[name] for each in scores.values()) for name in scores[present[0]]}
    report = {"languages": scores, "averages": averages, "score": headline(averages, task)}
    return report | {"missing": absent} if absent else report


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
