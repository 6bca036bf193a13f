"""The notebooks that run no model: which there are, where they stand, whether they are done.

Three groups. The tables (templates 40 to 49) belong to every experiment: they show its results, what was run
for them, and what the book knows of tasks, languages, traps and speed; 49 is about the results of `names`,
whatever the experiment. So does the story (60 to 69), which sums up what the records hold. The chapters (50
to 59) answer the questions of an experiment with designs, each the design that its name ends in; the last
puts all results to the claims. Any other experiment shows them for `questions`, from the runs on this machine
or from the record that the project keeps. The study on real languages leads: every book shows its tables and
chapters too, made from the same templates, as far as its record goes.

>>> [group.label for group in groups(load_experiment("smoke"))]
['tables', 'real', 'chapters']
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..common import checksums, manifest, places
from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from ..runs.identity import shows, template_digest
from ..runs.run import all_parts

Label = Literal["tables", "real", "chapters"]
FOLDERS: dict[Label, str] = {"tables": "pages", "real": "real", "chapters": "chapters"}
TEMPLATES: dict[Label, str] = {"tables": "[46]*_*.ipynb", "real": "[45]*_*.ipynb", "chapters": "5*_*.ipynb"}
REAL, QUESTIONS = "real", "questions"
NAMES = "names"  # the experiment that a table of every other one is about
CLAIMS = "claims"  # the chapter that is about no design: what all results say of each claim
OF_SCORES = ("main_table", "languages")  # the tables that need scores and nothing else, so a record will do


@dataclass(frozen=True)
class Group:
    """Notebooks that read one table of results, and are made together."""

    label: Label
    experiment: Experiment
    """Whose folder they stand in."""
    about: Experiment
    """Whose results they read."""

    @property
    def folder(self) -> Path:
        """runs/{experiment}/pages, or .../chapters."""
        return self.experiment.root / FOLDERS[self.label]

    @property
    def own(self) -> bool:
        """Whether the results that they read are the experiment's own, so that its runs come first."""
        return self.about is self.experiment

    @cached_property
    def templates(self) -> list[str]:
        """The templates in the order of their numbers."""
        names = sorted(path.stem for path in places.notebooks().glob(TEMPLATES[self.label]))
        if self.label == "tables":
            return names
        shown = {*(self.about.designs if self.own else records.answered(self.about))}
        shown |= {CLAIMS} if self.label == "chapters" else set() if self.own else {*OF_SCORES}
        return [name for name in names if design_of(name) in shown]

    @property
    def notebooks(self) -> Iterator[tuple[str, Path]]:
        """Each template, and where its executed notebook stands."""
        for name in self.templates:
            yield name, self.folder / f"{name}.ipynb"

    def fingerprint(self) -> str:
        """A hash of all that decides what they show."""
        templates = {name: template_digest(name) for name in self.templates}
        about = self.about
        shown: list[Any] = [about.title, about.targets, about.languages, sorted(about.designs)]
        parts = all_parts(about)
        read: Any = [[run.fingerprint(part), run.data(part)] for run, part in parts]
        if self.label == "tables":  # they show the file, the manifests and the records of benchmarks as well
            files = [run.part_directory(part) / manifest.NAME for run, part in parts]
            files += [about.file, *sorted((places.book() / "records").glob("*.json"))]
            shown += [checksums.sha256(file) for file in files if file.is_file()]
            names = load_experiment(NAMES) if NAMES in available() else about
            if names != about and not results.missing(names):
                shown += [run.fingerprint(part) for run, part in all_parts(names)]
        if not self.own and results.missing(about):
            read = checksums.sha256(records.path(about))
        if self.label == "chapters" and (other := real()):  # the claims are put to it as well
            shown.append(checksums.sha256(records.path(other)))
        return checksums.digest([read, templates, shown, shows()])

    def done(self) -> bool:
        """Whether they are there, and made of the results and the code as they stand."""
        if not (self.folder / manifest.NAME).is_file():
            return False
        if self.label == "tables" and not results.path(self.experiment).is_file():
            return False
        record: dict[str, Any] = manifest.read_manifest(self.folder, verify=False)
        return record.get("fingerprint") == self.fingerprint()


def groups(experiment: Experiment) -> list[Group]:
    """The groups that an experiment has: beside its tables those only that have something to tell."""
    found = [Group("tables", experiment, experiment)]
    found += [Group(label, experiment, about) for label, about in studies(experiment).items()]
    return [group for group in found if group.label == "tables" or group.templates]


def studies(experiment: Experiment) -> dict[Label, Experiment]:
    """The experiments whose questions its book answers: that on real languages, and the laboratory's, which
    is the experiment itself where it asks questions of its own."""
    if experiment.name == REAL:
        own, other = experiment, _recorded(QUESTIONS)
    else:
        own, other = real(), experiment if experiment.designs else _recorded(QUESTIONS)
    found: dict[Label, Experiment | None] = {"real": own, "chapters": other}
    return {label: about for label, about in found.items() if about}


def real() -> Experiment | None:
    """The study on real languages, where a record of it is kept."""
    return _recorded(REAL)


def _recorded(name: str) -> Experiment | None:
    if name not in available():
        return None
    loaded = load_experiment(name)
    return results.as_recorded(loaded) if records.path(loaded).is_file() else None


def design_of(template: str) -> str:
    """The design that a chapter is about.

    >>> design_of("50_scale")
    'scale'
    """
    return template.partition("_")[2]
