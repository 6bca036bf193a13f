"""What was executed for this book, when, where and for how long: read from the manifests, never typed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..common import arithmetic, manifest
from ..experiment import Experiment
from ..runs.run import Run, all_runs
from . import markup
from .executed import Page

# What the templates do, for people.
PHASES = {
    "00_pretrain": "Pretraining",
    "10_intermediate": "Intermediate training",
    "20_target": "Target training and evaluation",
    "30_retrieval": "Retrieval and mining",
}
Record = tuple[Run, str, dict[str, Any]]


def report(experiment: Experiment, notebooks: list[Page]) -> str:
    """The status page: totals by phase, the machine, the versions, the data, and every executed notebook."""
    records = [
        (run, part, manifest.read_manifest(run.part_directory(part), verify=False))
        for run in all_runs(experiment)
        for part in run.parts
    ]
    seeds = ", ".join(map(str, experiment.seeds))
    intro = (
        f"Experiment {markup.code(experiment.name)}, {len(records)} parts executed over the seeds {seeds}. "
        "Times are those that the parts measured themselves; parts that ran side by side are added up."
    )
    sections = {
        "Machine": _machine(records),
        "Versions": _versions(records),
        "Data": _data(records),
        "Executed notebooks": _notebooks(records, notebooks, experiment.seeds[0]),
    }
    body = [f"## {title}\n\n{section}" for title, section in sections.items()]
    return "\n\n".join([intro, _phases(records), *body])


def total(experiment: Experiment) -> float:
    """Seconds of all parts, added up."""
    return sum(
        manifest.read_manifest(run.part_directory(part), verify=False)["seconds"]
        for run in all_runs(experiment)
        for part in run.parts
    )


def _phases(records: list[Record]) -> str:
    times: dict[str, list[float]] = defaultdict(list)
    for run, part, record in records:
        times[run.template(part)].append(record["seconds"])
    rows = [
        [PHASES.get(name, name), markup.code(name), str(len(found)),
         *map(markup.duration, (sum(found), sum(found) / len(found), max(found)))]
        for name, found in sorted(times.items())
    ]  # fmt: skip
    everything = [seconds for found in times.values() for seconds in found]
    rows.append(["All", "", str(len(everything)), markup.duration(sum(everything)), "", ""])
    header = ["Phase", "Template", "Parts", "Time in all", "Mean", "Longest"]
    return markup.table(header, rows, "Execution times by phase, over all recipes and seeds.", "table-times")


def _machine(records: list[Record]) -> str:
    machines = sorted({_hardware(record["hardware"]) for _, _, record in records})
    dates = sorted(record["date"] for _, _, record in records)
    code = sorted({record["code"] for _, _, record in records})
    rows = [
        ["Machine", "; ".join(machines)],
        ["First part finished", dates[0]],
        ["Last part finished", dates[-1]],
        ["Revision of the code", ", ".join(map(markup.code, code))],
    ]
    return markup.table(["What", "Which"], rows)


def _hardware(found: dict[str, Any]) -> str:
    parts = [markup.text(found["processor"]), f"{found['cores']} cores", markup.text(found["system"])]
    if "accelerator" in found:
        parts.append(markup.text(found["accelerator"]))
    if "threads" in found:
        parts.append(f"{found['threads']} thread{'s' if found['threads'] != 1 else ''} a job")
    return ", ".join(parts) + arithmetic.in_words(found.get("arithmetic", {}))


def _versions(records: list[Record]) -> str:
    versions: dict[str, set[str]] = defaultdict(set)
    for _, _, record in records:
        for name, version in record["versions"].items():
            versions[name].add(version)
    rows = [[markup.code(name), ", ".join(sorted(found))] for name, found in sorted(versions.items())]
    return markup.table(["Package", "Version"], rows)


def _data(records: list[Record]) -> str:
    revisions: dict[str, set[str]] = defaultdict(set)
    for _, _, record in records:
        for name, revision in record.get("data", {}).items():
            revisions[str(revision)].add(name)
    if not revisions:
        return "The manifests record no data revision."
    rows = [
        [", ".join(map(markup.code, sorted(names))), markup.text(revision)]
        for revision, names in sorted(revisions.items())
    ]
    return markup.table(["What was read", "Revision"], rows)


def _notebooks(records: list[Record], notebooks: list[Page], seed: int) -> str:
    pages = {(page.recipe, page.part): page for page in notebooks if page.recipe}
    rows = []
    for run, part, record in records:
        if run.seed == seed:
            page = pages[run.recipe.name, part]
            rows.append(
                [
                    f"[{markup.text(page.title)}](/{page.document})",
                    record["date"],
                    markup.duration(record["seconds"]),
                ]
            )
    caption = f"The notebooks that this book shows, of seed {seed}; the other seeds ran the same."
    return markup.table(["Notebook", "Finished", "Time"], rows, caption, "table-notebooks")
