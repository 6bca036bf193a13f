"""Which file of the data folder holds which split of which task, and who reads it; the best form first.

A path is relative to the data folder; its first part is the name of the set, a folder or an archive of that
name. `{language}` stands for the language as XTREME writes it, `{iso3}` for its ISO 639-3 code, `{tydiqa}`
for its name in TyDiQA; `*` for anything. All the paths of a layout must be there, but for those that begin
with "?".
"""

from __future__ import annotations

from collections.abc import Mapping

from ...tasks import languages
from ..checks import MLQA_TRANSLATED
from .layout import Sizes, Splits, by_split, joined, layout, mixed, translated
from .readers import bitext, ccg, choice, conllu, pair, ranking, span, tags

_UNKNOWN: Sizes = {}  # a form whose number of rows no one has stated
_SQUAD_TRANSLATED = (
    translated(
        span.squad,
        "mlqa-translate-train/{language}_squad-translate-train-train-v1.1.json",
        tuple(MLQA_TRANSLATED),
        {f"train/{code}": size for code, size in MLQA_TRANSLATED.items()},
    ),
    translated(
        span.squad,
        "squad/translate-train/squad.translate.train.en-{language}.json",
        languages.XQUAD,
        _UNKNOWN,
    ),
)

_PAIRS: Mapping[str, Splits] = {
    "mnli": joined(
        by_split(pair.nli_json, "mnli/multinli_1.0_{split}.jsonl", train="train", dev="dev_matched"),
        by_split(pair.nli_table, "mnli/{split}.tsv", train="train", dev="dev_matched"),
        {
            "train": (
                layout(pair.xtreme, "xnli/train-{language}.tsv"),
                layout(pair.xnli_translated, "XNLI-MT-1.0/multinli/multinli.train.en.tsv"),
                translated(
                    pair.xnli_translated, "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv", languages.XNLI
                ),
            )
        },
    ),
    "snli": joined(
        by_split(pair.nli_json, "snli/snli_1.0_{split}.jsonl"),
        {
            split: (
                layout(
                    pair.nli_quoted_table,
                    f"snli/original/{split}.tsv",
                    sizes={split: rows},
                    note="a subset of SNLI",
                ),
            )
            for split, rows in (("train", 1_666), ("dev", 200), ("test", 400))
        },
    ),
    "snli_revised": by_split(pair.nli_quoted_table, "snli/all_combined/{split}.tsv"),
    "anli": joined(
        by_split(pair.anli_published, *(f"anli/R{n}/{{split}}.jsonl" for n in (1, 2, 3))),
        {
            "dev": (
                layout(
                    pair.anli_analysis,
                    *(f"anli/ANLI_analysis_r{n}_dev.csv" for n in (1, 2, 3)),
                    sizes={"dev": 3_198},
                    note="from the analysis of its annotations: two of round 3 are not in it",
                ),
            )
        },
    ),
    "qqp": by_split(pair.qqp, "qqp/{split}.tsv"),
    "xnli": joined(
        {
            "dev": (layout(pair.xtreme, "xnli/dev-{language}.tsv"),),
            "test": (layout(pair.xtreme, "xnli/test-{language}.tsv", "?xnli/xnli_test_labels.txt"),),
        },
        {
            split: tuple(
                mixed(pair.xnli_published, f"{name}/xnli.{split}.tsv", languages.XNLI)
                for name in ("xnli", "XNLI-1.0")
            )
            for split in ("dev", "test")
        },
    ),
    "pawsx": joined(
        {
            "train": (layout(pair.xtreme, "pawsx/train-{language}.tsv"),),
            "dev": (layout(pair.xtreme, "pawsx/dev-{language}.tsv"),),
            "test": (layout(pair.xtreme, "pawsx/test-{language}.tsv", "?pawsx/pawsx_test_id_label.tsv"),),
        },
        {
            "train": (
                layout(pair.pawsx_published, "x-final/en/train.tsv"),
                translated(pair.pawsx_published, "x-final/{language}/translated_train.tsv", languages.PAWSX),
            ),
            "dev": (layout(pair.pawsx_published, "x-final/{language}/dev_2k.tsv"),),
            "test": (layout(pair.pawsx_published, "x-final/{language}/test_2k.tsv"),),
        },
    ),
}

_CHOICES: Mapping[str, Splits] = {
    "hellaswag": joined(
        by_split(
            choice.hellaswag, "hellaswag/hellaswag_{split}.jsonl", train="train", dev="val", test="test"
        ),
        {"dev": (layout(choice.hellaswag_text, "hellaswag/hellaswag_val_full.txt"),)},
    ),
    "cosmosqa": by_split(choice.cosmosqa, "cosmosqa/{split}.csv", train="train", dev="valid"),
    "commonsenseqa": by_split(
        choice.commonsenseqa,
        "commonsenseqa/{split}.jsonl",
        train="train_rand_split",
        dev="dev_rand_split",
        test="test_rand_split_no_answers",
    ),
    "socialiqa": joined(
        by_split(choice.socialiqa, "socialiqa/socialIQa_v1.4_{split}.jsonl", train="trn", dev="dev"),
        by_split(
            choice.socialiqa,
            "socialiqa/{split}.jsonl",
            "socialiqa/{split}-labels.lst",
            train="train",
            dev="dev",
        ),
    ),
    "copa": joined(
        by_split(choice.copa, "xcopa/{split}-en.jsonl", train="train", dev="val"),
        by_split(choice.copa, "xcopa/{split}.en.jsonl", train="train", dev="val"),
        by_split(choice.copa, "copa/{split}.jsonl", train="train", dev="val", test="test"),
    ),
    "xcopa": joined(
        by_split(choice.copa, "xcopa/{language}/{split}.{language}.jsonl", dev="val", test="test"),
        by_split(choice.copa, "xcopa/{split}.{language}.jsonl", dev="val", test="test"),
    ),
}

