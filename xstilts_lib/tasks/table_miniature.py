"""The rows of the miniature world."""

from __future__ import annotations

from .row import ENTITIES, NLI, UPOS, FormatName, Group, Metric, Role, Task

# Its languages, English first; sources/miniature/languages.py declares what each one is like.
MINIATURE = ("en", "qaa", "qab", "qac", "qad", "qae", "qaf", "qag")
MINIATURE_FURTHER = ("qah", "qai")  # in worlds whose settings name them


def _mini(
    name: str, title: str, role: Role, format: FormatName, group: Group, metric: Metric, **more: object
) -> Task:
    languages = (*MINIATURE, *MINIATURE_FURTHER) if role != "intermediate" else ("en",)
    if format == "bitext":
        languages = languages[1:]
    return Task(name, title, role, format, group, metric, languages, ("miniature",), **more)  # type: ignore[arg-type]


ROWS = (
    # The miniature world: intermediate tasks.
    _mini("mini_mnli", "Natural language inference", "intermediate", "pair", "classification", "accuracy",
          labels=NLI, train="mini_mnli"),
    _mini("mini_qqp", "Paraphrase detection", "intermediate", "pair", "classification", "accuracy",
          labels=("not_duplicate", "duplicate"), train="mini_qqp"),
    _mini("mini_squad", "Span question answering", "intermediate", "span", "question answering", "squad",
          train="mini_squad"),
    _mini("mini_hellaswag", "Choosing the continuation", "intermediate", "choice", "classification",
          "accuracy", choices=4, train="mini_hellaswag"),
    _mini("mini_ccg", "Supertagging", "intermediate", "tags", "structured prediction", "accuracy",
          train="mini_ccg", note="labels are supertags, listed by the world"),
    # The miniature world: target tasks.
    _mini("mini_xnli", "Natural language inference", "target", "pair", "classification", "accuracy",
          labels=NLI, train="mini_mnli", note="trains on mini_mnli, as XNLI does on MNLI"),
    _mini("mini_pawsx", "Paraphrases against swapped roles", "target", "pair", "classification", "accuracy",
          labels=("different", "paraphrase"), train="mini_pawsx"),
    _mini("mini_udpos", "Parts of speech", "target", "tags", "structured prediction", "tag_f1", labels=UPOS,
          train="mini_udpos"),
    _mini("mini_panx", "Named entities", "target", "tags", "structured prediction", "tag_f1", labels=ENTITIES,
          train="mini_panx"),
    _mini("mini_tydiqa", "Span question answering, scarce training data", "target", "span",
          "question answering", "squad", train="mini_tydiqa"),
    _mini("mini_tatoeba", "Sentence retrieval", "target", "bitext", "retrieval", "tatoeba"),
    _mini("mini_bucc2018", "Bitext mining", "target", "bitext", "retrieval", "bucc"),
    _mini("mini_text", "Masked language modelling", "text", "text", "language modelling", "perplexity",
          train="mini_text"),
)  # fmt: skip
