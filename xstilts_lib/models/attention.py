"""Attention where transformers' own is slow or wrong: on a CPU, and within a row of joined sequences.

On a CPU torch's choice of kernel is slow for sentences. Two cases, measured on sentences of 12 to 192 tokens:
in bfloat16 the fused kernel takes 10 to 40 times as long as in float32, with a mask or without, and with
dropout torch leaves the fused kernel for a general one. Four plain operations outrun both, and in bfloat16
the fused kernel in float32 too, by a tenth of the whole training.

Sequences that stand one after another in a row must not see each other, and transformers' `sdpa` and `eager`
would let them. On a GPU a kernel for sequences of several lengths reads them as they stand; elsewhere each is
attended to alone, which is the reference that the kernels are held to. Of torch's two such kernels it is
FlashAttention's: left to choose, torch prefers cuDNN's on Hopper, with which a training was reported to drop
from 280,000 to 60,000 tokens a second (pytorch/pytorch#187770), and whose way back repeats itself in no mode.
`benchmarks/utilisation.py` times both.

Everything else is transformers' own `sdpa`.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from ..common.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ..formats import Joined

NAME = "xstilts"
HALVES = (torch.bfloat16, torch.float16)
KERNEL = SDPBackend.FLASH_ATTENTION  # of torch's for joined sequences
LONG = 1024  # tokens of a sequence whose weights, length by length, are too many to be held at once


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    joined: Joined | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """As transformers calls attention: query (batch, heads, length, size) to (batch, length, heads, size)."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if joined is not None:
        # transformers counts the token itself as one of the window.
        window = more.get("sliding_window")
        reach = None if window is None else window - 1
        on_gpu = query.device.type == "cuda" and value.dtype in HALVES
        function = _joined_by_kernel if on_gpu else _joined_one_by_one
        return function(query, key, value, joined, dropout, scale, reach), None
    own = key.shape == query.shape and more.get("position_bias") is None and not more.get("is_causal")
    half = query.dtype in HALVES
    if query.device.type != "cpu" or not own or not (half or (dropout and attention_mask is None)):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
        )
    with torch.autocast("cpu", enabled=False):
        if half and query.shape[2] > LONG:
            return _in_single(query, key, value, attention_mask, dropout, scale), None
        return _plainly(query, key, value, attention_mask, dropout, scale), None


def _plainly(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float, scale: float
) -> Tensor:
    """(batch, heads, length, size) to (batch, length, heads, size), by the formula, in the inputs' type; the
    softmax sums in float32 within."""
    weights = torch.matmul(query * scale, key.transpose(2, 3))
    if mask is not None and mask.dtype == torch.bool:
        # In place and unseen by autograd: no product keeps its result, and the gradient of a weight of zero
        # is zero already.
        with torch.no_grad():
            weights += torch.zeros(mask.shape, dtype=weights.dtype).masked_fill_(~mask, -torch.inf)
    elif mask is not None:
        weights = weights + mask
    weights = torch.softmax(weights, dim=-1)
    if dropout:
        weights = functional.dropout(weights, dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous()


def _in_single(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float, scale: float
) -> Tensor:
    """The same by the fused kernel in float32, which never holds all weights at once."""
    if mask is not None and mask.dtype != torch.bool:
        mask = mask.float()
    single = (query.float(), key.float(), value.float())
    mixed = functional.scaled_dot_product_attention(*single, mask, dropout, scale=scale)
    return mixed.to(query.dtype).transpose(1, 2).contiguous()


def _joined_one_by_one(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    joined: Joined,
    dropout: float,
    scale: float,
    reach: int | None,
) -> Tensor:
    """(1, heads, tokens, size) to (1, tokens, heads, size), each sequence by itself, in float32.

    `reach` is how far a token sees to either side; None = to the ends.
    """
    mixed = []
    with torch.autocast(query.device.type, enabled=False):
        for begin, end in pairwise(joined.borders.tolist()):
            single = (tensor[:, :, begin:end].float() for tensor in (query, key, value))
            near = None
            if reach is not None and end - begin > reach:
                place = torch.arange(end - begin, device=query.device)
                near = (place[:, None] - place).abs() <= reach
            mixed.append(
                functional.scaled_dot_product_attention(*single, near, dropout, scale=scale, enable_gqa=True)
            )
    return torch.cat(mixed, dim=2).to(value.dtype).transpose(1, 2).contiguous()


def _joined_by_kernel(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    joined: Joined,
    dropout: float,
    scale: float,
    reach: int | None,
) -> Tensor:
    """The same on a GPU, in half precision: by torch's kernel, or with dropout by FlashAttention 2's, since
    torch's has none."""
    # Rotary positions may have left queries and keys in float32.
    query, key, value = (tensor[0].transpose(0, 1).to(value.dtype) for tensor in (query, key, value))
    window = (-1, -1) if reach is None else (reach, reach)
    borders, longest = joined.borders, joined.longest
    if dropout:
        from flash_attn import flash_attn_varlen_func

        mixed = flash_attn_varlen_func(
            query, key, value, borders, borders, longest, longest, dropout, scale, window_size=window,
            deterministic=torch.are_deterministic_algorithms_enabled(),
        )  # fmt: skip
    else:
        from torch.nn.attention.varlen import varlen_attn

        grouped = key.shape[1] != query.shape[1]
        with sdpa_kernel(KERNEL):
            mixed = varlen_attn(
                query, key, value, borders, borders, longest, longest,
                scale=scale, window_size=window, enable_gqa=grouped,
            )  # fmt: skip
    return mixed.unsqueeze(0)


def use(model: PreTrainedModel) -> PreTrainedModel:
    """Let `model` attend by this file, where transformers has given it `sdpa`; other choices stand."""
    from transformers import AttentionInterface
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, AttentionMaskInterface

    # A model that comes from another process has the name already, and this process may not know it.
    if model.config._attn_implementation in ("sdpa", NAME):
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
        model.config._attn_implementation = NAME
    return model


def joins(model: PreTrainedModel, layout: str, device: torch.device, half: bool, dropout: float) -> bool:
    """Whether `model`, computing on `device` in half precision or not, with `dropout` of its attention
    weights, reads its sequences joined where the setting `layout` (see settings.py) says so.

    UserError where they are to be joined and the model or its dropout does not let them.
    """
    # A bias for each pair of positions (mT5) belongs to rectangles; no kernel for joined sequences takes it.
    biased = any(hasattr(module, "relative_attention_bias") for module in model.modules())
    able = model.config._attn_implementation == NAME and not biased
    on_gpu = device.type == "cuda" and half
    droppable = not on_gpu or not dropout or find_spec("flash_attn") is not None
    if layout == "joined" and not able:
        raise UserError(f"layout: joined does not go with a {model.config.model_type}: set it to padded.")
    if layout == "joined" and not droppable:
        raise UserError(
            f"layout: joined has no attention dropout on this GPU, and the model's is {dropout:g}: "
            "set attention_dropout: 0, install flash-attn, or set layout: padded."
        )
    return layout == "joined" or (layout == "auto" and able and on_gpu and droppable)
