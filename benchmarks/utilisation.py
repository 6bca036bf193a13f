"""What our training makes of one GPU: useful operations a second, and memory beside what was planned.

    python benchmarks/utilisation.py --quick           a toy on a CPU, to see that it runs
    python benchmarks/utilisation.py                   XLM-R Large, XL and XXL's shapes, on a GPU
    python benchmarks/utilisation.py --cases large     those alone whose name holds this word

The models have random weights; the examples are English sentence pairs of XNLI and QA passages of XQuAD
where their files are, and the miniature's otherwise. Useful operations are those of a model on tokens that
somebody wrote: two a weight and token forwards, four backwards (two where weights are frozen, as with LoRA),
without padding, embeddings, attention's own products, or what is computed twice. Where sequences are joined,
a case is timed with both of torch's kernels for them, FlashAttention's and cuDNN's (attention.py). The
utilisation is the rate over the peak that the GPU's maker states for bfloat16, the planned memory what
`xstilts plan` says of the same training (costs.py). The last line is `ratio: X`, the lowest utilisation over
the one that the plan assumes; nan where the peak is not known.
"""

from __future__ import annotations

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from beside.work import DATA, SHAPES, Work, work
from torch.nn.attention import SDPBackend
from train_throughput import WARMUP, Stopwatch
from transformers import AutoConfig

from xstilts_lib.common.shapes import PUBLISHED
from xstilts_lib.models import attention, encoder
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, train
from xstilts_lib.workflow import costs

PAIRS, PASSAGES = "sentence pairs", "QA passages"
QUICK = "toy"
OURS = attention.KERNEL


@dataclass(frozen=True)
class Case:
    """An encoder's shape, what it is trained on, and how."""

    shape: str
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        how = ", ".join(f"{key}: {value}" for key, value in self.settings.items())
        return f"{self.shape}, {self.kind}, {how}"


CASES = (
    Case(QUICK, PAIRS, {"batch_size": 32}),
    Case(QUICK, PASSAGES, {"batch_size": 8, "low_rank": 4, "recompute": True}),
    Case("xlm-roberta-large", PAIRS, {"batch_size": 32}),
    Case("xlm-roberta-large", PASSAGES, {"batch_size": 32, "max_length": 384}),
    Case("xlm-roberta-large", PAIRS, {"tokens_per_batch": 16384}),
    Case("xlm-roberta-xl", PAIRS, {"batch_size": 32}),
    Case("xlm-roberta-xxl", PAIRS, {"batch_size": 32, "low_rank": 16, "recompute": True}),
)


def model_of(case: Case, job: Work, device: torch.device) -> Any:
    """The encoder, its random weights drawn where they are to stay: drawing ten billion on a CPU takes
    minutes."""
    shape = {"model_type": "xlm-roberta", "num_hidden_layers": 2, "max_position_embeddings": 514}
    shape |= SHAPES[QUICK] if case.shape == QUICK else PUBLISHED[case.shape]
    kind = shape.pop("model_type")
    pieces = max(job.pieces, shape.pop("vocab_size", 0))
    config = AutoConfig.for_model(kind, **shape, vocab_size=pieces, pad_token_id=job.pad)
    torch.manual_seed(0)
    with torch.device(device):
        return attention.use(encoder.empty(config))


def kernels(case: Case) -> list[SDPBackend]:
    """What the case is timed with: ours first."""
    both = (
        "large" in case.shape and torch.cuda.is_available() and torch.cuda.get_device_capability() >= (9, 0)
    )
    return [OURS, *([SDPBackend.CUDNN_ATTENTION] if both else [])]


