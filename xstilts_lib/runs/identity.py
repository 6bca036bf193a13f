"""What decides the numbers of a part of a run: its settings, the library's code, and the data that it reads.

Of the settings and of the table of tasks counts what a run uses; of the code, rooms as a whole and a few
files of others, but no comment, docstring or layout. Data are known by their content: the rows of each split,
and weights that others trained.

>>> code("miniature", evaluation=False) == code("miniature", evaluation=False)
True
>>> data(Run(load_experiment("mine.yaml", "data"), "none", seed=0), "targets/xquad")        # doctest: +SKIP
{'squad_v1 train en': 'sha256:77c1...', 'xquad test de': 'sha256:5a01...'}
"""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import checksums, places
from ..common.errors import UserError, nearest
from ..sources import KINDS, Need, open_source
from ..sources.selection import dev_need
from ..tasks import TASKS, task
from ..tasks.recipe import UNTRAINED
from ..tasks.settings import EXECUTION
from .pretraining import text_task

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..sources.real import RealSource
    from .run import Run

ENCODER, RETRIEVAL, TARGETS = "encoder", "retrieval", "targets"  # parts of a run
_ROOT = Path(__file__).resolve().parents[1]
# Rooms and files behind an encoder; and those that turn one into scores, which may change without an encoder
# being trained again. All else carries numbers about, shows them, or starts what computes them.
_ENCODER = (
    "common/arithmetic.py", "common/reading.py", "formats", "models", "runs/pretraining.py", "sources",
    "training",
)  # fmt: skip
_SCORES = ("evaluation", "mining", "scoring", "sources/selection.py")
# What makes tables and sentences of scores, of the table of tasks, and of examples.
_SHOWN = (
    "analysis", "common/reading.py", "rendering/catalogue.py", "rendering/examples.py",
    "rendering/executed.py", "rendering/markup.py", "runs/records.py", "runs/results.py", "scoring",
    "sources", "tasks",
)  # fmt: skip
_TABLES = (".csv", ".toml")  # data that code reads
# Where data lie: what lies there counts, not where.
_PLACES = ("folder", "mirror", "cache")


def settings(run: Run, part: str) -> Any:
    """The settings of the experiment that decide the numbers of `part`, beyond those upstream; for all seeds
    the same, and so found once."""
    return run.experiment.once(("settings", run.recipe, part), lambda: _settings(run, part))


def _settings(run: Run, part: str) -> Any:
    experiment = run.experiment
    if part == ENCODER:
        if run.recipe.steps:
            return [run.recipe.last.name, _rows(run.recipe.last.names), _intermediate(run)]
        source = {key: value for key, value in experiment.source.items() if key not in _PLACES}
        if source["kind"] == "hub" and source.get("targets") is None:
            source["targets"] = experiment.targets  # the text to learn from holds none of their sentences
        pretraining = None if run.recipe.root == UNTRAINED else _stated(experiment.pretraining)
        model = dataclasses.asdict(experiment.model)
        if model["path"] and Path(model["path"]).is_dir():  # its content counts, see `data`, not its place
            model["path"] = None
        return [run.recipe.name, source, model, pretraining, dataclasses.asdict(experiment.workflow)]
    mine = run.tasks(part)
    splits = {name: split for name, split in experiment.evaluation.splits.items() if name in mine}
    evaluation = [
        dataclasses.asdict(dataclasses.replace(experiment.evaluation, splits=splits)),
        experiment.languages,
    ]
    if part == RETRIEVAL:
        return [_rows(mine), dataclasses.asdict(experiment.retrieval), evaluation]
    stated = _stated(experiment.settings_for("target", mine))
    trained = [task(name).train or "" for name in mine]
    return [_rows(mine), stated, evaluation, *_cleaned(experiment, trained)]


def _rows(names: Iterable[str]) -> list[Any]:
    """What of the table of tasks decides numbers."""
    rows = [task(name) for name in names]
    return [
        [row.name, row.format, row.metric, row.labels, row.train, row.parts, row.languages] for row in rows
    ]


def _intermediate(run: Run) -> list[Any]:
    """The settings of the step, and of each of its tasks alone: they say how many examples each one gives,
    of those that no target keeps for itself."""
    names, experiment = run.recipe.last.names, run.experiment
    parts = [names, *([name] for name in names)]
    stated = [_stated(experiment.settings_for("intermediate", part)) for part in parts]
    return [stated, [experiment.examples_kept(name) for name in names], *_cleaned(experiment, names)]


def _cleaned(experiment: Experiment, names: Iterable[str]) -> Iterator[list[str]]:
    """The targets whose evaluation sentences are dropped from the training sets `names`, if any are."""
    if experiment.source.get("overlaps") == "drop":
        yield sorted(name for name in experiment.targets if {name, task(name).train} & {*names})


