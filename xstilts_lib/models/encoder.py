"""Encoders: built from a configuration, loaded, saved, handed from phase to phase, read at any layer.

>>> model = build({"model_type": "xlm-roberta", "num_hidden_layers": 4}, tokenizer, seed=0)
>>> save(model, tokenizer, "runs/encoder")
>>> model, tokenizer = load("runs/encoder")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..common import shapes
from ..common.disk import check_safetensors, replacing_folder
from ..common.errors import UserError, nearest
from . import attention

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

    from ..formats import Batch, Feature

VOCABULARY = "vocabulary.safetensors"  # beside the weights, where the vocabulary is trimmed


def build(
    architecture: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    vocabulary: np.ndarray | None = None,
) -> PreTrainedModel:
    """An encoder with random weights, of any architecture that transformers knows.

    `architecture` holds `model_type` and settings of that type's configuration; sizes of the vocabulary and
    special tokens are the tokenizer's. `vocabulary` (see `trim`) keeps some of its pieces alone. UserError
    for an unknown key.
    """
    from transformers import AutoConfig

    settings = dict(architecture)
    kind = settings.pop("model_type", None)
    if kind is None:
        raise UserError("The model's architecture names no model_type: give one, such as xlm-roberta.")
    try:
        config = AutoConfig.for_model(kind)
    except ValueError:
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        raise UserError(f"There is no model_type {kind!r}: {nearest(kind, CONFIG_MAPPING)}") from None
    for key in settings:
        if not hasattr(config, key):
            known = [name for name in config.to_dict() if not name.startswith("_")]
            raise UserError(f"A {kind} has no setting {key!r}: {nearest(key, known)}")
    if vocabulary is not None:
        attach(tokenizer, vocabulary)
    from ..formats import Segmenter

    segmenter = Segmenter(tokenizer)
    settings["vocab_size"] = segmenter.size
    settings["pad_token_id"] = segmenter.pad
    for name in ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"):
        number = getattr(tokenizer, name, None)
        if hasattr(config, name) and number is not None:
            settings[name] = int(segmenter.trim(np.array([number]))[0])
    config = AutoConfig.for_model(kind, **settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = empty(config)
    return ready(model)


def empty(config: PreTrainedConfig) -> PreTrainedModel:
    """The encoder that `config` describes, its weights as torch's generator and default device give them."""
    model: PreTrainedModel = _model_class(config).from_config(config, **_unpooled(type(config)))
    return model


