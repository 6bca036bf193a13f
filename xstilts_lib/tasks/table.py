"""The rows of the table of tasks: those of the miniature world, then the real ones.

The real intermediate tasks are the nine of the paper, what ANLI+ is made of, and XTREME-R's two; the targets
are XTREME's and XTREME-R's; and there is the text that an encoder learns languages from.
"""

from __future__ import annotations

from typing import Any

from . import languages
from .row import ENTITIES, NLI, UPOS, FormatName, Metric, Role, Task

# The languages of the miniature world, English first; sources/miniature/languages.py declares what each one
# is like. The further ones are those of worlds whose settings name them.
MINIATURE = ("en", "qaa", "qab", "qac", "qad", "qae", "qaf", "qag")
_FURTHER = ("qah", "qai")


def _mini(name: str, title: str, role: Role, format: FormatName, metric: Metric, **more: Any) -> Task:
    codes = (*MINIATURE, *_FURTHER) if role != "intermediate" else ("en",)
    codes = codes[1:] if format == "bitext" else codes
    return Task(name, title, role, format, metric, codes, ("miniature",), **more)


def _real(
    name: str, title: str, role: Role, format: FormatName, metric: Metric, codes: languages.Languages,
    licence: str, citation: str, sources: tuple[str, ...] = ("files", "hub"), **more: Any,
) -> Task:  # fmt: skip
    more |= {"licence": licence, "citation": citation}
    return Task(name, title, role, format, metric, codes, sources, **more)


def _english(name: str, title: str, format: FormatName, metric: Metric, *from_whom: str, **more: Any) -> Task:
    """An intermediate task, trained on its own training set."""
    return _real(name, title, "intermediate", format, metric, ("en",), *from_whom, train=name, **more)


def _sizes(**splits: str | int) -> dict[str, int]:
    """Sizes by split and language: `test="ar:1680 en:5440"` is {"test/ar": 1680, "test/en": 5440}."""
    found = {split: number for split, number in splits.items() if isinstance(number, int)}
    for split, text in splits.items():
        for code, _, number in (entry.partition(":") for entry in str(text).split() if ":" in entry):
            found[f"{split}/{code}"] = int(number)
    return found


# PAN-X: examples in train, in dev and test each, and the languages that have as many.
_PANX = (
    (20_000, 10_000, "ar bg de el en es fa fi fr he hu id it ja ko nl pl pt ro ru th tr uk vi zh"),
    (20_000, 1_000, "ms ur"),
    (15_000, 10_000, "et"),
    (15_000, 1_000, "ta"),
    (10_000, 10_000, "eu ka lt"),
    (10_000, 1_000, "az bn ml tl"),
    (5_000, 1_000, "af hi mr"),
    (1_000, 1_000, "kk sw te"),
    (100, 100, "gu jv my pa qu yo"),
)
_PANX_SIZES = {
    f"{split}/{code}": size
    for train, held_out, codes in _PANX
    for code in codes.split()
    for split, size in (("train", train), ("dev", held_out), ("test", held_out))
}

