"""The computed pages of the book, and the computed parts that written pages include.

Each part is a string of MyST Markdown by name; a written page takes it in with {include}
runs/generated/NAME.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..experiment import Experiment
from ..runs import records
from ..runs.run import all_runs
from ..sources.miniature import MiniatureSource
from ..sources.real import RealSource
from ..tasks import TASKS, Task
from ..tasks.recipe import NONE, UNTRAINED, parse
from ..workflow import analyses
from ..workflow.analyses import Label
from . import claims, families, footguns, library, licences, markup, status, training, world
from .executed import Page, slug
from .families import METRICS

NO_CHAPTERS = """```{admonition} Not answered here
:class: note
When this book was rendered, the experiment `questions` had not been run on this machine, and the project
kept no record of its results. Run it with `xstilts run questions`, keep its results with
`xstilts results questions --record`, then run and render any experiment again.
```"""


def parts(experiment: Experiment, notebooks: list[Page], data: RealSource | None = None) -> dict[str, str]:
    """What written pages include, by name; `data` is a copy of real data sets to draw examples from."""
    miniature = world.source(experiment)
    return {
        "experiment": summary(experiment),
        "results": links(notebooks, "tables"),
        "questions": chapters(experiment, notebooks),
        "tasks": tasks(miniature),
        "languages": world.languages(miniature),
        "sentences": world.sentences(miniature),
        "examples": world.examples(miniature),
        **claims.parts(experiment),
        **training.parts(),
        "modules": library.contents(),
        "status": status.report(experiment, notebooks),
        "licences": licences.table(),
        **families.parts(miniature, data),
        **footguns.parts(miniature, data),
    }


def whole(experiment: Experiment, notebooks: list[Page]) -> dict[str, str]:
    """Pages that are computed as a whole, by document."""
    found = {"runs/index": _index(experiment, notebooks), **library.documents()}
    for name in dict.fromkeys(page.recipe for page in notebooks if page.recipe):
        found[recipe_document(name)] = _recipe_page(
            experiment, name, [page for page in notebooks if page.recipe == name]
        )
    return found


def recipe_document(recipe: str) -> str:
    return f"runs/{slug(recipe)}/index"


def api_documents() -> list[str]:
    return list(library.documents())


def tasks(world: MiniatureSource) -> str:
    """The table of tasks: the miniature's, in the languages that `world` speaks, then the real ones."""
    header = ["Task", "What it asks", "Role", "Format", "Trained on", "Metric", "Languages"]
    miniature = [row for row in TASKS.values() if "miniature" in row.sources]
    real = [row for row in TASKS.values() if "miniature" not in row.sources]
    spoken = [_task_row(row, world.languages(row.name)) for row in miniature]
    found = [markup.table(header, spoken, "The tasks of the miniature world.", "table-tasks")]
    if real:
        rows = [_task_row(row, row.languages) for row in real]
        found.append(
            markup.table(header, rows, "The real tasks that this project reads.", "table-tasks-real")
        )
    return "\n\n".join(found)


def _task_row(row: Task, codes: Sequence[str]) -> list[str]:
    cited = f" {{cite}}`{row.citation}`" if row.citation else ""
    trained = "itself" if row.train == row.name else markup.code(row.train) if row.train else "nothing"
    languages = codes[0] if len(codes) == 1 else f"{len(codes)}"
    return [
        markup.code(row.name),
        row.title + cited,
        row.role,
        markup.code(row.format),
        trained,
        METRICS[row.metric],
        languages,
    ]


