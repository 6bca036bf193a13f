"""What the workflow engine itself costs: time and memory until the first of so many jobs could start.

    python benchmarks/engine.py --quick      250 and 500 jobs, some seconds
    python benchmarks/engine.py              1,000, 3,000 and 10,000 jobs, two minutes

An experiment is written with as many seeds as make the jobs; nothing of it is computed. Each size has a
process of its own, which does what `xstilts run` does before it starts a job: it builds our graph and asks of
every job whether it is done, in a folder where nothing is, and again where what runs leave lies for all
parts but the last seed's; then Snakemake reads its file, builds its own graph of all jobs, and schedules them
(`--dry-run`). The growth is the exponent of the processor's time between the least and the most jobs (1 is
linear); beside it stands what a further job takes at first and at last. The last line is `ratio: X`, 60
seconds over the processor's time that the largest takes in all; more than 1 is wanted, for 10,000 jobs, in no
more than 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from beside.memory import in_process, measured, resident
from beside.record import record

from xstilts_lib.common import places
from xstilts_lib.experiment import EXPERIMENTS, Experiment, load_experiment
from xstilts_lib.runs import all_runs
from xstilts_lib.workflow import engine, graph
from xstilts_lib.workflow.monitor import Monitor

PER_SEED = 9  # jobs: the encoder of each of the recipes that hand one on, and each recipe
LIMIT = 60.0  # seconds, for the largest
DUMMY = """
title: So many jobs
source: {{kind: miniature}}
model: {{name: dummy, architecture: {{model_type: xlm-roberta, hidden_size: 32}}}}
pretraining: {{steps: 1}}
seeds: [{seeds}]
recipes: [untrained, none, mini_squad, mini_mnli, mini_squad-then-mini_mnli, mini_mnli-then-mini_squad]
targets: [mini_xnli, mini_tatoeba]
"""


def leave(experiment: Experiment) -> None:
    """What finished runs leave of all seeds but the last, as far as the graph asks for it."""
    for run in all_runs(experiment):
        for part in run.parts if run.seed != experiment.seeds[-1] else ():
            run.begin(part, computing=False)
            run.finish(part, [], 1.0)
            run.notebook(part).touch()


def ask(experiment: Experiment) -> list[graph.Job]:
    """Our graph, each of whose jobs has been asked whether it is done."""
    found = graph.jobs(experiment)
    engine._refresh(found)
    return found


def snakemake(experiment: Experiment) -> None:
    """What Snakemake does until it would start the first job; RuntimeError where it refuses."""
    from snakemake.cli import main

    code: object = None
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            main([*engine.snakemake(experiment, 2, "laptop"), "--dry-run"])
        except SystemExit as end:
            code = end.code
    if code:
        raise RuntimeError(f"Snakemake ended with {code}")


def measure(wanted: int) -> dict[str, float]:
    """Seconds, processor's seconds and the peak of memory in MiB, all of this process, for so many jobs."""
    seeds = ", ".join(map(str, range(max(2, wanted // PER_SEED))))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dummy.yaml").write_text(DUMMY.format(seeds=seeds))
        os.environ |= {EXPERIMENTS: folder, places.RUNS: str(Path(folder) / "runs")}
        experiment = load_experiment("dummy")
        os.environ |= engine.environment(experiment)
        jobs = len(graph.jobs(experiment))
        rows = {
            "fresh": measured(lambda: ask(experiment)),
            "snakemake": measured(lambda: snakemake(experiment)),
        }
        peak = resident("VmHWM")
        terminal = Monitor(graph.jobs(experiment), terminal=False)
        rows["look"] = measured(terminal.update)
        leave(experiment)
        rows["resumed"] = measured(lambda: ask(experiment))
        peak = max(peak, resident("VmHWM"))
    found = {f"{what}_{key}": row[key] for what, row in rows.items() for key in ("seconds", "processor")}
    return {"jobs": jobs, "peak": peak, **found}


def spent(row: dict[str, float]) -> float:
    """The processor's seconds until the first job of a fresh run could start."""
    return row["fresh_processor"] + row["snakemake_processor"]


def growth(rows: list[dict[str, float]]) -> dict[str, float]:
    """The exponent between the least and the most jobs; and milliseconds of a further job between the two
    smallest sizes and the two largest."""
    least, most = rows[0], rows[-1]
    pairs = {"first": rows[:2], "last": rows[-2:]}
    each = {name: 1000 * (spent(b) - spent(a)) / (b["jobs"] - a["jobs"]) for name, (a, b) in pairs.items()}
    power = math.log(spent(most) / spent(least)) / math.log(most["jobs"] / least["jobs"])
    return {"power": power, **each}


def shown(row: dict[str, float]) -> dict[str, float | int]:
    """A row as the book shows it, by the processor's time: the machine may have other work."""
    return {
        "Jobs": int(row["jobs"]),
        "Our graph": row["fresh_processor"],
        "Our graph, nearly all done": row["resumed_processor"],
        "Snakemake's": row["snakemake_processor"],
        "A look at all that are to do": row["look_processor"],
        "MiB": row["peak"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few jobs")
    parser.add_argument("--jobs", type=int, nargs="+", help="about so many, from few to many")
    parser.add_argument("--record", action="store_true", help="for the book: book/records/engine.json")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one)))
        return
    rows = []
    for wanted in args.jobs or ((250, 500) if args.quick else (1000, 3000, 10_000)):
        row = in_process(__file__, ["--one", str(wanted)])
        rows.append(row)
        print(
            f"{row['jobs']:,.0f} jobs: our graph {row['fresh_seconds']:.1f} s, with nearly all of them done "
            f"{row['resumed_seconds']:.1f} s, Snakemake's {row['snakemake_seconds']:.1f} s, a look "
            f"at all that are to do {row['look_seconds']:.2f} s; {row['peak']:,.0f} MiB",
            flush=True,
        )
    about = growth(rows)
    print(
        f"Time grows with the number of jobs to the power of {about['power']:.2f}, start-up included; a "
        f"further job takes {about['first']:.2f} ms at first and {about['last']:.2f} ms at last."
    )
    if args.record:
        record("engine", [shown(row) for row in rows], **about)
    print(f"ratio: {LIMIT / spent(rows[-1]):.2f}")


if __name__ == "__main__":
    main()
