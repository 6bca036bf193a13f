"""Which file of the data folder holds which split of which task, and who reads it; the best form first.

A path is relative to the data folder; its first part is the name of the set, a folder or an archive of that
name. `{language}` stands for the language as XTREME writes it, `{iso3}` for its ISO 639-3 code, `{tydiqa}`
for its name in TyDiQA; `*` for anything. All the paths of a layout must be there, but for those that begin
with "?".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..checks import MLQA_TRANSLATED, TRANSLATED
from .readers import Reader, bitext, ccg, choice, conllu, pair, ranking, span, tags

Sizes = Mapping[str, int]
Splits = Mapping[str, tuple["Layout", ...]]


@dataclass(frozen=True)
class Layout:
    """One form in which a publisher gives a split."""

    reader: Reader
    paths: tuple[str, ...]
    sizes: Sizes | None = None
    """Rows, by "split" or "split/language", where this form holds another number than the task's row says."""
    note: str = ""
    only: tuple[str, ...] | None = None
    """The languages that this form has; None for every language of the task."""

    def covers(self, language: str) -> bool:
        """Whether this form can hold `language`; a path without a place for it is English."""
        if self.only is not None:
            return language in self.only
        return language == "en" or "{" in self.paths[0]


def _layout(reader: Reader, *paths: str, sizes: Sizes | None = None, note: str = "") -> Layout:
    return Layout(reader, paths, sizes, note)


def _mixed(reader: Reader, path: str, languages: str, *others: str) -> Layout:
    """A form that holds several languages in one file."""
    return Layout(reader, (path, *others), only=tuple(languages.split()))


_UNKNOWN: Sizes = {}  # a form whose number of rows no one has stated
_XNLI_CODES = "ar bg de el en es fr hi ru sw th tr ur vi zh"
_TYDIQA_CODES = " ".join(span.TYDIQA_LANGUAGES.values())
_MEWSLIX_CODES = "ar de en es fa ja pl ro ta tr uk"


def _by_split(reader: Reader, pattern: str, **splits: str) -> Splits:
    """The same pattern for each split: `{split}` stands for the name that the publisher gives it."""
    return {split: (_layout(reader, pattern.replace("{split}", name)),) for split, name in splits.items()}


def _joined(*forms: Splits) -> Splits:
    """Several forms of the same splits, the first preferred."""
    splits = dict.fromkeys(split for form in forms for split in form)
    return {split: tuple(layout for form in forms for layout in form.get(split, ())) for split in splits}


_SQUAD_TRANSLATED = (
    _layout(
        span.squad,
        "mlqa-translate-train/{language}_squad-translate-train-train-v1.1.json",
        sizes={f"train/{code}": size for code, size in MLQA_TRANSLATED.items()},
        note=TRANSLATED,
    ),
    _layout(
        span.squad,
        "squad/translate-train/squad.translate.train.en-{language}.json",
        sizes=_UNKNOWN,
        note=TRANSLATED,
    ),
)

