"""The rows of real tasks: the paper's, XTREME's and XTREME-R's."""

from __future__ import annotations

from .row import ENTITIES, NLI, UPOS, Task

# Languages as XTREME and XTREME-R evaluate them.
XQUAD = ("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi", "ro")
XNLI = ("en", "fr", "es", "de", "el", "bg", "ru", "tr", "ar", "vi", "th", "zh", "hi", "sw", "ur")
PANX = tuple(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr "
    "et fi hu qu pl uk az lt pa gu ro".split()
)
UDPOS = tuple(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh lt pl uk wo ro".split()
)
TATOEBA = tuple(
    "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh az lt pl uk ro".split()
)
# Languages of which there may be text to learn from.
TEXT = tuple(sorted({*XQUAD, *UDPOS, *TATOEBA, "en", "gu", "ht", "ms", "my", "pa", "qu", "zu"}))

ROWS = (
    Task(
        "squad_v1", "Stanford Question Answering Dataset 1.1", "intermediate", "span", "question answering", "squad",
        ("en",), ("files", "hub"), train="squad_v1", sizes={"train": 87_599, "dev": 10_570}, licence="CC BY-SA 4.0",
        citation="rajpurkar2016squad",
    ),
    Task(
        "xquad", "XQuAD", "target", "span", "question answering", "squad", XQUAD, ("files", "hub"), train="squad_v1",
        sizes={"test": 1_190}, licence="CC BY-SA 4.0", citation="artetxe2020xquad", note="professional translations of a part of SQuAD's dev set",
    ),
    Task(
        "udpos", "Parts of speech, Universal Dependencies", "target", "tags", "structured prediction", "tag_f1", UDPOS,
        ("files", "hub"), labels=UPOS, train="udpos",
        sizes={
            "train/en": 21_253, "dev/en": 3_974, "test/ar": 1_680, "test/en": 5_440, "test/es": 3_147, "test/eu": 1_799,
            "test/fi": 4_422, "test/hi": 2_684, "test/ja": 2_372, "test/ru": 8_976, "test/ta": 120, "test/tl": 55, "test/tr": 4_785,
            "test/vi": 800, "test/wo": 470, "test/yo": 100, "test/zh": 3_455,
        },
        licence="a licence a treebank", citation="nivre2018ud",
        note="XTREME's form: every treebank of a language, multiword tokens fused",
    ),
    Task(
        "xnli", "XNLI", "target", "pair", "classification", "accuracy", XNLI, ("files", "hub"), labels=NLI,
        train="mnli", sizes={"dev": 2_490, "test": 5_010}, licence="CC BY-NC 4.0", citation="conneau2018xnli",
    ),
    Task(
        "mnli", "MultiNLI", "intermediate", "pair", "classification", "accuracy", ("en",), ("files", "hub"), labels=NLI,
        train="mnli", sizes={"train": 392_702, "dev": 9_815}, licence="OANC and others", citation="williams2018mnli",
    ),
    Task(
        "panx", "PAN-X (WikiANN)", "target", "tags", "structured prediction", "tag_f1", PANX, ("files", "hub"),
        labels=ENTITIES, train="panx", licence="not stated", citation="pan2017wikiann",
    ),
    Task(
        "tatoeba", "Tatoeba", "target", "bitext", "retrieval", "tatoeba", TATOEBA, ("files", "hub"),
        sizes={
            # Sentences of both sides.
            "test": 2_000, "test/jv": 410, "test/ka": 1_492, "test/kk": 1_150, "test/ml": 1_374, "test/sw": 780, "test/ta": 614,
            "test/te": 468, "test/th": 1_096,
        },
        licence="CC BY 2.0 FR", citation="artetxe2019laser",
    ),
    Task(
        "text", "Multilingual text", "text", "text", "language modelling", "perplexity", TEXT, ("files",), train="text",
        licence="that of the sets it is drawn from", note="sentences of sets that are not evaluated, with English translations where there are",
    ),
)  # fmt: skip
