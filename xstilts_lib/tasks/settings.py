"""How a phase trains: small typed signatures, checked when they are made, that know nothing of torch.

>>> TrainSettings(epochs=2, batch_size=32).batch
(32, 'examples')
>>> TrainSettings(steps=100, tokens_per_batch=768, learning_rate="5e-4").learning_rate
0.0005
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ..common.errors import UserError
from ..common.strict import Between, Count, Share, check

Sampling = Literal["proportional", "uniform", "temperature", "capped"]
Precision = Literal["auto", "fp32", "bf16"]
Pooling = Literal["mean", "first"]
Masking = Literal["bert", "mask"]
Layout = Literal["auto", "padded", "joined"]
Amount = Annotated[float, Between(0, 10**6)]

CHANCE = 0.98  # a loss above this share of what guessing costs counts as nothing learnt
# How a training is carried out, not what it computes: it changes no number but by rounding, and by which
# units dropout draws. A finished run counts as done, and an unfinished one goes on, with other values of
# these.
EXECUTION = ("checkpoint_every", "accumulation", "recompute", "processes", "shard")

# Two ways of saying the same thing: in a later layer, either of them takes the place of the other.
ALTERNATIVES = (("epochs", "steps"), ("batch_size", "tokens_per_batch"))


@dataclass(frozen=True)
class TrainSettings:
    """Fine-tuning on one task or on several. The defaults are the study's (FACTS: jiant's XTREME guide)."""

    learning_rate: Share = 1e-5
    """Peak of the linear schedule."""
    epochs: Amount | None = None
    """Passes over the examples (of all tasks together); 2 where neither this nor `steps` is given."""
    steps: Count | None = None
    """Updates, instead of `epochs`."""
    examples: Count | None = None
    """Training examples taken of each task, drawn from the run's seed (samples.py); None = all."""
    batch_size: Count | None = None
    """Examples in an update; 32 where neither this nor `tokens_per_batch` is given."""
    tokens_per_batch: Count | None = None
    """Tokens in an update at most, instead of `batch_size`."""
    accumulation: Count = 1
    """Parts that an update is computed in, one after the other, to save memory; changes no number but by
    rounding, and by which units dropout draws."""
    max_length: Count = 256
    """Tokens of a sequence, special tokens included."""
    warmup: Share = 0.1
    """Share of the updates over which the learning rate rises from 0."""
    weight_decay: Share = 0.01
    """Of AdamW; biases and LayerNorm have none."""
    epsilon: Share = 1e-8
    """Of AdamW."""
    beta2: Share = 0.999
    """Of AdamW: how long it remembers the size of the gradients."""
    clip: Amount = 1.0
    """Largest norm of the gradient; 0 = as it comes."""
    dropout: Share | None = None
    """Of the encoder's layers and of the heads; None = what the model's configuration says (heads: 0.1)."""
    attention_dropout: Share | None = None
    """Of the attention weights; None = the model's. At 0 the fused kernels apply, which are faster."""
    sampling: Sampling = "proportional"
    """Which task an update trains, where there are several: by size, all alike, by size ** (1 / temperature),
    or by size up to `cap`."""
    temperature: Annotated[float, Between(0.01, 10**6)] = 2.0
    cap: Count | None = None
    """The size beyond which a task counts as no larger, for `sampling: capped`."""
    pooling: Pooling = "mean"
    """What a sentence-level head reads: the mean over the tokens, or the first token."""
    mask_rate: Annotated[float, Between(0.001, 1)] = 0.3
    """Share of the tokens to predict in masked language modelling."""
    masking: Masking = "bert"
    """Of the tokens to predict: 80 % masked, 10 % another token, 10 % left alone ("bert"), or all masked."""
    precision: Precision = "auto"
    """"auto" asks the hardware: bf16 where it has the instructions (on a CPU for a width of at least 128)."""
    layout: Layout = "auto"
    """Sequences of a batch in a rectangle, the shorter ones "padded", or one after another without padding,
    "joined"; changes no number but by rounding. "auto" joins where a kernel does it well: on a GPU in bf16,
    if attention dropout is 0 or flash-attn is installed, whose kernel alone has it."""
    recompute: bool = False
    """Compute each layer's activations twice rather than keep them: less memory, a third more time, the same
    numbers."""
    low_rank: Count | None = None
    """Rank of the update that each of the encoder's matrices is given (LoRA), its own weights frozen; None =
    all weights are trained."""
    processes: Count = 1
    """Processes of this machine, each with a GPU of its own, that share every update; changes no number but
    by rounding, and by which units dropout draws."""
    shard: bool = False
    """Spread weights, gradients and moments over the processes (FSDP2), for a training too large for one GPU;
    changes no number but by rounding."""
    compile: bool = False
    """Let torch.compile translate the encoder: minutes at the start, for faster updates."""
    checkpoint_every: Annotated[float, Between(0, 10**9)] = 120.0
    """Seconds between two checkpoints; 0 = after each update. Changes no number."""

    def __post_init__(self) -> None:
        check(self, "Training setting")
        for first, second in ALTERNATIVES:
            if getattr(self, first) is not None and getattr(self, second) is not None:
                raise UserError(f"Training settings name both {first!r} and {second!r}: keep one of the two.")
        if self.epochs is None and self.steps is None:
            object.__setattr__(self, "epochs", 2.0)
        if self.batch_size is None and self.tokens_per_batch is None:
            object.__setattr__(self, "batch_size", 32)
        if self.shard and self.compile:
            raise UserError("Training settings name both shard and compile: keep one of the two.")
        if self.sampling == "capped" and self.cap is None:
            raise UserError("Training setting sampling: capped needs `cap`, the largest size of a task.")

    @property
    def batch(self) -> tuple[int, Literal["examples", "tokens"]]:
        """Size of an update, and what it counts."""
        if self.tokens_per_batch is not None:
            return self.tokens_per_batch, "tokens"
        assert self.batch_size is not None, "__post_init__ sets one of the two"
        return self.batch_size, "examples"


@dataclass(frozen=True)
class PretrainSettings(TrainSettings):
    """Masked language modelling from random weights; the defaults suit the miniature."""

    learning_rate: Share = 2e-3
    max_length: Count = 128
    warmup: Share = 0.05
    epsilon: Share = 1e-6
    beta2: Share = 0.98
    translation_share: Share | None = None
    """Share of the updates spent on rows with a translation (translation language modelling); None = by
    size."""
    languages: Mapping[str, Share] | None = None
    """Share of each language's lines that is read, 0 to 1; None = all lines of all languages, and a
    language left out of the mapping is left out of the training."""

    def __post_init__(self) -> None:
        if self.epochs is None and self.steps is None:
            object.__setattr__(self, "steps", 4000)
        if self.batch_size is None and self.tokens_per_batch is None:
            object.__setattr__(self, "tokens_per_batch", 768)
        super().__post_init__()


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers over earlier ones; of two alternatives (epochs or steps) the later one stands alone.

    >>> merged({"epochs": 2, "clip": 1}, {"steps": 100})
    {'clip': 1, 'steps': 100}
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for first, second in ALTERNATIVES:
            if layer.get(first) is not None and layer.get(second) is None:
                result.pop(second, None)
            elif layer.get(second) is not None and layer.get(first) is None:
                result.pop(first, None)
        result.update(layer)
    return result
