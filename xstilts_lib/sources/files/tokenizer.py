"""XLM-R's own tokenizer, from the SentencePiece model in the data folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.checksums import remembered
from ...common.disk import replacing
from ...common.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_LONGEST = 512  # positions of XLM-R base and large, less the two that padding takes


def load_tokenizer(folder: Path, cache: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer (with character offsets) of the one *.model or the tokenizer.json in `folder`.

    A model of another name is copied into `cache` as sentencepiece.bpe.model, for which transformers looks.
    """
    from transformers import XLMRobertaTokenizer

    place = folder
    if not any((folder / name).is_file() for name in ("tokenizer.json", "sentencepiece.bpe.model")):
        models = sorted(folder.glob("*.model"))
        if len(models) != 1:
            raise UserError(
                f"{folder} holds {len(models)} files *.model: exactly one SentencePiece model was expected."
            )
        place = cache / f"tokenizer-{remembered(models[0])[:16]}"
        with replacing(place / "sentencepiece.bpe.model") as beside:
            shutil.copyfile(models[0], beside)
    try:
        tokenizer = XLMRobertaTokenizer.from_pretrained(
            str(place), model_max_length=_LONGEST, local_files_only=True
        )
    except Exception as error:  # transformers lets whatever its parsers raise through
        raise UserError(f"{folder} holds no usable tokenizer ({type(error).__name__}: {error}).") from None
    return tokenizer
