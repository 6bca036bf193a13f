"""A toy tokenizer, toy encoders and a few rows of every format, for the tests of the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

WORDS = 60
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
ARCHITECTURES = {
    "xlm-roberta": {"intermediate_size": 32, "type_vocab_size": 1, "max_position_embeddings": 130},
    "xlm-roberta-xl": {"intermediate_size": 32, "type_vocab_size": 1, "max_position_embeddings": 130},
    "modernbert": {"intermediate_size": 32, "max_position_embeddings": 130},
    "eurobert": {"intermediate_size": 32, "max_position_embeddings": 130, "num_key_value_heads": 2},
    "mt5": {"d_ff": 32, "d_kv": 8},
    "deberta-v2": {
        "intermediate_size": 32,
        "max_position_embeddings": 130,
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
}


@pytest.fixture(autouse=True)
def own_variables() -> Iterator[None]:
    """What a command sets for the processes below it ends with the test that called it."""
    before = os.environ.copy()
    yield
    for name in os.environ.keys() - before.keys():
        if name.startswith("XSTILTS_"):
            del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if name.startswith("XSTILTS_")})


@pytest.fixture(autouse=True)
def main_module() -> None:
    """IPython's shell, in which other tests run cells, puts a module in the place of `__main__` that has no
    `__spec__`, and multiprocessing asks for it."""
    vars(sys.modules["__main__"]).setdefault("__spec__", None)


@pytest.fixture(scope="session")
def tokenizer():
    """One word a token, w0 to w59, with XLM-R's special tokens and template."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: index for index, token in enumerate((*SPECIAL, *(f"w{i}" for i in range(WORDS))))}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    named = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>"}
    named |= {"pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    return PreTrainedTokenizerFast(tokenizer_object=inner, **{f"{k}_token": v for k, v in named.items()})


@pytest.fixture(scope="session")
def make_model(tokenizer):
    """An encoder of 2 layers and width 16, of any of the architectures above; `settings` override."""
    from xstilts_lib.models import encoder

    def make(kind: str = "xlm-roberta", seed: int = 0, **settings):
        sizes = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2}
        return encoder.build(
            {"model_type": kind, **sizes, **ARCHITECTURES[kind], **settings}, tokenizer, seed
        )

    return make


@pytest.fixture(scope="session")
def make_rows():
    """`make_rows(format, n, lengths, seed)`: columns of n rows whose texts have one of `lengths` words."""

    def make(
        form: str, n: int = 16, lengths: tuple[int, ...] = (3, 4, 5, 7), seed: int = 0
    ) -> dict[str, list]:
        random = np.random.default_rng(seed)

        def text() -> str:
            return " ".join(f"w{i}" for i in random.integers(WORDS, size=random.choice(lengths)))

        ids = [str(i) for i in range(n)]
        if form == "pair":
            return {"id": ids, "first": [text() for _ in ids], "second": [text() for _ in ids],
                    "label": random.integers(3, size=n).tolist()}  # fmt: skip
        if form == "choice":
            choices = [[text() for _ in range(3)] for _ in ids]
            return {"id": ids, "prompt": [text() for _ in ids], "choices": choices,
                    "label": random.integers(3, size=n).tolist()}  # fmt: skip
        if form == "tags":
            words = [text().split() for _ in ids]
            return {
                "id": ids,
                "words": words,
                "tags": [["AB"[int(w[1:]) % 2] for w in line] for line in words],
            }
        if form == "span":
            contexts = [text() for _ in ids]
            starts = [context.index(" ") + 1 for context in contexts]
            answers = [
                {"text": [context[start:].split()[0]], "start": [start]}
                for context, start in zip(contexts, starts, strict=True)
            ]
            return {"id": ids, "context": contexts, "question": [text() for _ in ids], "answers": answers}
        if form == "text":
            pairs = [text() if i % 2 else "" for i in range(n)]
            return {"id": ids, "language": ["en"] * n, "text": [text() for _ in ids], "pair": pairs}
        raise ValueError(form)

    return make


LABELS = {"pair": ("no", "maybe", "yes"), "choice": (), "tags": ("A", "B"), "span": (), "text": ()}


@pytest.fixture(scope="session")
def labels_of():
    return LABELS


@pytest.fixture(scope="session")
def scripts_tokenizer():
    """Byte-pair pieces with word-initial marks, as SentencePiece has them, over texts in several scripts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    texts = [
        "the old bridge stands near the river and the town",
        "الجسر القديم قريب من النهر الكبير في المدينة",
        "สะพานเก่าอยู่ใกล้แม่น้ำในเมือง",
        "旧桥位于大河附近的城市里。",
        "walking on bridges where is it",
    ]
    inner = Tokenizer(models.BPE(unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=220, special_tokens=list(SPECIAL), show_progress=False)
    inner.train_from_iterator(texts, trainer)
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, cls_token="<s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


@pytest.fixture
def ingredient(tokenizer, make_rows, labels_of):
    def make(form: str, n: int = 16, lengths=(3, 4, 5, 7), seed: int = 0, **more):
        from xstilts_lib.formats import FORMATS
        from xstilts_lib.training.loop import Ingredient

        features = FORMATS[form].encode(make_rows(form, n, lengths, seed), tokenizer, labels_of[form], 64)
        return Ingredient(more.pop("name", form), features, labels_of[form], FORMATS[form], **more)

    return make
