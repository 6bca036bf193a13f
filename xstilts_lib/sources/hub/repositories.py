"""Where the hub holds each task: repository, revision, configuration, splits, columns.

`datasets` 4 and later run no loading scripts, so every repository here holds plain Parquet, JSON or CSV.
Passed over on purpose: google/xtreme's parts of speech, which mix Ancient Greek into Greek, Classical
Chinese into Chinese, and more; its PAWS-X, which lost rows to quotes; sets of aligned BUCC pairs, in which
there is nothing to mine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...tasks import Task, languages
from .. import examples
from ..checks import MLQA_TRANSLATED, TRANSLATED
from . import converters
from .converters import Converter

_DOWNLOAD = "fetch the publisher's files and read them with `kind: files`"


@dataclass(frozen=True)
class Repository:
    """One place that holds splits of a task."""

    name: str
    convert: Converter
    splits: Mapping[str, tuple[str, ...]]
    """Ours to the repository's, which may be several."""
    columns: tuple[str, ...]
    """Columns that must be there."""
    config: str | None = None
    """The configuration; `{language}` and `{iso3}` stand for the language's codes."""
    revision: str = "main"
    """A commit where one is known; a branch is pinned to its commit when it is first read."""
    builder: str | None = None
    """'json' or 'csv' for a repository on GitHub, whose files are then `files`."""
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    """The languages that it has; None for those of the task, or for English if it names no language."""
    sizes: Mapping[str, int] | None = None
    """Rows, where it holds another number than the task's row says."""
    note: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    """Further (configuration, split) pairs that belong to every split but train: Mewsli-X's entities."""
    fallback: str = _DOWNLOAD
    """What to do where the repository cannot be loaded."""

    def covers(self, task: Task, language: str) -> bool:
        """Whether it can hold `task` in `language`."""
        if self.only is not None:
            return language in self.only
        places = (self.config or "", *self.files.values())
        return language in task.languages if any("{" in place for place in places) else language == "en"


_ALL = {"train": ("train",), "dev": ("validation",), "test": ("test",)}
_TRAIN_DEV = {"train": ("train",), "dev": ("validation",)}
_ROUNDS = {split: tuple(f"{split}_r{n}" for n in (1, 2, 3)) for split in ("train", "dev", "test")}
_NLI = converters.pair("premise", "hypothesis")
_NLI_COLUMNS = ("premise", "hypothesis", "label")
_SQUAD_COLUMNS = ("id", "context", "question", "answers")
_UDPOS, _UDPOS_COMMIT = "izhx/xtreme-r-udpos", "7e002378cc5704114200c479db0c592c7f77f8f8"
_GLUE, _GLUE_COMMIT = "nyu-mll/glue", "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
_XNLI = Repository(
    "facebook/xnli", _NLI, _ALL, _NLI_COLUMNS, "{language}", "b8dd5d7af51114dbda02c0e3f6133f332186418e"
)