def _stated(settings: Any) -> Any:
    if settings is None:
        return None
    return {key: value for key, value in dataclasses.asdict(settings).items() if key not in EXECUTION}


@cache
def code(source: str, evaluation: bool) -> str:
    """The hash of the code behind an encoder trained on `source`, or with `evaluation` behind scores."""
    return checksums.digest(
        [[file.relative_to(_ROOT).as_posix(), _dump(file)] for file in _files(source, evaluation)]
    )


@cache
def shows() -> str:
    """The hash of the code behind the notebooks that run no model: tables, sentences, figures, examples."""
    return checksums.digest([[file.name, _dump(file)] for file in _within(_SHOWN)])


def _files(source: str, evaluation: bool) -> Iterator[Path]:
    foreign = {_ROOT / "sources" / other for other in KINDS if other != source}
    left_out = set() if evaluation else set(_within(_SCORES))
    for file in _within((*_ENCODER, *_SCORES) if evaluation else _ENCODER):
        if file not in left_out and not foreign.intersection(file.parents):
            yield file


def _within(names: Iterable[str]) -> list[Path]:
    """The files of rooms, and files named by themselves, each once and in order."""
    found = (_ROOT / name for name in names)
    every = (file for place in found for file in ([place] if place.suffix else place.rglob("*.*")))
    return sorted({file for file in every if file.suffix in (".py", *_TABLES)})


@cache
def _dump(file: Path) -> str:
    if file.suffix in _TABLES:
        return file.read_text(encoding="utf-8")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def template_digest(name: str) -> str:
    """A hash of the code in a template, without its parameters: prose may change and nothing is rerun."""
    path = template_path(name)
    return _code_digest(path, path.stat().st_mtime_ns)


@cache
def _code_digest(path: Path, _changed: int) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [
        "".join(cell["source"]).strip()
        for cell in cells
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
    ]
    return checksums.digest(code)


def template_path(name: str) -> Path:
    """The file of the template called `name`; UserError where there is none."""
    path = places.notebooks() / f"{name}.ipynb"
    if not path.is_file():
        known = [file.stem for file in places.notebooks().glob("*.ipynb")]
        raise UserError(f"There is no notebook template {name!r}: {nearest(name, known)}")
    return path


def data(run: Run, part: str) -> dict[str, str] | None:
    """{what: checksum or commit} of all that `part` and everything upstream of it read; of generated
    examples, their settings."""
    experiment = run.experiment
    kind, model = experiment.source["kind"], experiment.model
    place = experiment.source.get("folder" if kind == "files" else "mirror")
    if (place is None and kind == "files") or (place is not None and not Path(place).expanduser().is_dir()):
        return None
    found: dict[str, str] = {}
    if model.path and Path(model.path).is_dir():
        found[f"weights of {model.name}"] = checksums.of_files(Path(model.path))
    if model.package:
        from ..models import packaged

        found[f"weights of {model.name}"] = checksums.remembered(packaged.path_in(model.package))
    settings = json.dumps(dict(experiment.source), sort_keys=True, default=str)
    if kind == "miniature":
        source = open_source(json.loads(settings))
        found["generated world"] = source.identify(text_task(kind), "train", "")
        besides = (name for name in run.tasks(part) if "package" in task(name).sources)
        return found | {name: source.identify(name, "test", "") for name in besides}
    targets = tuple(dict.fromkeys(name for each in experiment.each_model() for name in each.targets))
    source = _opened(settings, targets)
    for need in dict.fromkeys(_needs(run, part, source)):
        found[" ".join(need).strip()] = source.identify(*need)
    return found


@lru_cache(maxsize=4)
def _opened(settings: str, targets: tuple[str, ...]) -> RealSource:
    source: RealSource = open_source(json.loads(settings))  # type: ignore[assignment]
    source.evaluated.update(targets)  # of whose sentences the text to learn from holds none
    return source


def _needs(run: Run, part: str, source: RealSource) -> Iterator[Need]:
    """The splits that `part` and everything upstream of it read; running text is one, of all languages."""
    experiment = run.experiment
    if part == ENCODER:
        if run.recipe.steps:
            yield from _needs(run.parent, ENCODER, source)
            for each in run.recipe.last.tasks:
                running = TASKS[each.task].role == "text"
                yield Need(each.task, "train", "" if running else each.language)
        elif experiment.model.architecture is not None:
            yield Need(text_task(source.kind), "train", "")
        return
    yield from _needs(run, ENCODER, source)
    for name in run.tasks(part):
        codes = experiment.languages_for(name, source)
        yield from (Need(name, experiment.evaluation.split_of(name), code) for code in codes)
        train = TASKS[name].train
        if train:
            yield Need(train, "train", "en")
            chosen_by = dev_need(source, name)
            yield from [chosen_by] if chosen_by else []
        elif "dev" in source.splits(name):
            yield from (Need(name, "dev", code) for code in codes)
