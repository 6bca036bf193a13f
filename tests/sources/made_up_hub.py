"""Local repositories with the configurations, splits and feature types of the hub's, and made-up rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from made_up import BRIDGE, paragraph

from xstilts_lib.tasks import NLI, UPOS


def _types() -> dict[str, Any]:
    from datasets import ClassLabel, List, Value

    text, number = Value("string"), Value("int32")
    answers = {"text": List(text), "answer_start": List(number)}
    sentence_spans = List({"start": number, "end": number})
    entity = {"entity_id": text, "title": text, "description": text, "sentence_spans": sentence_spans}
    mention = {
        "example_id": text,
        "mention_span": {"start": number, "end": number, "text": text},
        "entity_id": text,
    }
    context = {"text": text, "language": text, "sentence_spans": sentence_spans}
    squad = {"id": text, "title": text, "context": text, "question": text, "answers": answers}
    nli = {"premise": text, "hypothesis": text, "label": ClassLabel(names=list(NLI))}
    copa = {"premise": text, "choice1": text, "choice2": text, "question": text, "idx": number}
    siqa = dict.fromkeys(("context", "question", "answerA", "answerB", "answerC", "label"), text)
    return {
        "nli": nli,
        "anli": {"uid": text, **nli, "reason": text},
        "qqp": {
            "question1": text,
            "question2": text,
            "label": ClassLabel(names=["not_duplicate", "duplicate"]),
            "idx": number,
        },
        "squad": squad,
        "hellaswag": {"ind": number, "ctx_a": text, "ctx_b": text, "endings": List(text), "label": text},
        "csqa": {
            "id": text,
            "question": text,
            "choices": {"label": List(text), "text": List(text)},
            "answerKey": text,
        },
        "siqa": siqa,
        "copa": {**copa, "label": ClassLabel(names=["choice1", "choice2"])},
        "xcopa": {**copa, "label": number, "changed": Value("bool")},
        "pawsx": {"id": number, "sentence1": text, "sentence2": text, "label": ClassLabel(names=["0", "1"])},
        # Another order than ours: tags are taken by name.
        "pos": {"tokens": List(text), "pos_tags": List(ClassLabel(names=sorted(UPOS, reverse=True)))},
        "ner": {
            "tokens": List(text),
            "ner_tags": List(ClassLabel(names=["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"])),
            "langs": List(text),
            "spans": List(text),
        },
        "bucc": {"sentence1": List(text), "sentence2": List(text), "gold": List(List(number))},
        "tatoeba": {"sentence1": text, "sentence2": text},
        "pairs": {"contextual_mention": {"context": context, "mention": mention}, "entity": entity},
        "mentions": {"context": context, "mention": mention},
        "entities": entity,
        "wikipedia": {"id": text, "url": text, "title": text, "text": text},
    }


def _squad(*ids: str, start: int = 24, context: str = BRIDGE) -> list[dict[str, Any]]:
    answers = {"text": ["1901"], "answer_start": [start]}
    return [
        {"id": name, "title": "t", "context": context, "question": "When?", "answers": answers}
        for name in ids
    ]


_NLI = [{"premise": "a", "hypothesis": "b", "label": 2}, {"premise": "c", "hypothesis": "d", "label": 0}]
_COPA = {"premise": "It rained.", "choice1": "a", "choice2": "b", "question": "effect", "idx": 7}
_CONTEXT = {
    "text": "Ana Smith spoke. {So} did Smith today.",
    "language": "de",
    "sentence_spans": [{"start": 17, "end": 38}],
}
_MENTION = {"example_id": "m1", "mention_span": {"start": 26, "end": 31, "text": "Smith"}, "entity_id": "Q1"}
_ENTITY = {
    "entity_id": "Q1",
    "title": "Smith",
    "description": "A  person.",
    "sentence_spans": [{"start": 0, "end": 10}],
}
_POS = sorted(UPOS, reverse=True)
_TAGGED = {"tokens": ["It", "rains"], "pos_tags": [_POS.index("PRON"), _POS.index("VERB")]}
_ENTITIES = {"tokens": ["In", "Rom"], "ner_tags": [0, 5], "langs": ["de", "de"], "spans": ["LOC: Rom"]}

# repository -> configuration -> split -> (types, rows)
MIRROR: Mapping[str, Mapping[str, Mapping[str, tuple[str, list[dict[str, Any]]]]]] = {
    "stanfordnlp/snli": {
        "plain_text": {"train": ("nli", [*_NLI, {"premise": "x", "hypothesis": "y", "label": -1}])}
    },
    "nyu-mll/glue": {
        "mnli": {
            "train": ("nli", _NLI),
            "validation_matched": ("nli", _NLI),
            "validation_mismatched": ("nli", _NLI),
        },
        "qqp": {
            "train": ("qqp", [{"question1": "a", "question2": "b", "label": 1, "idx": 0}]),
            "test": ("qqp", [{"question1": "a", "question2": "b", "label": -1, "idx": 0}]),
        },
    },
    "facebook/anli": {
        "plain_text": {
            f"train_r{n}": ("anli", [{"uid": f"u{n}", "reason": "", **_NLI[0]}]) for n in (1, 2, 3)
        }
    },
    "rajpurkar/squad": {
        "plain_text": {"train": ("squad", _squad("q1", "q2")), "validation": ("squad", _squad("q3"))}
    },
    "facebook/mlqa": {"mlqa-translate-train.de": {"train": ("squad", _squad("q1", start=23))}},
    "rajpurkar/squad_v2": {
        "squad_v2": {
            "train": (
                "squad",
                [*_squad("q1"), {**_squad("q2")[0], "answers": {"text": [], "answer_start": []}}],
            )
        }
    },
    "Rowan/hellaswag": {
        "default": {
            "validation": (
                "hellaswag",
                [
                    {
                        "ind": 4,
                        "ctx_a": "A man mops.",
                        "ctx_b": "he",
                        "endings": ["sits.", "runs.", "eats.", "sings."],
                        "label": "3",
                    }
                ],
            ),
            "test": (
                "hellaswag",
                [
                    {
                        "ind": 5,
                        "ctx_a": "A man mops.",
                        "ctx_b": "",
                        "endings": ["a", "b", "c", "d"],
                        "label": "",
                    }
                ],
            ),
        }
    },
    "tau/commonsense_qa": {
        "default": {
            "train": (
                "csqa",
                [
                    {
                        "id": "1",
                        "question": "q",
                        "choices": {"label": list("ABCDE"), "text": list("vwxyz")},
                        "answerKey": "B",
                    }
                ],
            )
        }
    },
    "lighteval/siqa": {
        "default": {
            "train": (
                "siqa",
                [
                    {
                        "context": "c",
                        "question": "q",
                        "answerA": "a",
                        "answerB": "b",
                        "answerC": "c",
                        "label": "3",
                    }
                ],
            )
        }
    },
    "aps/super_glue": {
        "copa": {"train": ("copa", [{**_COPA, "label": 1}]), "test": ("copa", [{**_COPA, "label": -1}])}
    },
    "facebook/xnli": {
        "de": {"train": ("nli", _NLI), "validation": ("nli", _NLI), "test": ("nli", _NLI)},
        "en": {"train": ("nli", _NLI[:1])},
    },
    "google-research-datasets/paws-x": {
        "de": {
            "train": ("pawsx", [{"id": 1, "sentence1": '"a', "sentence2": "b", "label": 1}]),
            "test": ("pawsx", [{"id": 8, "sentence1": "NS", "sentence2": "b", "label": 0}]),
        }
    },
    "izhx/xtreme-r-udpos": {
        "en": {"train": ("pos", [_TAGGED]), "validation": ("pos", [_TAGGED])},
        "ja": {"test": ("pos", [_TAGGED, _TAGGED])},
    },
    "unimelb-nlp/wikiann": {"de": {"test": ("ner", [_ENTITIES])}},
    "google/xquad": {"xquad.zh": {"validation": ("squad", _squad("q3", start=26))}},
    "google/xtreme": {"MLQA.de.de": {"validation": ("squad", _squad("q5")), "test": ("squad", _squad("q6"))}},
    "google-research-datasets/tydiqa": {
        "secondary_task": {
            "train": ("squad", _squad("english-1-0", "korean-2-0", "english-3-0")),
            "validation": ("squad", _squad("korean-4-0", "telugu-5-0")),
        }
    },
    "mteb/BUCC": {
        "de-en": {
            "test": ("bucc", [{"sentence1": ["a", "b"], "sentence2": ["x", "y", "z"], "gold": [[2, 3]]}])
        }
    },
    "mteb/tatoeba-bitext-mining": {
        "deu-eng": {"test": ("tatoeba", [{"sentence1": "Es regnet.", "sentence2": "It is the rain."}])},
        "swh-eng": {"test": ("tatoeba", [{"sentence1": "It is the rain.", "sentence2": "Mvua."}])},
        "fra-eng": {"test": ("tatoeba", [{"sentence1": "Oui.", "sentence2": "Si."}])},
    },
    "cambridgeltl/xcopa": {"qu": {"test": ("xcopa", [{**_COPA, "label": 0, "changed": False}])}},
    "izhx/mewsli-x": {
        "wikipedia_pairs": {
            "train": (
                "pairs",
                [{"contextual_mention": {"context": _CONTEXT, "mention": _MENTION}, "entity": _ENTITY}],
            )
        },
        "candidate_entities": {"test": ("entities", [_ENTITY])},
        "de": {"test": ("mentions", [{"context": _CONTEXT, "mention": _MENTION}])},
    },
    "wikimedia/wikipedia": {
        "20231101.de": {
            "train": (
                "wikipedia",
                [
                    {
                        "id": "1",
                        "url": "",
                        "title": "t",
                        "text": "Kurz.\n" + "Ein langer Absatz über eine Brücke am Fluss. " * 2,
                    }
                ],
            )
        }
    },
}


def build(root: Path) -> Path:
    """Write them to `root`: Parquet files, and a README that names configurations and splits."""
    from datasets import Dataset, Features

    types = _types()
    for name, configs in MIRROR.items():
        lines = ["---", "configs:"]
        for config, splits in configs.items():
            lines += [f"- config_name: {config}", "  data_files:"]
            for split, (kind, rows) in splits.items():
                file = f"{config}/{split}-00000-of-00001.parquet"
                lines += [f"  - split: {split}", f"    path: {file}"]
                (root / name / config).mkdir(parents=True, exist_ok=True)
                Dataset.from_list(rows, features=Features(types[kind])).to_parquet(root / name / file)
        (root / name / "README.md").write_text("\n".join([*lines, "---", ""]))
    _csv_and_json(root)
    return root


def _csv_and_json(root: Path) -> None:
    """The two that GitHub holds."""
    cosmos = root / "wilburOne/cosmosqa/data/train.csv"
    cosmos.parent.mkdir(parents=True)
    cosmos.write_text(
        "id,context,question,answer0,answer1,answer2,answer3,label\n"
        '1,"He said ""no"", twice",Why,a,None,NA,None of these,3\n'
    )
    article = {
        **paragraph(BRIDGE + " It is old.", ("q", "How is it?", "old", 48)),
        "sentences": [BRIDGE, "It is old."],
        "sentence_breaks": [[0, 41], [42, 52]],
    }
    lareqa = root / "google-research-datasets/lareqa/xquad-r/de.json"
    lareqa.parent.mkdir(parents=True)
    lareqa.write_text(json.dumps({"version": "1.1", "data": [{"title": "t", "paragraphs": [article]}]}))