REPOSITORIES: Mapping[str, tuple[Repository, ...]] = {
    "snli": (
        Repository("stanfordnlp/snli", converters.pair("premise", "hypothesis", gold_only=True), _ALL,
            _NLI_COLUMNS, "plain_text", "cdb5c3d5eed6ead6e5a341c8e56e669bb666725b"),
    ),
    "mnli": (
        Repository(_GLUE, converters.pair("premise", "hypothesis"),
            {"train": ("train",), "dev": ("validation_matched",)}, _NLI_COLUMNS, "mnli", _GLUE_COMMIT),
        # The training sets of the other languages are XNLI-MT, the machine translation of MNLI.
        Repository(_XNLI.name, _NLI, {"train": ("train",)}, _NLI_COLUMNS, _XNLI.config, _XNLI.revision,
            only=tuple(code for code in languages.XNLI if code != "en"), note=TRANSLATED),
    ),
    "anli": (
        Repository("facebook/anli", converters.pair("premise", "hypothesis", identifier="uid"), _ROUNDS,
            ("uid", *_NLI_COLUMNS), revision="8e4813d81f46d313dac7892e1c28076917cfcdf9"),
    ),
    "qqp": (
        Repository(_GLUE, converters.pair("question1", "question2"), _ALL,
            ("question1", "question2", "label"), "qqp", _GLUE_COMMIT),
    ),
    "squad_v1": (
        Repository("rajpurkar/squad", converters.span, _TRAIN_DEV, _SQUAD_COLUMNS,
            revision="7b6d24c440a36b6815f21b70d25016731768db1f"),
        Repository("facebook/mlqa", converters.span, {"train": ("train",)}, _SQUAD_COLUMNS,
            "mlqa-translate-train.{language}", only=tuple(MLQA_TRANSLATED),
            sizes={f"train/{code}": size for code, size in MLQA_TRANSLATED.items()}, note=TRANSLATED,
            fallback="try `revisions: {facebook/mlqa: refs/pr/5}` under `source:`, or " + _DOWNLOAD),
    ),
    "squad_v2": (
        Repository("rajpurkar/squad_v2", converters.span, _TRAIN_DEV, _SQUAD_COLUMNS,
            revision="3ffb306f725f7d2ce8394bc1873b24868140c412",
            fallback="lighteval/squad_v2 holds the same rows; or " + _DOWNLOAD),
    ),
    "hellaswag": (
        Repository("Rowan/hellaswag", examples.hellaswag, _ALL, ("ind", "ctx_a", "ctx_b", "endings", "label"),
            revision="218ec52e09a7e7462a5400043bb9a69a41d06b76"),
    ),
    "cosmosqa": (
        Repository("wilburOne/cosmosqa", examples.cosmosqa, _TRAIN_DEV,
            ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label"),
            revision="81e4213108ea1e12da5cd40488691fb3e4a4a2ee", builder="csv",
            files={"train": "data/train.csv", "validation": "data/valid.csv"},
            options={"keep_default_na": False}),
    ),
    "commonsenseqa": (
        Repository("tau/commonsense_qa", converters.commonsenseqa, _ALL,
            ("id", "question", "choices", "answerKey"), revision="94630fe30dad47192a8546eb75f094926d47e155"),
    ),
    "socialiqa": (
        Repository("lighteval/siqa", converters.socialiqa, _TRAIN_DEV,
            ("context", "question", "answerA", "answerB", "answerC", "label"),
            revision="54c6a1f8cb6daf4f5abf24a601852612fb35eb25"),
    ),
    "copa": (
        Repository("aps/super_glue", examples.copa, _ALL,
            ("premise", "choice1", "choice2", "question", "idx", "label"), "copa",
            "3de24cf8022e94f4ee4b9d55a6f539891524d646"),
    ),
    "xnli": (
        Repository(_XNLI.name, _NLI, {"dev": ("validation",), "test": ("test",)}, _NLI_COLUMNS, _XNLI.config,
            _XNLI.revision),
    ),
    "pawsx": (
        Repository("google-research-datasets/paws-x",
            converters.pair("sentence1", "sentence2", identifier="id"), _ALL,
            ("id", "sentence1", "sentence2", "label"), "{language}",
            "4cd8187c404bda33cb1f62b49b001115862acf37"),
    ),
    "udpos": (
        Repository(_UDPOS, converters.tags("tokens", "pos_tags"), _TRAIN_DEV, ("tokens", "pos_tags"), "en",
            _UDPOS_COMMIT),
        Repository(_UDPOS, converters.tags("tokens", "pos_tags"), {"test": ("test",)}, ("tokens", "pos_tags"),
            "{language}", _UDPOS_COMMIT),
    ),
    "panx": (
        Repository("unimelb-nlp/wikiann", converters.tags("tokens", "ner_tags"), _ALL, ("tokens", "ner_tags"),
            "{language}", "f0a3be6dc5564c0cc4150bb660144800a1f539d4"),
    ),
    "xquad": (
        Repository("google/xquad", converters.span, {"test": ("validation",)}, _SQUAD_COLUMNS,
            "xquad.{language}", "51adfef1c1287aab1d2d91b5bead9bcfb9c68583"),
    ),
    "mlqa": (
        Repository("google/xtreme", converters.span, {"dev": ("validation",), "test": ("test",)},
            _SQUAD_COLUMNS, "MLQA.{language}.{language}", "ec5f1f46e9af79639a90684a7a70a956c4998f04"),
    ),
    "tydiqa": (
        Repository("google-research-datasets/tydiqa", converters.tydiqa,
            {"train": ("train",), "test": ("validation",)}, _SQUAD_COLUMNS, "secondary_task",
            only=languages.TYDIQA, revision="da78f23f9119363459acbaf46bf89426ff26c259"),
    ),
    "bucc2018": (
        Repository("mteb/BUCC", converters.bucc, {"test": ("test",)}, ("sentence1", "sentence2", "gold"),
            "{language}-en", "414572247440f0ccacf7eb0bb70a31533a0e5443",
            fallback="the sample set, on which the threshold is tuned, is not on the hub: " + _DOWNLOAD),
    ),
    "tatoeba": (
        Repository("mteb/tatoeba-bitext-mining", converters.tatoeba, {"test": ("test",)},
            ("sentence1", "sentence2"), "{iso3}-eng", "69e8f12da6e31d59addadda9a9c8a2e601a0e282"),
    ),
    "xcopa": (
        Repository("cambridgeltl/xcopa", examples.copa, {"dev": ("validation",), "test": ("test",)},
            ("premise", "choice1", "choice2", "question", "idx", "label"), "{language}",
            "042f78955ba48e6404616762fa6e05e839c3907a"),
    ),
    "lareqa": (
        Repository("google-research-datasets/lareqa", examples.lareqa, {"test": ("test",)},
            ("title", "paragraphs"), revision="5405d2a77e83d5ccb47623a3f9e5604c3f103193", builder="json",
            files={"test": "xquad-r/{language}.json"}, options={"field": "data"}),
    ),
    "mewslix": (
        Repository("izhx/mewsli-x", examples.mewslix_pairs, {"train": ("train",)},
            ("contextual_mention", "entity"), "wikipedia_pairs", "7e3723faa15c6d84cfd56d66cf6cd347be8ad00e"),
        Repository("izhx/mewsli-x", examples.mewslix, {"dev": ("validation",), "test": ("test",)}, (),
            "{language}", revision="7e3723faa15c6d84cfd56d66cf6cd347be8ad00e",
            beside=(("candidate_entities", "test"),)),
    ),
    "text": (
        Repository("wikimedia/wikipedia", converters.span, {"train": ("train",)}, ("id", "text"),
            "20231101.{language}", "b04c8d1ceb2f5cd4588862100d08de323dccfbaa"),
    ),
}  # fmt: skip
