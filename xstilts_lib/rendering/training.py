"""What the chapter on training shows: what the benchmarks recorded, beside the machine they ran on."""

from __future__ import annotations

import json
from typing import Any

from ..common import places
from . import markup

MISSING = "Not measured: `make bench` on a machine with nothing else to do would tell."
NO_GPU = (
    "No GPU was at hand when this was written, so nothing about GPUs was measured. Ready for one are "
    "`python benchmarks/train_throughput.py --shape large --layers 24 --attention-dropout 0` and "
    "`python benchmarks/utilisation.py`."
)
OTHERS = ("evaluation", "masked_words", "mining")
BUSY = ", on a machine that was busy with other work: compare by processor time."


def parts() -> dict[str, str]:
    """The computed parts of that chapter, by name."""
    return {
        "update_in_parts": update_in_parts(),
        "throughput": throughput(),
        "utilisation": utilisation(),
        "other_loops": other_loops(),
    }


def _recorded(name: str) -> dict[str, Any] | None:
    path = places.book() / "records" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def update_in_parts() -> str:
    """The same update by both loops, in 1 to 8 parts."""
    found = _recorded("gradients")
    if found is None:
        return MISSING
    numbers = sorted({row["parts"] for row in found["rows"]})
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for row in found["rows"]:
        groups.setdefault((row["examples"], row["side"]), {})[row["parts"]] = f"{row['gradient']:.3f}"
    rows = [[kind, side, *(by[n] for n in numbers)] for (kind, side), by in groups.items()]
    header = ["Examples", "Loop", *(f"{n} part{'s' if n > 1 else ''}" for n in numbers)]
    caption = (
        f"Norm of the gradient of one update of {found['about']['examples']} examples, over its norm in one "
        f"part. transformers {found['versions']['transformers']}, no dropout, float32."
    )
    return markup.table(header, rows, caption, "table-update-in-parts")


def throughput() -> str:
    """Useful tokens a second, this loop beside Trainer."""
    found = _recorded("throughput")
    if found is None:
        return MISSING
    ours = {row["examples"]: row for row in found["rows"] if row["side"] == "ours"}
    rows = [
        [row["examples"], row["side"], f"{row['rate']:,.0f}", f"{row['by_processor']:,.0f}",
         f"{ours[row['examples']]['by_processor'] / row['by_processor']:.2f}", f"{row['loss']:.3f}"]
        for row in found["rows"]
    ]  # fmt: skip
    about, hardware = found["about"], found["hardware"]
    sources = "; ".join(
        f"{kind}: {row['number']} of {row['tokens']:.0f} tokens on average, {row['updates']:.0f} updates"
        for kind, row in ours.items()
    )
    caption = (
        f"Useful tokens a second. XLM-R {about['shape']}'s shape with {about['layers']} layers and random "
        f"weights, {about['batch_size']} examples an update, {about['threads']} threads of "
        f"{hardware['processor']}, transformers {found['versions']['transformers']}. {sources}. "
        f"Rounds: {about['rounds']}{BUSY if about['busy'] else '.'}"
    )
    header = ["Examples", "Loop", "A second", "A second of processor time", "Ours is faster by", "Last loss"]
    return markup.table(header, rows, caption, "table-throughput")


def utilisation() -> str:
    """What a GPU did: useful operations over its peak, and memory beside what was planned."""
    found = _recorded("utilisation")
    if found is None:
        return NO_GPU
    rows = [
        [row["case"], f"{row['parameters'] / 1e9:.2f}", f"{row['rate']:,.0f}",
         "" if row["utilisation"] is None else f"{100 * row['utilisation']:.1f}",
         f"{row['memory']:.1f}", f"{row['planned']:.1f}"]
        for row in found["rows"]
    ]  # fmt: skip
    caption = (
        f"One {found['hardware']['accelerator']}: random weights, {found['rows'][0]['updates']} updates. The "
        "utilisation is the rate of useful operations over the peak that its maker states for bfloat16."
    )
    header = [
        "Training",
        "Billion parameters",
        "Useful tokens a second",
        "Utilisation, %",
        "GiB",
        "GiB planned",
    ]
    return markup.table(header, rows, caption, "table-utilisation")


def other_loops() -> str:
    """Evaluation, masked words and mining: time and memory of ours beside what one would otherwise run."""
    records = [found for name in OTHERS if (found := _recorded(name)) is not None]
    if not records:
        return MISSING
    rows = []
    for found in records:
        ours = next(row for row in found["rows"] if row["side"] == "ours")
        rows += [
            [found["about"]["work"], row["side"], f"{row['seconds']:.1f}", f"{row['processor']:.1f}",
             f"{row['peak']:,.0f}", f"{row['seconds'] / ours['seconds']:.2f}"]
            for row in found["rows"]
        ]  # fmt: skip
    threads, processors = (
        sorted({str(found[where][key]) for found in records})
        for where, key in (("about", "threads"), ("hardware", "processor"))
    )
    caption = (
        f"The other loops, each side in a process of its own: {' or '.join(threads)} threads of "
        f"{' or '.join(processors)}, transformers {records[0]['versions']['transformers']}. Memory is the "
        "peak above what stood there before: the model, or the vectors."
    )
    header = ["Work", "Loop", "Seconds", "Seconds of processor time", "MiB at the peak", "Ours is faster by"]
    return markup.table(header, rows, caption, "table-other-loops")
