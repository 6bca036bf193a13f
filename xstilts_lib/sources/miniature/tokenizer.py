"""The miniature world's tokenizer: whole words, in XLM-R's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .world import World

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def vocabulary(world: World) -> list[str]:
    """Every token there is, special ones first, then punctuation and words in order; suffixes are tokens
    of their own."""
    words = world.lexicon.english_words()
    for name in world.lexicon.name_words():
        words.add(name)
        words.update(row.name(name) for row in world.vocabularies.values())
    for row in world.vocabularies.values():
        words.update(word for synonyms in row.words.values() for word in synonyms)
        if row.language.case:
            words.add(row.suffix)
    return [*SPECIAL, ".", "?", *sorted({word.lower() for word in words})]


def build(world: World) -> PreTrainedTokenizerFast:
    """`<s> a </s>` and `<s> a </s></s> b </s>`; letters in lower case; 'dalo-ta' is the two tokens 'dalo'
    and '-ta'."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: index for index, token in enumerate(vocabulary(world))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"-?\w+|[^\w\s]"), "removed", invert=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )
