"""One training in several processes of this machine, started from a notebook's own.

Every process runs `train.train`, on a GPU of its own or, where there is none, on its share of the processor;
they talk over NCCL or gloo. Weights go there and come back as safetensors in the run's folder, which all
processes map into memory rather than each hold a copy.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..common import arithmetic, processes
from ..common.disk import room_for
from ..common.errors import UserError
from ..models import attention, devices

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ..common.progress import Progress
    from ..tasks.settings import TrainSettings
    from .loop import Ingredient
    from .state import History

GIVEN, TRAINED, HISTORY = "given.safetensors", "trained.safetensors", "history.json"


def train(
    model: PreTrainedModel,
    ingredients: Sequence[Ingredient],
    settings: TrainSettings,
    seed: int,
    directory: Path | str,
    progress: Progress | None = None,
) -> tuple[nn.ModuleDict, History]:
    """What `train.train` does, in `settings.processes` processes; `model` is trained in place.

    UserError where there are fewer GPUs than processes, and where one of the processes raised it.
    """
    from safetensors.torch import load_file

    from .loop import fresh_heads
    from .state import History

    number, gpus = settings.processes, torch.cuda.device_count()
    if 0 < gpus < number:
        raise UserError(f"processes: {number} asks for as many GPUs, and this machine has {gpus}.")
    heads = fresh_heads(model, ingredients, settings, seed)
    model.cpu()  # what an evaluation may have left on a GPU that the processes are about to fill
    if gpus:
        torch.cuda.empty_cache()
    folder = Path(directory) / "processes"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    folder.mkdir(parents=True)
    try:
        _save(model.named_parameters(), folder / GIVEN)
        kind = arithmetic.kind()
        devices.bf16(
            settings.precision, model.config.hidden_size
        )  # noted here too, where manifests are written
        job = (_weightless(model), list(ingredients), settings, seed, str(directory), progress, kind)
        threads = max(1, torch.get_num_threads() // number)
        with tempfile.TemporaryDirectory() as faults:  # elsewhere, for the fault may be that the disk is full
            _run((number, _free_port(), threads, str(folder), faults, job), number, faults)
        trained = load_file(folder / TRAINED)
        with torch.no_grad():
            places = nn.ModuleDict({"encoder": model, "heads": heads})
            for name, parameter in places.named_parameters():
                parameter.copy_(trained[name])
        history = History(**json.loads((folder / HISTORY).read_text()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shared = {task.name: heads[task.head] for task in ingredients}
    return nn.ModuleDict(shared).eval(), history


def _run(arguments: tuple[Any, ...], number: int, faults: str) -> None:
    """Have the processes work; what one of them raises ends all, and is raised here in a sentence."""
    context = torch.multiprocessing.spawn(_work, arguments, nprocs=number, join=False)
    try:
        while not context.join():
            pass
    except (
        torch.multiprocessing.ProcessExitedException,
        torch.multiprocessing.ProcessRaisedException,
    ) as error:
        for fault in Path(faults).iterdir():
            raise UserError(fault.read_text()) from None
        raise RuntimeError(
            f"One of {number} processes ended: {str(error).strip().splitlines()[-1]}"
        ) from error
    finally:
        for process in context.processes:  # they would outlive an interrupted cell, and hold their GPUs
            process.kill()
            process.join()


def _work(
    rank: int, number: int, port: int, threads: int, folder: str, faults: str, job: tuple[Any, ...]
) -> None:
    """Process `rank` of `number`; the first one leaves what was trained in `folder`."""
    processes.die_with_parent()
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(number)}
    os.environ |= {"LOCAL_WORLD_SIZE": str(number), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ["OMP_NUM_THREADS"] = str(threads)  # where it is not set, accelerate takes all cores
    torch.set_num_threads(threads)
    from safetensors.torch import load_file

    from .loop import train

    model, ingredients, settings, seed, directory, progress, kind = job
    arithmetic.use(kind)
    given = load_file(Path(folder) / GIVEN)
    for name, parameter in list(model.named_parameters()):
        torch.utils.swap_tensors(parameter, nn.Parameter(given.pop(name), parameter.requires_grad))
    try:
        heads, history = train(attention.use(model), ingredients, settings, seed, directory, progress)
        if rank == 0:
            named = nn.ModuleDict({task.head: heads[task.name] for task in ingredients})
            trained = nn.ModuleDict({"encoder": model, "heads": named})
            _save(trained.named_parameters(), Path(folder) / TRAINED)
            history.write(Path(folder) / HISTORY)
    except UserError as error:
        (Path(faults) / str(rank)).write_text(str(error))
        sys.exit(1)
    torch.distributed.destroy_process_group()


def _save(parameters: Iterable[tuple[str, nn.Parameter]], path: Path) -> None:
    from safetensors.torch import save_file

    with room_for(path):
        save_file({name: parameter.detach().contiguous() for name, parameter in parameters}, path)


def _weightless(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of the module without memory for its weights."""
    empty = {
        id(p): nn.Parameter(torch.empty_like(p, device="meta"), p.requires_grad) for p in model.parameters()
    }
    return copy.deepcopy(model, empty)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
