"""Weights, gradients and moments spread over processes (FSDP2), for an encoder too large for one GPU.

Each process holds a part of every tensor. The weights of a layer are gathered while the layer is computed and
given up after it, so that a process holds its parts, one layer whole, and the embeddings.

>>> learner = sharding.spreadable(whole)
>>> accelerator = devices.accelerator("auto", width, layer=sharding.layer(model))
>>> wrapped, stepper = accelerator.prepare(learner, optimizer)  # accelerate spreads them
>>> sharding.gather(learner, whole, accelerator)
"""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from . import encoder

if TYPE_CHECKING:
    from accelerate import Accelerator, FullyShardedDataParallelPlugin
    from transformers import PreTrainedModel


def layer(model: PreTrainedModel) -> str:
    """The name of the class of the encoder's layers, each of which is gathered by itself."""
    return type(encoder.blocks(model)[0]).__name__


def plugin(layer: str, half: bool) -> FullyShardedDataParallelPlugin:
    """How accelerate is to spread an encoder of such layers.

    With `half` matrices travel, and are multiplied, in bfloat16, and all else in float32, as autocast would
    have it; gradients are summed in float32.
    """
    from accelerate import FullyShardedDataParallelPlugin
    from torch.distributed.fsdp import MixedPrecisionPolicy

    policy = MixedPrecisionPolicy(cast_forward_inputs=False)
    if half:
        policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16,
            reduce_dtype=torch.float32,
            cast_forward_inputs=False,
            param_dtype_override_fn=lambda p: None if getattr(p, "multiplied", False) else p.dtype,
        )
    return FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=[layer],
        reshard_after_forward=True,
        # Every process has read the weights; handing them out from the first would break the tie between
        # the embeddings and the head of masked language modelling.
        cpu_ram_efficient_loading=False,
        mixed_precision_policy=policy,
    )


def allow(accelerator: Accelerator, plugin: FullyShardedDataParallelPlugin) -> None:
    """Have `accelerator` spread on a CPU too, where it knows of none: the same code, for trying it out."""
    from accelerate.state import PartialState
    from accelerate.utils import DistributedType

    # What accelerate leaves behind would have the next phase of this process spread as well.
    os.environ.pop("ACCELERATE_USE_FSDP", None)
    if accelerator.distributed_type != DistributedType.FSDP:
        accelerator.state.distributed_type = DistributedType.FSDP
        PartialState._shared_state["distributed_type"] = DistributedType.FSDP
        accelerator.state.fsdp_plugin = plugin


def spreadable(whole: nn.Module) -> nn.Module:
    """A copy to be spread, which shares the memory of its parameters with `whole` until it is: spreading
    changes a module for good, and what comes after the training wants a plain one."""
    shared = {id(p): nn.Parameter(p.detach(), p.requires_grad) for p in whole.parameters()}
    learner = copy.deepcopy(whole, shared)
    for module in learner.modules():
        if isinstance(module, nn.Linear):
            for parameter in module.parameters(recurse=False):  # autocast computes these in bfloat16
                parameter.multiplied = True  # type: ignore[attr-defined]
    return learner


def gather(learner: nn.Module, whole: nn.Module, accelerator: Accelerator) -> None:
    """Write what was trained of the spread `learner` into the first process's `whole`; all take part.

    In the others `whole` stays as it was: eight copies of a large encoder would fill a machine's memory.
    """
    places = dict(whole.named_parameters())
    with torch.no_grad():
        for name, parameter in learner.named_parameters():
            if parameter.requires_grad:
                trained = complete(parameter)
                if accelerator.is_main_process:
                    places[name].copy_(trained)


def complete(tensor: Tensor) -> Tensor:
    """The tensor whole, on its device, where it is spread, which all processes take part in; else as it
    is."""
    return tensor.detach().full_tensor() if hasattr(tensor, "full_tensor") else tensor


def spread_as(tensor: Tensor, other: Tensor) -> Tensor:
    """This process's part of `tensor`, where `other` is spread; else all."""
    if not hasattr(other, "full_tensor"):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    # Every process has read the whole tensor from the same file: none sends it.
    mesh, placements = other.device_mesh, other.placements
    here = tensor.to(other.device)
    return distribute_tensor(here, mesh, placements, src_data_rank=None)


def agreed(answer: bool, accelerator: Accelerator) -> bool:
    """The first process's answer, in all of them. It waits for the device, which costs little beside an
    update of an encoder that needs spreading."""
    said = torch.tensor(int(answer), device=accelerator.device)
    torch.distributed.broadcast(said, src=0)
    return bool(said)
