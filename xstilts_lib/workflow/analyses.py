"""The notebooks that run no model: which there are, where they stand, whether they are done.

Two groups. The tables (templates 40 to 49) belong to every experiment: they show its results, what was run
for them, and what the book knows of tasks, languages, traps and speed; 49 is about the results of `names`,
whatever the experiment. So does the story (60 to 69), which sums up what the records hold. The chapters (50
to 59) answer the questions of an experiment with designs, each the design that its name ends in; the last
puts all of its results to the claims. Any other experiment shows them for `questions`, from the runs on this
machine or from the record that the project keeps.

>>> [group.label for group in groups(load_experiment("smoke"))]
['tables', 'chapters']
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..common import checksums, manifest, places
from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from ..runs.identity import shows, template_digest
from ..runs.run import all_runs

Label = Literal["tables", "chapters"]
FOLDERS: dict[Label, str] = {"tables": "pages", "chapters": "chapters"}
TEMPLATES: dict[Label, str] = {"tables": "[46]*_*.ipynb", "chapters": "5*_*.ipynb"}
QUESTIONS = "questions"
NAMES = "names"  # the experiment that a table of every other one is about
CLAIMS = "claims"  # the chapter that is about no design: what all results say of each claim


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

    @property
    def templates(self) -> list[str]:
        """The templates in the order of their numbers."""
        names = sorted(path.stem for path in places.notebooks().glob(TEMPLATES[self.label]))
        shown = {*self.about.designs, CLAIMS}
        return [name for name in names if self.label == "tables" or design_of(name) in shown]

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
        parts = [(run, part) for run in all_runs(about) for part in run.parts]
        read: Any = [[run.fingerprint(part), run.data(part)] for run, part in parts]
        if self.label == "tables":  # they show the file, the manifests and the records of benchmarks as well
            files = [run.part_directory(part) / manifest.NAME for run, part in parts]
            files += [about.file, *sorted((places.book() / "records").glob("*.json"))]
            shown += [checksums.sha256(file) for file in files if file.is_file()]
            names = load_experiment(NAMES) if NAMES in available() else about
            if names != about and not results.missing(names):
                shown += [run.fingerprint(part) for run in all_runs(names) for part in run.parts]
        if not self.own and results.missing(about):
            read = checksums.sha256(records.path(about))
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
    """The groups that an experiment has: chapters only where there is something for them to tell."""
    found = [Group("tables", experiment, experiment)]
    about = chapters_about(experiment)
    chapters = Group("chapters", experiment, about) if about else None
    return [*found, chapters] if chapters and chapters.templates else found


def chapters_about(experiment: Experiment) -> Experiment | None:
    """The experiment whose questions the chapters answer: itself, or that of the record, if there is one."""
    if experiment.designs:
        return experiment
    if QUESTIONS not in available():
        return None
    questions = load_experiment(QUESTIONS)
    return questions if records.path(questions).is_file() else None


def design_of(template: str) -> str:
    """The design that a chapter is about.

    >>> design_of("50_scale")
    'scale'
    """
    return template.partition("_")[2]
