"""A short training in the arithmetic that the first argument names; prints JSON: digest, loss, arithmetic.

The digest is over the bits of every parameter of encoder and head, so that two machines can be compared.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoConfig, AutoModel

from xstilts_lib.common import arithmetic
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.pooled import LabelFeature
from xstilts_lib.models import attention
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, train

PIECES, EXAMPLES = 300, 256


def main() -> None:
    arithmetic.use(sys.argv[1])
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    features = [
        LabelFeature([random.integers(5, PIECES, size=random.integers(12, 48), dtype=np.int32)], row, row % 3)
        for row in range(EXAMPLES)
    ]
    config = AutoConfig.for_model(
        "xlm-roberta", num_hidden_layers=2, hidden_size=64, intermediate_size=128, num_attention_heads=4,
        max_position_embeddings=130, vocab_size=PIECES,
    )  # fmt: skip
    torch.manual_seed(0)
    model = attention.use(AutoModel.from_config(config, add_pooling_layer=False))
    settings = TrainSettings(steps=12, batch_size=16, learning_rate=1e-3, precision="fp32")
    with tempfile.TemporaryDirectory() as folder:
        task = Ingredient("pairs", features, ("a", "b", "c"), FORMATS["pair"])
        heads, history = train(model, [task], settings, 0, folder)
    parameters = [*model.parameters(), *heads.parameters()]
    digest = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in parameters)).hexdigest()[:16]
    print(json.dumps({"digest": digest, "loss": history.final("pairs"), **arithmetic.describe()}))


if __name__ == "__main__":
    main()