_TAGS: Mapping[str, Splits] = {
    "udpos": joined(
        by_split(tags.columns, "udpos/{split}-{language}.tsv"),
        by_split(conllu.treebanks, "ud-treebanks-v2.7/UD_*/{language}_*-ud-{split}.conllu"),
        by_split(conllu.treebanks, "ud-treebanks-v2.5/UD_*/{language}_*-ud-{split}.conllu"),
    ),
    "ud": by_split(conllu.treebanks, "ud/UD_*/{language}_*-ud-{split}.conllu"),
    "panx": joined(
        by_split(tags.columns, "panx/{split}-{language}.tsv"),
        by_split(tags.panx_published, "panx/{language}/{split}"),
        by_split(tags.panx_published, "panx/{language}-{split}"),
    ),
    "ccg": joined(
        {
            "train": (layout(ccg.auto, *(f"ccg/AUTO/{n:02}/*.auto" for n in range(2, 22))),),
            "dev": (layout(ccg.auto, "ccg/AUTO/00/*.auto"),),
            "test": (layout(ccg.auto, "ccg/AUTO/23/*.auto"),),
        },
        by_split(ccg.table, "ccg/ccg.{split}"),
    ),
}

_SPANS: Mapping[str, Splits] = {
    "squad_v1": {
        "train": (layout(span.squad, "squad/train-v1.1.json"), *_SQUAD_TRANSLATED),
        "dev": (layout(span.squad, "squad/dev-v1.1.json"),),
    },
    "squad_v2": by_split(span.squad, "squad/{split}-v2.0.json", train="train", dev="dev"),
    "xquad": {"test": (layout(span.squad, "xquad/xquad.{language}.json"),)},
    "mlqa": joined(
        *(
            by_split(
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
            mixed(span.tydiqa_mixed, "tydiqa/tydiqa-goldp-v1.1-train.json", languages.TYDIQA),
            layout(span.squad_renumbered, "tydiqa/tydiqa.goldp.{language}.train.json"),
            layout(
                span.squad_renumbered, "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{language}.train.json"
            ),
            translated(
                span.squad_renumbered,
                "tydiqa/translate-train/tydiqa.translate.train.en-{language}.json",
                languages.TYDIQA,
                _UNKNOWN,
            ),
        ),
        "test": (
            mixed(span.tydiqa_mixed, "tydiqa/tydiqa-goldp-v1.1-dev.json", languages.TYDIQA),
            layout(span.squad, "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{tydiqa}.json"),
            layout(span.squad, "tydiqa/tydiqa.goldp.{language}.dev.json"),
            layout(span.squad, "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json"),
        ),
    },
}

_BUCC = (
    "bucc2018/{language}-en.{split}.{language}",
    "bucc2018/{language}-en.{split}.en",
    "?bucc2018/{language}-en.{split}.gold",
)
_BUCC_PUBLISHED = tuple(path.replace("bucc2018/", "bucc2018/{language}-en/") for path in _BUCC)


_RETRIEVAL: Mapping[str, Splits] = {
    "tatoeba": {
        "test": (
            layout(bitext.tatoeba, "tatoeba/tatoeba.{iso3}-eng.{iso3}", "tatoeba/tatoeba.{iso3}-eng.eng"),
        )
    },
    "bucc2018": joined(
        by_split(bitext.bucc, *_BUCC, dev="dev", test="test"),
        by_split(bitext.bucc, *_BUCC_PUBLISHED, dev="sample", test="training"),
    ),
    "lareqa": {
        "test": (
            layout(ranking.lareqa, "lareqa/{language}.json"),
            layout(ranking.lareqa, "lareqa/xquad-r/{language}.json"),
        )
    },
    "mewslix": {
        "train": (layout(ranking.mewslix_pairs, "mewslix/wikipedia_pairs-train.jsonl"),),
        **{
            split: (
                mixed(
                    ranking.mewslix,
                    f"mewslix/wikinews_mentions-{split}.jsonl",
                    languages.MEWSLIX,
                    "mewslix/candidate_set_entities.jsonl",
                ),
            )
            for split in ("dev", "test")
        },
    },
}

LAYOUTS: Mapping[str, Splits] = {**_PAIRS, **_CHOICES, **_TAGS, **_SPANS, **_RETRIEVAL}
CCG_LABELS = "ccg/tags_to_id.json"
