"""What the hardware offers, asked rather than assumed, and randomness that leaves no trace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..common import arithmetic
from ..common.errors import UserError
from . import sharding

if TYPE_CHECKING:
    from accelerate import Accelerator

PATIENCE = timedelta(hours=2)  # of processes for one another: one writes a checkpoint for all of them
CPU_WIDTH = 128  # the narrowest encoder that "auto" computes in bfloat16 on a CPU: benchmarks/precision.py


def accelerator(
    precision: str, width: int, several_heads: bool = False, layer: str | None = None
) -> Accelerator:
    """Device, precision and processes, as the hardware has them and the environment tells (launch.py).

    `layer` names the class of an encoder's layers whose weights are to be spread over the processes.
    UserError where there is one process alone.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
    from accelerate.state import AcceleratorState

    # One process may run several phases, each in its own precision; accelerate would keep the first one's.
    AcceleratorState._reset_state(reset_partial_state=True)
    half = bf16(precision, width)
    # With several heads, an update trains one of them, and processes must not wait for the gradients of the
    # others.
    handlers = [
        DistributedDataParallelKwargs(find_unused_parameters=several_heads, gradient_as_bucket_view=True),
        InitProcessGroupKwargs(timeout=PATIENCE),
    ]
    plugin = None if layer is None else sharding.plugin(layer, half)
    made = Accelerator(
        cpu=device().type == "cpu",
        mixed_precision="bf16" if half else "no",
        kwargs_handlers=handlers,
        fsdp_plugin=plugin,
    )
    if made.device.type != device().type:
        raise UserError(
            f"accelerate would train on {made.device.type}, while evaluation runs on {device().type}: unset "
            "the environment's variables that begin with ACCELERATE_."
        )
    if plugin is not None:
        sharding.allow(made, plugin)
        if made.num_processes == 1:
            raise UserError(
                "shard: true spreads an encoder over several processes, and there is one: set processes to "
                "the number of GPUs, or shard to false."
            )
    return made


def launched() -> bool:
    """Whether this process is one of several that train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def device() -> torch.device:
    """The GPU by CUDA where there is one, or else the CPU, for training and evaluation alike.

    So on a Mac it is the CPU: accelerate, left to itself, would train on the Mac's GPU (MPS), which draws
    other random numbers and has no kernel for some operations.
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def bf16(precision: str, width: int) -> bool:
    """Whether to compute in bfloat16 an encoder of hidden size `width`.

    "auto" does where the hardware has the instructions; on a CPU for encoders of at least 128 alone, because
    narrower ones gain little or lose by it, and not in portable arithmetic, which is of float32. UserError
    where it is asked for and cannot be: without the instructions a CPU is 100 times slower.
    """
    if torch.cuda.is_available():
        able = torch.cuda.is_bf16_supported(including_emulation=False)
        worth = able
    else:
        able = bf16_on_cpu() and not arithmetic.portable()
        worth = able and width >= CPU_WIDTH
    if precision == "bf16" and not able:
        lacks = "Portable arithmetic" if arithmetic.portable() else "This hardware"
        raise UserError(f"{lacks} has no bfloat16 instructions: set precision to auto or fp32.")
    half = precision == "bf16" or (precision == "auto" and worth)
    arithmetic.note("bf16" if half else "fp32")
    return half


def bf16_on_cpu() -> bool:
    """Whether the processor has bfloat16 instructions."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@contextmanager
def own_randomness() -> Iterator[None]:
    """Leave torch's global generators after the block as they were before it."""
    used = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=used):
        yield


def reseed(seed: int, step: int, accelerator: Accelerator) -> None:
    """Random numbers of an update (dropout), from its own number; processes draw different ones."""
    sequence = np.random.SeedSequence([seed, 3, step, accelerator.process_index])
    value = int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
    torch.default_generator.manual_seed(value)
    if accelerator.device.type == "cuda":
        torch.cuda.manual_seed(value)
