"""What a part of a run reads, identified by content: the rows of each split, and weights that others trained.

>>> identify(Run(load_experiment("mine.yaml", "data"), "none", seed=0), "targets/xquad")    # doctest: +SKIP
{'squad_v1 train en': 'sha256:77c1...', 'xquad test de': 'sha256:5a01...'}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..common import checksums
from ..sources import Need, open_source
from ..sources.selection import dev_need
from ..tasks import TASKS
from .pretraining import text_task

if TYPE_CHECKING:
    from ..sources.real import RealSource
    from .run import Run

ENCODER, RETRIEVAL = "encoder", "retrieval"  # parts, as runs.py names them


def identify(run: Run, part: str) -> dict[str, str] | None:
    """{what: checksum or commit} of all that `part` and everything upstream of it read; see Run.data."""
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
        return found | {"generated world": open_source(json.loads(settings)).revision(text_task(kind))}
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
    experiment, text = run.experiment, Need(text_task(source.kind), "train", "")
    if part == ENCODER:
        if run.recipe.steps:
            yield from _needs(run.parent, ENCODER, source)
            for each in run.recipe.last.tasks:
                running = TASKS[each.task].role == "text"
                yield text if running else Need(each.task, "train", each.language)
        elif experiment.model.architecture is not None:
            yield text
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
