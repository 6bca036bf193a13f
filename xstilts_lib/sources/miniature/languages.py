"""The languages of the miniature world: English, seven invented ones, and four further ones; each with a
declared typology, declared resources, and a declared contact with English.

What cannot be set in nature is set here: how far a language stands from English, and how much text there is
of it. Languages come in pairs that differ in one property alone, so that a reader can ask what that property
does:

    qaa - qab  resources (near English)        qaa - qac  word order
    qae - qaf  resources (far from English)    qaa - qad  script

and, in a world whose settings name them,      qaa - qah  case
                                               qaa - qai  cognates
                                               qaa - qaj  articles
                                               qaa - qak  contact with English

Where nearly every line comes with a translation, little text is no lack. So resources are better compared in
the shade: {qab: {contact: 0.05}, qak: {}} makes qak - qab a pair that differs in resources, with hardly any
translations on either side.

A cognate is a word written as in English. A sound law that changed it would make it as foreign as any other
word, since the vocabulary is made of whole words; another script has that effect, and qad shows it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from ...common.errors import UserError, nearest
from ...common.strict import Between, Share, build
from .lexicon import FUNCTIONS, IN_ENGLISH, Lexicon

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Each alphabet as a spelling of the Latin one, letter for letter, so that it can be undone.
LATIN = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS = {
    "Latin": LATIN,
    "Cyrillic": "абцдефгхижклмнопярстувшчйз",
    "Georgian": "აბცდეფგჰიჯკლმნოპყრსტუვშხჟზ",
    "Armenian": "աբցդեֆգհիջկլմնոպքրստըվւխյզ",
}


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    order: Literal["SVO", "SOV", "VSO"] = "SVO"
    adposition: Literal["before", "after"] = "before"
    """Where 'in', 'by', 'on' stand: before their noun or after it."""
    case: bool = False
    """Whether an object bears a suffix."""
    articles: bool = True
    """Whether nouns have articles."""
    adjective: Literal["before", "after"] = "before"
    script: Literal["Latin", "Cyrillic", "Georgian", "Armenian"] = "Latin"
    cognates: Share = 0.6
    """Share of the words, those of grammar too, that are written as in English (respelt where the script
    differs)."""
    resources: Annotated[float, Between(0, 10)] = 1.0
    """Lines of pretraining text, as a share of the English ones."""
    contact: Share = 1.0
    """Share of the world's translated and mixed lines (`parallel`, `mixed`) that its text has: at 0 nobody
    has ever translated it or mixed it with English, and what ties it to English are cognates alone."""


ENGLISH = Language("en", "English", cognates=1.0)
_NEAR = Language("qaa", "Tolvish")
_FAR = Language("qae", "Ilumay", "SOV", "after", True, False, "after", "Latin", 0.3)
LANGUAGES: Mapping[str, Language] = {
    "en": ENGLISH,
    "qaa": _NEAR,
    "qab": replace(_NEAR, code="qab", name="Merrenic", resources=0.2),
    "qac": replace(_NEAR, code="qac", name="Oskethi", order="SOV"),
    "qad": replace(_NEAR, code="qad", name="Dunvarish", script="Cyrillic"),
    "qae": _FAR,
    "qaf": replace(_FAR, code="qaf", name="Hasperic", resources=0.2),
    "qag": Language("qag", "Quorzan", "SVO", "before", False, True, "after", "Georgian", 0.3, 0.6),
}

# Spoken where a world's settings name them, `languages: {qah: {}}`: further pairs cost every encoder text.
FURTHER: Mapping[str, Language] = {
    "qah": replace(_NEAR, code="qah", name="Velissan", case=True),
    "qai": replace(_NEAR, code="qai", name="Corundic", cognates=0.3),
    "qaj": replace(_NEAR, code="qaj", name="Belvarin", articles=False),
    "qak": replace(_NEAR, code="qak", name="Norrindic", contact=0.05),
}


def configured(overrides: Mapping[str, Mapping[str, object]]) -> dict[str, Language]:
    """The languages with the changes that a world's settings ask for; UserError for an unknown language or
    property."""
    languages = {**LANGUAGES, **{code: row for code, row in FURTHER.items() if code in overrides}}
    for code, changes in overrides.items():
        if code not in languages or code == "en":
            invented = nearest(code, {*LANGUAGES, *FURTHER} - {"en"})
            raise UserError(f"Miniature world: there is no invented language {code!r}: {invented}")
        named = {"code": code, "name": languages[code].name}
        stated = build(Language, changes, f"Language {code}", named)
        languages[code] = replace(languages[code], **{key: getattr(stated, key) for key in changes})
    return languages


def distance(language: Language) -> float:
    """How far a language stands from English, 0 to 1: the mean of seven differences.

    Order, adpositions, case, articles, adjectives and script differ or not; the seventh is the share of words
    that are not written as in English, which in another script is all of them. Resources and contact are no
    part of it.
    """
    differences = [
        getattr(language, key) != getattr(ENGLISH, key)
        for key in ("order", "adposition", "case", "articles", "adjective", "script")
    ]
    shared = language.cognates if language.script == ENGLISH.script else 0.0
    return (sum(differences) + 1 - shared) / 7


@cache
def spell(word: str, script: str) -> str:
    """`word`, written in Latin letters, in another alphabet; a capital stays where there are any."""
    if script == "Latin":
        return word
    table = str.maketrans(LATIN, ALPHABETS[script])
    spelt = word.lower().translate(table)
    return spelt[0].title() + spelt[1:] if word[0].isupper() else spelt


# The sounds of each language: onsets, vowels, codas.
_SOUNDS = {
    "qaa": ("b d f g h k l m n r s t v", "a e i o", "l n r s -"),
    "qab": ("b d g j k l m n p r t w", "a e i u", "m n k -"),
    "qac": ("d f h k l n p s t v z", "a i o u", "k t - -"),
    "qad": ("b v g d z k l m n p r s t", "a e i o u", "n v r -"),
    "qae": ("h k l m n p s t w y", "a i u e", "- -"),
    "qaf": ("c f h m n p q r s t v", "a e o u", "- s"),
    "qag": ("b d g k m n q r t z x", "a e o u", "r z -"),
    "qah": ("b d f g j l m n p s v z", "a e i o", "l s n -"),
    "qai": ("c d g h k m n p r t v", "a i o u", "n r d -"),
    "qaj": ("b f g k l m p r s t v z", "a e i u", "l m t -"),
    "qak": ("d g h j k l n r s t w", "a e o u", "s r k -"),
}


class Vocabulary:
    """The words of one invented language: concept -> its synonyms, in Latin spelling or in the language's
    own script."""

    def __init__(self, language: Language, words: Mapping[str, tuple[str, ...]], suffix: str) -> None:
        self.language = language
        self.words = {key: tuple(spell(word, language.script) for word in row) for key, row in words.items()}
        self.suffix = "-" + spell(suffix, language.script)

    def name(self, word: str) -> str:
        """A word of a name, respelt where the script differs."""
        return spell(word, self.language.script)


def _invent(rng: random.Random, code: str, syllables: int) -> str:
    onsets, vowels, codas = (part.split() for part in _SOUNDS[code])
    parts = [rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables)]
    return "".join(parts) + rng.choice(codas).replace("-", "")


def vocabularies(languages: Mapping[str, Language], lexicon: Lexicon, seed: int) -> dict[str, Vocabulary]:
    """The words of every invented language. No invented word belongs to two languages: what languages
    share is declared."""
    full = Lexicon()  # words do not depend on how many of them a world uses
    taken = full.english_words() | {word.lower() for word in full.name_words()}
    found = {}
    for code, language in languages.items():
        if code == "en":
            continue
        rng = random.Random(f"words/{seed}/{code}")
        words: dict[str, tuple[str, ...]] = {}

        def fresh(syllables: int, code: str = code, rng: random.Random = rng) -> str:
            while (word := _invent(rng, code, syllables)) in taken:
                syllables += rng.random() < 0.02
            taken.add(word)
            return word

        concepts = list(full.concepts())
        keys, count = [key for key, _, _ in concepts], round(language.cognates * len(concepts))
        cognates = set(random.Random(f"cognates/{seed}/{code}").sample(keys, count))
        for key, synonyms, english in concepts:
            row = [fresh(2 + (rng.random() < 0.3)) for _ in synonyms]
            words[key] = (english, *row[1:]) if key in cognates else tuple(row)
        count = round(language.cognates * len(FUNCTIONS))
        shared = set(random.Random(f"functions/{seed}/{code}").sample(FUNCTIONS, count))
        for key in FUNCTIONS:
            own = fresh(1)
            words[f"%{key}"] = (IN_ENGLISH[key] if key in shared else own,)
        kept = {key for key, _, _ in lexicon.concepts()} | {f"%{key}" for key in FUNCTIONS}
        words = {key: row for key, row in words.items() if key in kept}
        found[code] = Vocabulary(language, words, _invent(rng, code, 1))
    return found


SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def tokens(lexicon: Lexicon, languages: Mapping[str, Vocabulary]) -> list[str]:
    """Every token there is, special ones first, then punctuation and words in order; suffixes are tokens
    of their own."""
    words = lexicon.english_words()
    for name in lexicon.name_words():
        words.add(name)
        words.update(row.name(name) for row in languages.values())
    for row in languages.values():
        words.update(word for synonyms in row.words.values() for word in synonyms)
        if row.language.case:
            words.add(row.suffix)
    return [*SPECIAL, ".", "?", *sorted({word.lower() for word in words})]


def tokenizer(lexicon: Lexicon, languages: Mapping[str, Vocabulary]) -> PreTrainedTokenizerFast:
    """Whole words in XLM-R's conventions: `<s> a </s>` and `<s> a </s></s> b </s>`.

    Letters are in lower case; 'dalo-ta' is the two tokens 'dalo' and '-ta'.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: index for index, token in enumerate(tokens(lexicon, languages))}
    made = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"-?\w+|[^\w\s]"), "removed", invert=True)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
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