def measure(
    case: Case, job: Work, updates: int, peak: float | None, kernel: SDPBackend = attention.KERNEL
) -> dict[str, Any]:
    """Rate, utilisation and memory of so many updates after the first few; joined sequences by `kernel`."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    attention.KERNEL = kernel
    settings = TrainSettings(
        steps=WARMUP + updates, learning_rate=5e-5, pooling="first", attention_dropout=0.0, **case.settings
    )
    model = model_of(case, job, device)
    shape = costs.Shape.of(model.config.to_dict())
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        task = Ingredient(job.kind, job.features, job.labels, job.form)
        train(model, [task], settings, 0, folder, watch)
    seconds = watch.times[-1][0] - watch.times[WARMUP - 1][0]
    tokens = watch.tokens[-1] - watch.tokens[WARMUP - 1]
    frozen = settings.low_rank is not None
    operations = (4.0 if frozen else 6.0) * shape.matrices * tokens
    largest = costs.longest_update(settings, ())
    return {
        "case": case.name + ("" if kernel == OURS else f", {kernel.name.split('_')[0]} kernel"),
        "parameters": shape.parameters,
        "source": job.source,
        "updates": updates,
        "rate": tokens / seconds,
        "operations": operations / seconds,
        "utilisation": operations / seconds / peak if peak else None,
        "memory": torch.cuda.max_memory_allocated() / costs.GIB if device.type == "cuda" else None,
        "planned": shape.memory(settings, largest, masked=False) / costs.GIB,
    }


def peak_of(name: str | None) -> float | None:
    """Operations a second that the GPU's maker states; None on a CPU, and of one that is unknown."""
    if name is not None:
        return costs.gpu(name).peak * 1e12
    if not torch.cuda.is_available():
        return None
    words = torch.cuda.get_device_name().replace("RTX ", "RTX").split()
    found = [gpu for gpu in costs.GPUS.values() if gpu.name.split("-")[0] in words]
    return found[0].peak * 1e12 if found and "PCIe" not in words else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the toy alone")
    parser.add_argument("--cases", default="", help="those whose name holds this")
    parser.add_argument("--updates", type=int, help="that are timed; 30, or 6 with --quick")
    parser.add_argument("--gpu", help="its name in costs.py, where torch's does not tell")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    updates = args.updates or (6 if args.quick else 30)
    cases = [case for case in CASES if (case.shape == QUICK) == args.quick and args.cases in case.name]
    if not args.quick and not torch.cuda.is_available():
        parser.error("these encoders need a GPU, and there is none: --quick runs a toy")
    rows = list(timed(cases, updates, peak_of(args.gpu), args.data))
    lowest = min((row["utilisation"] or math.nan for row in rows), default=math.nan)
    print(f"ratio: {lowest / costs.UTILISATION:.2f}")


def timed(
    cases: Sequence[Case], updates: int, peak: float | None, data: Path, until: float = math.inf
) -> Iterator[dict[str, Any]]:
    """What `measure` finds of each case with each kernel, printed too; no more is begun after `until`."""
    for case, kernel in [(each, kernel) for each in cases for kernel in kernels(each)]:
        if time.monotonic() > until:
            print(f"{case.name}: no time is left", flush=True)
            continue
        try:
            row = measure(case, job_of(case, updates, data), updates, peak, kernel)
        except torch.cuda.OutOfMemoryError:
            print(f"{case.name}: does not fit on this GPU", flush=True)
            continue
        except RuntimeError as error:
            if kernel == OURS:
                raise
            print(f"{case.name}: not with {kernel.name}, for {error}", flush=True)
            continue
        finally:
            gc.collect()
            torch.cuda.empty_cache()
        used = "not known" if row["utilisation"] is None else f"{row['utilisation']:.1%}"
        held = "not measured" if row["memory"] is None else f"{row['memory']:.1f} GiB"
        print(
            f"{row['case']}: {row['rate']:,.0f} useful tokens/s, {row['operations']:.2e} operations/s, "
            f"utilisation {used}; memory {held}, planned {row['planned']:.1f} GiB",
            flush=True,
        )
        yield row


def job_of(case: Case, updates: int, data: Path) -> Work:
    """Examples for so many updates of the case, after the first few."""
    size = case.settings.get("batch_size") or case.settings["tokens_per_batch"] // 32
    return work(case.kind, (WARMUP + updates) * size, data)


if __name__ == "__main__":
    main()