def load(
    place: str | Path, revision: str | None = None, layers: int | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """An encoder, or its lowest `layers`, and its tokenizer, from a folder or from the Hub.

    UserError where a file is missing or cut short, and where there are fewer layers.
    """
    from transformers import AutoConfig, AutoTokenizer

    folder = Path(place)
    local = folder.is_dir()
    if local:
        _check(folder)
    elif folder.is_absolute() or str(place).startswith("."):
        raise UserError(f"There is no encoder at {place}: run the phase that makes it, or correct the path.")
    try:
        with _quietly():
            config = AutoConfig.from_pretrained(place, revision=revision)
            if layers is not None:
                _keep(config, layers)
            options = {"dtype": torch.float32, **_unpooled(type(config))}
            options |= {"config": config, "revision": revision}
            model = _model_class(config).from_pretrained(place, **options)
            tokenizer = AutoTokenizer.from_pretrained(place, revision=revision)
    except OSError as error:
        raise UserError(f"No encoder could be read from {place}: {str(error).splitlines()[0]}") from error
    if local and (folder / VOCABULARY).exists():
        from safetensors.numpy import load_file

        attach(tokenizer, load_file(folder / VOCABULARY)["kept"])
    return ready(model), tokenizer


def ready(model: PreTrainedModel) -> PreTrainedModel:
    """The model for evaluation, with our attention, and on a CPU with half precision all the way up."""
    if found := _blocks(model):
        found[0].register_forward_pre_hook(_halve, with_kwargs=True)
    return attention.use(model).eval()


def _halve(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Let the states that enter the lowest layer be bfloat16 where the products are, on a CPU.

    Embeddings are float32 under autocast, and so would be all sums and norms above them, each of them cast
    for the next product.
    """
    hidden = args[0] if args else kwargs["hidden_states"]
    if hidden.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        hidden = hidden.to(torch.get_autocast_dtype("cpu"))
    return ((hidden, *args[1:]), kwargs) if args else ((), {**kwargs, "hidden_states": hidden})


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, directory: str | Path) -> Path:
    """Write a folder that `load`, and AutoModel.from_pretrained, open; whole or not at all."""
    from safetensors.numpy import save_file

    with replacing_folder(directory) as folder, _quietly():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        kept = getattr(tokenizer, "kept", None)
        if kept is not None:
            save_file({"kept": kept}, folder / VOCABULARY)
    return Path(directory)


def _keep(config: PreTrainedConfig, layers: int) -> None:
    """Have `config` be that of the lowest `layers`."""
    if layers > (known := config.num_hidden_layers):
        raise UserError(f"layers: {layers} are to be kept, but this {config.model_type} has {known}.")
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]


def _check(folder: Path) -> None:
    if not (folder / "config.json").exists():
        raise UserError(f"{folder} holds no config.json: it is no encoder's, or was not written to its end.")
    for file in sorted(folder.glob("*.safetensors")):
        check_safetensors(file)


def _model_class(config: PreTrainedConfig) -> type:
    """The class that makes a model of `config`: of mT5 and its like the encoder without its decoder."""
    from transformers import AutoModel, AutoModelForTextEncoding

    known = AutoModelForTextEncoding._model_mapping
    halved = type(config) in known and known[type(config)].__name__.endswith("EncoderModel")
    return AutoModelForTextEncoding if halved else AutoModel


def _unpooled(config_class: type) -> dict[str, bool]:
    """The argument that leaves out the pooler, for the architectures that have one: nothing here reads it."""
    from transformers import MODEL_MAPPING

    model_class = MODEL_MAPPING[config_class]
    model_class = model_class[0] if isinstance(model_class, tuple) else model_class
    known = inspect.signature(model_class.__init__).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in known else {}


def trim(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str], size: int) -> np.ndarray:
    """The ids of the `size` pieces that `texts` use most, special tokens among them: sorted, int64.

    A small encoder over XLM-R's own segmentation needs no row for each of its 250,002 pieces.
    """
    from ..formats.plain import reader

    used = np.zeros(len(tokenizer), dtype=np.int64)
    texts = list(texts)
    for start in range(0, len(texts), 10_000):
        for ids in reader(tokenizer).ids(texts[start : start + 10_000]):
            np.add.at(used, ids, 1)
    used[sorted(tokenizer.all_special_ids)] = np.iinfo(np.int64).max
    # A stable sort, so that pieces used equally often are kept in the order of their ids.
    most = np.argsort(-used, kind="stable")[:size]
    return np.sort(most[used[most] > 0])


def attach(tokenizer: PreTrainedTokenizerFast, vocabulary: np.ndarray) -> None:
    """Give the tokenizer a trimmed vocabulary: piece `vocabulary[i]` has id i, all others the unknown
    token's."""
    vocabulary = np.unique(np.asarray(vocabulary, dtype=np.int64))
    missing = set(tokenizer.all_special_ids) - set(vocabulary.tolist())
    if missing:
        raise UserError(f"A trimmed vocabulary keeps the special tokens; it lacks the ids {sorted(missing)}.")
    unknown = int(np.searchsorted(vocabulary, tokenizer.unk_token_id))
    trimmed = np.full(len(tokenizer), unknown, dtype=np.int64)
    trimmed[vocabulary] = np.arange(len(vocabulary))
    tokenizer.kept, tokenizer.trimmed = vocabulary, trimmed


def carry_over(model: PreTrainedModel) -> PreTrainedModel:
    """The encoder as it passes from phase to phase: its weights to the bit, and nothing else.

    Heads, poolers and gradients stay behind; every phase begins with fresh heads. The same tensors, not a
    copy.
    """
    encoder = model.base_model
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    for parameter in encoder.parameters():
        parameter.grad = None
    return encoder.eval()


class _Reached(Exception):
    """Raised at a layer to end a forward pass there."""


def blocks(model: PreTrainedModel) -> nn.ModuleList:
    """The encoder's layers, bottom first."""
    if found := _blocks(model):
        return found
    raise UserError(f"A {model.config.model_type} keeps its layers where they were not found.")


def _blocks(model: PreTrainedModel) -> nn.ModuleList | None:
    lists = (module for module in model.modules() if isinstance(module, nn.ModuleList))
    return next((each for each in lists if len(each) == model.config.num_hidden_layers), None)


def inputs(model: PreTrainedModel, batch: Batch) -> dict[str, Any]:
    """What the model's forward pass is given of a batch, by name."""
    if batch.joined is None:
        return {"input_ids": batch.ids, "attention_mask": batch.mask}
    # transformers takes four dimensions for a mask that is ready, and makes
    # none of its own, which would be of the row's length squared. What keeps
    # the sequences apart is `joined`, in attention.py.
    ready = batch.ids.new_ones((1, 1, 1, 1), dtype=torch.bool)
    first = shapes.first_position(model.config.to_dict())
    return {
        "input_ids": batch.ids,
        "attention_mask": ready,
        "position_ids": batch.joined.positions + first,
        "joined": batch.joined,
    }


def check_length(model: PreTrainedModel, features: Iterable[Feature]) -> None:
    """UserError where one of the features is longer than the model has positions for."""
    limit = shapes.longest(model.config.to_dict())
    length = max((feature.length for feature in features), default=0)
    if limit is not None and length > limit:
        raise UserError(
            f"A sequence has {length} tokens, but this {model.config.model_type} has positions for {limit}: "
            f"set max_length to {limit} at most."
        )


def hidden_states(model: PreTrainedModel, batch: Batch) -> Tensor:
    """(sequences, length, width), or (1, tokens, width) of joined sequences: the encoder's output."""
    return model(**inputs(model, batch)).last_hidden_state


def several_layers(model: PreTrainedModel, batch: Batch, layers: Sequence[int]) -> list[Tensor]:
    """The states that leave each of `layers` (0 = the embeddings), as hidden_states has them, from one pass:
    the layers above the highest of them are not computed.

    Equal to those entries of `output_hidden_states=True`. UserError for a layer that there is not.
    """
    top = model.config.num_hidden_layers
    for layer in layers:
        if not 0 <= layer <= top:
            raise UserError(f"The encoder has layers 0 (embeddings) to {top}; there is no layer {layer}.")
    found: dict[int, Tensor] = {}

    def keep(layer: int) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            found[layer] = args[0] if args else kwargs["hidden_states"]
            if layer == max(layers):
                raise _Reached

        return hook

    # What leaves a layer is what enters the one above it.
    below = [layer for layer in set(layers) if layer < top]
    handles = [
        blocks(model)[layer].register_forward_pre_hook(keep(layer), with_kwargs=True) for layer in below
    ]
    try:
        # The output of the top is not only the last layer's: some architectures end in a LayerNorm.
        found[top] = hidden_states(model, batch)
    except _Reached:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return [found[layer] for layer in layers]


@contextmanager
def _quietly() -> Iterator[None]:
    """Without transformers' progress bars and load reports, which would drown a notebook's page."""
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