ROWS = (
    _mini("mini_mnli", "Natural language inference", "intermediate", "pair", "accuracy", labels=NLI,
          train="mini_mnli"),
    _mini("mini_qqp", "Paraphrase detection", "intermediate", "pair", "accuracy",
          labels=("not_duplicate", "duplicate"), train="mini_qqp"),
    _mini("mini_squad", "Span question answering", "intermediate", "span", "squad", train="mini_squad"),
    _mini("mini_hellaswag", "Choosing the continuation", "intermediate", "choice", "accuracy", choices=4,
          train="mini_hellaswag"),
    _mini("mini_ccg", "Supertagging", "intermediate", "tags", "accuracy", train="mini_ccg",
          note="labels are supertags, listed by the world"),
    _mini("mini_xnli", "Natural language inference", "target", "pair", "accuracy", labels=NLI,
          train="mini_mnli", note="trains on mini_mnli, as XNLI does on MNLI"),
    _mini("mini_pawsx", "Paraphrases against swapped roles", "target", "pair", "accuracy",
          labels=("different", "paraphrase"), train="mini_pawsx"),
    _mini("mini_udpos", "Parts of speech", "target", "tags", "tag_f1", labels=UPOS, train="mini_udpos"),
    _mini("mini_panx", "Named entities", "target", "tags", "tag_f1", labels=ENTITIES, train="mini_panx"),
    _mini("mini_tydiqa", "Span question answering, scarce training data", "target", "span", "squad",
          train="mini_tydiqa"),
    _mini("mini_tatoeba", "Sentence retrieval", "target", "bitext", "tatoeba"),
    _mini("mini_bucc2018", "Bitext mining", "target", "bitext", "bucc"),
    _mini("mini_text", "Masked language modelling", "text", "text", "perplexity", train="mini_text"),

    _english("anli_plus", "ANLI+", "pair", "accuracy", "that of its parts", "nie2020anli", labels=NLI,
             parts=("snli", "mnli", "anli"), sizes=_sizes(train=1_104_934, dev=22_857),
             note="one shared head of three labels; SNLI's rows without a gold label are left out"),
    _english("snli", "SNLI", "pair", "accuracy", "CC BY-SA 4.0", "bowman2015snli", labels=NLI,
             sizes=_sizes(train=549_367, dev=9_842, test=9_824),
             note="rows on which the annotators did not agree ('-') are left out"),
    _english("snli_revised", "SNLI with counterfactual revisions", "pair", "accuracy", "Apache-2.0",
             "kaushik2020counterfactual", labels=NLI, sources=("files",),
             sizes=_sizes(train=8_330, dev=1_000, test=2_000)),
    _english("mnli", "MultiNLI", "pair", "accuracy", "OANC, and others by genre", "williams2018mnli",
             labels=NLI, sizes=_sizes(train=392_702, dev=9_815),
             note="dev is the matched half; machine-translated into XNLI's languages as XNLI-MT"),
    _english("anli", "Adversarial NLI, rounds 1 to 3", "pair", "accuracy", "CC BY-NC 4.0", "nie2020anli",
             labels=NLI, sizes=_sizes(train=162_865, dev=3_200, test=3_200)),
    _english("qqp", "Quora Question Pairs", "pair", "accuracy", "Quora's terms: non-commercial",
             "wang2019glue", labels=("not_duplicate", "duplicate"),
             sizes=_sizes(train=363_846, dev=40_430, test=390_965)),
    _english("squad_v1", "SQuAD 1.1", "span", "squad", "CC BY-SA 4.0", "rajpurkar2016squad",
             sizes=_sizes(train=87_599, dev=10_570),
             note="machine-translated by MLQA's and XTREME's authors"),
    _english("squad_v2", "SQuAD 2.0", "span", "squad_v2", "CC BY-SA 4.0", "rajpurkar2018squad2",
             labels=("no answer",), sizes=_sizes(train=130_319, dev=11_873),
             note="an empty list of answers: the question has none"),
    _english("hellaswag", "HellaSwag", "choice", "accuracy", "MIT", "zellers2019hellaswag", choices=4,
             sizes=_sizes(train=39_905, dev=10_042, test=10_003)),
    _english("ccg", "CCG supertagging", "tags", "accuracy", "LDC2005T13: your own licensed copy",
             "hockenmaier2007ccgbank", sources=("files",),
             note="labels are the supertags of the copy; sections 02-21 train, 00 dev, 23 test"),
    _english("cosmosqa", "Cosmos QA", "choice", "accuracy", "CC BY 4.0", "huang2019cosmosqa", choices=4,
             sizes=_sizes(train=25_262, dev=2_985, test=6_963)),
    _english("commonsenseqa", "CommonsenseQA", "choice", "accuracy", "MIT", "talmor2019commonsenseqa",
             choices=5, sizes=_sizes(train=9_741, dev=1_221, test=1_140)),
    _english("socialiqa", "Social IQa", "choice", "accuracy", "not stated", "sap2019socialiqa", choices=3,
             sizes=_sizes(train=33_410, dev=1_954)),
    _english("copa", "COPA", "choice", "accuracy", "the publisher's own terms", "roemmele2011copa",
             choices=2, sizes=_sizes(train=400, dev=100, test=500)),

    _real("xnli", "XNLI", "target", "pair", "accuracy", languages.XNLI, "CC BY-NC 4.0", "conneau2018xnli",
          labels=NLI, train="mnli", sizes=_sizes(dev=2_490, test=5_010)),
    _real("pawsx", "PAWS-X", "target", "pair", "accuracy", languages.PAWSX,
          "may be freely used for any purpose", "yang2019pawsx", labels=("0", "1"), train="pawsx",
          sizes=_sizes(train=49_401, dev=2_000, test=2_000),
          note="rows that were not translated read 'NS' and carry label 0; XTREME keeps them"),
    _real("udpos", "Parts of speech", "target", "tags", "tag_f1", languages.UDPOS,
          "a licence a treebank, some non-commercial", "nivre2020ud", labels=UPOS, train="udpos",
          sizes=_sizes(
              train="en:21253",
              dev="en:3974",
              test="ar:1680 de:20436 el:456 en:5440 es:3147 eu:1799 fi:4422 fr:5009 hi:2684 ja:2372 "
              "ru:8976 ta:120 tl:55 tr:4785 vi:800 wo:470 yo:100 zh:3455",
          ),
          note="every treebank of a language in one; multiword tokens fused"),
    _real("ud", "Parts of speech, single treebanks", "target", "tags", "tag_f1", languages.UDPOS,
          "a licence a treebank, some non-commercial", "nivre2020ud", labels=UPOS, train="ud",
          sources=("files",), note="treebanks of your choice, any release; multiword tokens fused"),
    _real("panx", "Named entities (PAN-X)", "target", "tags", "tag_f1", languages.PANX, "not stated",
          "pan2017wikiann", labels=ENTITIES, train="panx", sizes=_PANX_SIZES,
          note="drawn from Wikipedia by machine; an entity may begin with I-"),
    _real("xquad", "XQuAD", "target", "span", "squad", languages.XQUAD, "CC BY-SA 4.0", "artetxe2020xquad",
          train="squad_v1", sizes=_sizes(test=1_190),
          note="a part of SQuAD's dev set, translated by people"),
    _real("mlqa", "MLQA", "target", "span", "mlqa", languages.MLQA, "CC BY-SA 3.0", "lewis2020mlqa",
          train="squad_v1",
          sizes=_sizes(
              dev="ar:517 de:512 en:1148 es:500 hi:507 vi:511 zh:504",
              test="ar:5335 de:4517 en:11590 es:5253 hi:4918 vi:5495 zh:5137",
          ),
          note="context and question in the same language"),
    _real("tydiqa", "TyDiQA-GoldP", "target", "span", "squad", languages.TYDIQA, "Apache-2.0",
          "clark2020tydiqa", train="tydiqa",
          sizes=_sizes(
              train="ar:14805 bn:2390 en:3696 fi:6855 id:5702 ko:1625 ru:6490 sw:2755 te:5563",
              test="ar:921 bn:113 en:440 fi:782 id:565 ko:276 ru:812 sw:499 te:669",
          ),
          note="test is the publisher's dev set; the publisher's file mixes nine languages"),
    # Its sizes are pairs, among many sentences without a partner.
    _real("bucc2018", "BUCC 2018", "target", "bitext", "bucc", languages.BUCC, "for research",
          "zweigenbaum2017bucc",
          sizes=_sizes(dev="de:1038 fr:929 ru:2374 zh:257", test="de:9580 fr:9086 ru:14435 zh:1899"),
          note="dev is the publisher's sample set, test its training set"),
    _real("tatoeba", "Tatoeba", "target", "bitext", "tatoeba", languages.TATOEBA, "CC BY 2.0 FR",
          "artetxe2019laser",
          sizes=_sizes(test=1_000) | _sizes(test="jv:205 ka:746 kk:575 ml:687 sw:390 ta:307 te:234 th:548"),
          note="XTREME's copy sorts the English side, which loses the pairs"),
    _real("xcopa", "XCOPA", "target", "choice", "accuracy", languages.XCOPA, "CC BY 4.0", "ponti2020xcopa",
          choices=2, train="copa", sizes=_sizes(dev=100, test=500),
          note="XTREME-R trains on Social IQa, then on COPA"),
    _real("lareqa", "LAReQA (XQuAD-R)", "target", "ranking", "map@20", languages.LAREQA, "CC BY-SA 4.0",
          "roy2020lareqa", train="squad_v1",
          sizes=_sizes(
              test=1_190,
              candidates="ar:1222 de:1276 el:1234 en:1180 es:1215 hi:1244 ru:1219 th:852 tr:1167 vi:1209 "
              "zh:1196",
          ),
          note="a question is answered by a sentence of every language: the ids of questions are shared"),
    _real("mewslix", "Mewsli-X", "target", "ranking", "map@20", languages.MEWSLIX, "Apache-2.0",
          "ruder2021xtremer", train="mewslix",
          note="mentions against a million entities; what the benchmark calls mAP@20 is a reciprocal rank"),
    _real("text", "Multilingual text", "text", "text", "perplexity", languages.TEXT,
          "that of the sets it is drawn from", "conneau2020xlmr", ("hub",), train="text",
          note="Wikipedia (CC BY-SA); no sentence of the experiment's evaluation sets"),
)  # fmt: skip