_PAIRS: Mapping[str, Splits] = {
    "mnli": _joined(
        _by_split(pair.nli_json, "mnli/multinli_1.0_{split}.jsonl", train="train", dev="dev_matched"),
        _by_split(pair.nli_table, "mnli/{split}.tsv", train="train", dev="dev_matched"),
        {
            "train": (
                _layout(pair.xtreme, "xnli/train-{language}.tsv"),
                _layout(
                    pair.xnli_translated,
                    "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
                    note=TRANSLATED,
                ),
                _layout(pair.xnli_translated, "xnli/multinli.train.{language}.tsv", note=TRANSLATED),
            )
        },
    ),
    "snli": _joined(
        _by_split(pair.nli_json, "snli/snli_1.0_{split}.jsonl", train="train", dev="dev", test="test"),
        _by_split(pair.nli_table, "snli/snli_1.0_{split}.txt", train="train", dev="dev", test="test"),
        {
            split: (
                _layout(
                    pair.nli_quoted_table,
                    f"snli/original/{split}.tsv",
                    sizes={split: rows},
                    note="a subset of SNLI",
                ),
            )
            for split, rows in (("train", 1_666), ("dev", 200), ("test", 400))
        },
    ),
    "snli_revised": _by_split(
        pair.nli_quoted_table, "snli/all_combined/{split}.tsv", train="train", dev="dev", test="test"
    ),
    "anli": _joined(
        {
            split: (_layout(pair.anli_published, *(f"anli/R{n}/{split}.jsonl" for n in (1, 2, 3))),)
            for split in ("train", "dev", "test")
        },
        {
            "dev": (
                _layout(
                    pair.anli_analysis,
                    *(f"anli/ANLI_analysis_r{n}_dev.csv" for n in (1, 2, 3)),
                    sizes={"dev": 3_198},
                    note="from the analysis of its annotations: two of round 3 are not in it",
                ),
            )
        },
    ),
    "qqp": _by_split(pair.qqp, "qqp/{split}.tsv", train="train", dev="dev", test="test"),
    "xnli": _joined(
        {
            "dev": (_layout(pair.xtreme, "xnli/dev-{language}.tsv"),),
            "test": (_layout(pair.xtreme, "xnli/test-{language}.tsv", "?xnli/xnli_test_labels.txt"),),
        },
        {
            split: tuple(
                _mixed(pair.xnli_published, f"{name}/xnli.{split}.tsv", _XNLI_CODES)
                for name in ("xnli", "XNLI-1.0")
            )
            for split in ("dev", "test")
        },
    ),
    "pawsx": _joined(
        {
            "train": (_layout(pair.xtreme, "pawsx/train-{language}.tsv"),),
            "dev": (_layout(pair.xtreme, "pawsx/dev-{language}.tsv"),),
            "test": (_layout(pair.xtreme, "pawsx/test-{language}.tsv", "?pawsx/pawsx_test_id_label.tsv"),),
        },
        {
            "train": (
                _layout(pair.pawsx_published, "x-final/en/train.tsv"),
                _layout(pair.pawsx_published, "x-final/{language}/translated_train.tsv", note=TRANSLATED),
            ),
            "dev": (_layout(pair.pawsx_published, "x-final/{language}/dev_2k.tsv"),),
            "test": (_layout(pair.pawsx_published, "x-final/{language}/test_2k.tsv"),),
        },
    ),
}

_CHOICES: Mapping[str, Splits] = {
    "hellaswag": _joined(
        _by_split(
            choice.hellaswag, "hellaswag/hellaswag_{split}.jsonl", train="train", dev="val", test="test"
        ),
        {"dev": (_layout(choice.hellaswag_text, "hellaswag/hellaswag_val_full.txt"),)},
    ),
    "cosmosqa": _by_split(choice.cosmosqa, "cosmosqa/{split}.csv", train="train", dev="valid"),
    "commonsenseqa": _by_split(
        choice.commonsenseqa,
        "commonsenseqa/{split}.jsonl",
        train="train_rand_split",
        dev="dev_rand_split",
        test="test_rand_split_no_answers",
    ),
    "socialiqa": _joined(
        _by_split(choice.socialiqa, "socialiqa/socialIQa_v1.4_{split}.jsonl", train="trn", dev="dev"),
        _by_split(choice.socialiqa, "siqa/socialIQa_v1.4_{split}.jsonl", train="trn", dev="dev"),
        {
            split: (_layout(choice.socialiqa, f"socialiqa/{split}.jsonl", f"socialiqa/{split}-labels.lst"),)
            for split in ("train", "dev")
        },
    ),
    "copa": _joined(
        _by_split(choice.copa, "xcopa/{split}-en.jsonl", train="train", dev="val"),
        _by_split(choice.copa, "xcopa/{split}.en.jsonl", train="train", dev="val"),
        _by_split(choice.copa, "copa/{split}.jsonl", train="train", dev="val", test="test"),
    ),
    "xcopa": _joined(
        _by_split(choice.copa, "xcopa/{language}/{split}.{language}.jsonl", dev="val", test="test"),
        _by_split(choice.copa, "xcopa/{split}.{language}.jsonl", dev="val", test="test"),
    ),
}

_TAGS: Mapping[str, Splits] = {
    "udpos": _joined(
        _by_split(tags.columns, "udpos/{split}-{language}.tsv", train="train", dev="dev", test="test"),
        _by_split(
            conllu.treebanks,
            "ud-treebanks-v2.7/UD_*/{language}_*-ud-{split}.conllu",
            train="train",
            dev="dev",
            test="test",
        ),
        _by_split(
            conllu.treebanks,
            "ud-treebanks-v2.5/UD_*/{language}_*-ud-{split}.conllu",
            train="train",
            dev="dev",
            test="test",
        ),
    ),
    "ud": _by_split(
        conllu.treebanks, "ud/UD_*/{language}_*-ud-{split}.conllu", train="train", dev="dev", test="test"
    ),
    "panx": _joined(
        _by_split(tags.columns, "panx/{split}-{language}.tsv", train="train", dev="dev", test="test"),
        _by_split(tags.panx_published, "panx/{language}/{split}", train="train", dev="dev", test="test"),
        _by_split(tags.panx_published, "panx/{language}-{split}", train="train", dev="dev", test="test"),
    ),
    "ccg": _joined(
        {
            "train": (_layout(ccg.auto, *(f"ccg/AUTO/{n:02}/*.auto" for n in range(2, 22))),),
            "dev": (_layout(ccg.auto, "ccg/AUTO/00/*.auto"),),
            "test": (_layout(ccg.auto, "ccg/AUTO/23/*.auto"),),
        },
        _by_split(ccg.table, "ccg/ccg.{split}", train="train", dev="dev", test="test"),
    ),
}

