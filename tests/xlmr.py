"""XLM-R's tokenizer from a SentencePiece model alone, for tests of real pieces and their offsets."""

from __future__ import annotations

import shutil
from pathlib import Path

from transformers import PreTrainedTokenizerFast, XLMRobertaTokenizer


def load_tokenizer(folder: Path, work: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of the one *.model in `folder`, or of what `save_pretrained` left there.

    transformers looks for a model by its name, so `work` gets a copy under it.
    """
    place = folder
    if not (folder / "tokenizer.json").is_file():
        [model] = folder.glob("*.model")
        place = work / "named"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model, place / "sentencepiece.bpe.model")
    return XLMRobertaTokenizer.from_pretrained(str(place), model_max_length=512, local_files_only=True)