def summary(experiment: Experiment) -> str:
    """What the experiment is, in a table, with its file folded below."""
    model, evaluation = experiment.model, experiment.evaluation
    where = "built and pretrained here" if model.architecture else f"published, {markup.code(model.path)}"
    most = f"at most {evaluation.examples} examples a language" if evaluation.examples else "all examples"
    count = sum(len(run.parts) for run in all_runs(experiment))
    others = [
        [f"Encoder {markup.code(name)}", "as that one, but for its variant in the file below"]
        for name in experiment.variants
    ]
    designs = [
        [f"Design {markup.code(name)}", markup.text(design.question)]
        for name, design in experiment.designs.items()
    ]
    rows = [
        ["Experiment", f"{markup.code(experiment.name)}: {markup.text(experiment.title)}"],
        ["Examples from", markup.text(experiment.source["kind"])],
        ["Encoder", f"{markup.code(model.name)}, {where}"],
        *others,
        *designs,
        ["Recipes", ", ".join(markup.code(recipe.name) for recipe in experiment.recipes)],
        ["Targets", ", ".join(map(markup.code, experiment.targets))],
        ["Seeds", f"{len(experiment.seeds)} ({', '.join(map(str, experiment.seeds))})"],
        ["Evaluated on", f"the {evaluation.split} split, {most}"],
        ["Executed parts", f"{count}, {markup.duration(status.total(experiment))} in all"],
    ]
    text = experiment.file.read_text(encoding="utf-8").strip()
    head = f"````{{admonition}} The whole of {experiment.file.name}\n:class: dropdown"
    file = f"{head}\n\n```yaml\n{text}\n```\n````"
    return "\n\n".join(
        [markup.text(experiment.description.strip()), markup.table(["What", "Which"], rows), file]
    )


def links(notebooks: list[Page], group: Label) -> str:
    """Links to the notebooks that read results, a line each."""
    found = [
        f"- [{markup.text(page.title)}](/{page.document}): {markup.text(page.about)}"
        for page in notebooks
        if page.recipe is None and page.part == group
    ]
    return "\n".join(found)


def chapters(experiment: Experiment, notebooks: list[Page]) -> str:
    """Links to the chapters, and where their numbers come from; or what to do where there are none."""
    found, about = links(notebooks, "chapters"), analyses.chapters_about(experiment)
    return f"{found}\n\n{records.origin(about)}" if found and about else NO_CHAPTERS


def _index(experiment: Experiment, notebooks: list[Page]) -> str:
    seed = experiment.seeds[0]
    rows = []
    for name in dict.fromkeys(page.recipe for page in notebooks if page.recipe):
        count = sum(page.recipe == name for page in notebooks)
        rows.append([f"[{markup.text(name)}](/{recipe_document(name)})", meaning(name), str(count)])
    body = "\n\n".join(
        [
            "Every notebook that was executed, with its outputs, recipe by recipe. What a recipe is says "
            f"{{ref}}`three-phases`; shown is seed {seed}, and the other seeds ran the same notebooks.",
            summary(experiment),
            markup.table(
                ["Recipe", "What happens to the encoder", "Notebooks"],
                rows,
                "The recipes of this experiment.",
                "table-recipes",
            ),
            "**Nothing on these pages was typed: they are the notebooks as they ran.**",
        ]
    )
    return markup.page(
        "Look into the runs", "The executed notebooks of this experiment, recipe by recipe.", "runs", body
    )


def meaning(name: str) -> str:
    """A recipe in words.

    >>> meaning("mini_mnli+mini_squad-then-mini_ccg")
    'pretrained, then trained on mini_mnli and mini_squad jointly, then on mini_ccg'
    """
    if name == UNTRAINED:
        return "random weights: the floor"
    if name == NONE:
        return "pretrained, nothing else: the baseline"
    steps = [
        " and ".join(i.name for i in step.tasks) + (" jointly" if len(step.tasks) > 1 else "")
        for step in parse(name).steps
    ]
    return "pretrained, then trained on " + ", then on ".join(steps)


def _recipe_page(experiment: Experiment, name: str, notebooks: list[Page]) -> str:
    links = "\n".join(f"- [{markup.text(page.title)}](/{page.document})" for page in notebooks)
    body = f"The encoder of this recipe: {markup.text(meaning(name))}.\n\n{links}"
    if parse(name).steps:
        before = parse(name).prefix.name
        link = f"[{markup.text(before)}](/{recipe_document(before)})"
        body += f"\n\nIt starts from the encoder of {link}, with the same seed."
    description = f"The executed notebooks of the recipe {name}, seed {experiment.seeds[0]}."
    return markup.page(f"Recipe {markup.code(name)}", description, f"recipe-{slug(name)}", body)