_SPANS: Mapping[str, Splits] = {
    "squad_v1": {
        "train": (_layout(span.squad, "squad/train-v1.1.json"), *_SQUAD_TRANSLATED),
        "dev": (_layout(span.squad, "squad/dev-v1.1.json"),),
    },
    "squad_v2": _by_split(span.squad, "squad/{split}-v2.0.json", train="train", dev="dev"),
    "xquad": {"test": (_layout(span.squad, "xquad/xquad.{language}.json"),)},
    "mlqa": _joined(
        *(
            _by_split(
                span.squad,
                f"{folder}{{split}}-context-{{language}}-question-{{language}}.json",
                dev="dev",
                test="test",
            )
            for folder in ("mlqa/", "mlqa/MLQA_V1/{split}/", "MLQA_V1/{split}/")
        ),
    ),
    "tydiqa": {
        "train": (
            _mixed(span.tydiqa_mixed, "tydiqa/tydiqa-goldp-v1.1-train.json", _TYDIQA_CODES),
            _layout(span.squad_renumbered, "tydiqa/tydiqa.goldp.{language}.train.json"),
            _layout(
                span.squad_renumbered, "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{language}.train.json"
            ),
            _layout(
                span.squad_renumbered,
                "tydiqa/translate-train/tydiqa.translate.train.en-{language}.json",
                sizes=_UNKNOWN,
                note=TRANSLATED,
            ),
        ),
        "test": (
            _mixed(span.tydiqa_mixed, "tydiqa/tydiqa-goldp-v1.1-dev.json", _TYDIQA_CODES),
            _layout(span.squad, "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{tydiqa}.json"),
            _layout(span.squad, "tydiqa/tydiqa.goldp.{language}.dev.json"),
            _layout(span.squad, "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json"),
        ),
    },
}

_BUCC = (
    "bucc2018/{language}-en.{split}.{language}",
    "bucc2018/{language}-en.{split}.en",
    "?bucc2018/{language}-en.{split}.gold",
)
_BUCC_PUBLISHED = tuple(path.replace("bucc2018/", "bucc2018/{language}-en/") for path in _BUCC)


def _bucc(paths: tuple[str, ...], **splits: str) -> Splits:
    return {
        split: (_layout(bitext.bucc, *(path.replace("{split}", name) for path in paths)),)
        for split, name in splits.items()
    }


_RETRIEVAL: Mapping[str, Splits] = {
    "tatoeba": {
        "test": (
            _layout(bitext.tatoeba, "tatoeba/tatoeba.{iso3}-eng.{iso3}", "tatoeba/tatoeba.{iso3}-eng.eng"),
        )
    },
    "bucc2018": _joined(
        _bucc(_BUCC, dev="dev", test="test"), _bucc(_BUCC_PUBLISHED, dev="sample", test="training")
    ),
    "lareqa": {
        "test": (
            _layout(ranking.lareqa, "lareqa/{language}.json"),
            _layout(ranking.lareqa, "lareqa/xquad-r/{language}.json"),
        )
    },
    "mewslix": {
        "train": (_layout(ranking.mewslix_pairs, "mewslix/wikipedia_pairs-train.jsonl"),),
        **{
            split: (
                _mixed(
                    ranking.mewslix,
                    f"mewslix/wikinews_mentions-{split}.jsonl",
                    _MEWSLIX_CODES,
                    "mewslix/candidate_set_entities.jsonl",
                ),
            )
            for split in ("dev", "test")
        },
    },
}

LAYOUTS: Mapping[str, Splits] = {**_PAIRS, **_CHOICES, **_TAGS, **_SPANS, **_RETRIEVAL}
CCG_LABELS = "ccg/tags_to_id.json"
