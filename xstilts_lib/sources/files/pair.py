"""Pairs of sentences with a label: natural language inference and paraphrase, as publishers give them."""

from __future__ import annotations

from collections.abc import Iterator

from ...common.errors import UserError
from .. import rows
from ..checks import Raw
from ..examples import Converter, Given
from ..rows import member, optional
from .reading import (
    at,
    read_damaged_text,
    read_json_lines,
    read_lines,
    read_sentences,
    read_table,
    split_fields,
)

NO_LABEL = "?"  # a label that the file beside does not know
NO_GOLD = "-"  # SNLI and MNLI: the annotators did not agree
_ANLI_LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
_DUPLICATE = {"0": "not_duplicate", "1": "duplicate"}
_QQP_SAMPLE = 10_000


def xtreme(given: Given) -> Iterator[Raw]:
    """XTREME's form of XNLI and PAWS-X: `first TAB second [TAB label]`, quoted as CSV or plain.

    The labels of its test sets stand in a file beside, in the same order: one a line, or `id TAB label`.
    """
    beside = [line.split("\t")[-1].strip() for path in given.paths[1:] for line in read_lines(path)]
    number = -1
    for number, (line, fields) in enumerate(read_sentences(given.path)):
        if len(fields) not in (2, 3):
            raise UserError(
                f"{at(given.path, line)}: 2 or 3 tab-separated columns were expected (first, second, "
                f"label), {len(fields)} found."
            )
        label: str | None = fields[2] if len(fields) == 3 else None
        if not label and beside:
            label = beside[number] if number < len(beside) else ""
            label = None if label == NO_LABEL else label
        yield line, rows.pair(given.identify(number), fields[0], fields[1], label)
    if beside and number + 1 != len(beside):
        raise UserError(
            f"{given.paths[1]} has {len(beside)} labels, {given.path.name} has {number + 1} rows."
        )


def _table(
    first: str, second: str, label: str, identifier: str = "", quotes: bool = False, **names: str
) -> Converter:
    """A tab-separated table with a header; rows without a gold label are left out. `names` has ours for a
    label that it spells otherwise."""
    columns = (first, second, label, *([identifier] if identifier else ()))

    def read(given: Given) -> Iterator[Raw]:
        table = read_table(given.path, columns, delimiter="\t", quotes=quotes)
        for number, (line, fields) in enumerate(table):
            name = names.get(fields[label], fields[label])
            if name == NO_GOLD:
                given.report.dropped += 1
                continue
            own = f"{given.split}-{fields[identifier]}" if identifier else given.identify(number)
            yield line, rows.pair(own, fields[first], fields[second], name)

    return read


# SNLI and MultiNLI in GLUE's form, and the subset of SNLI that was revised counterfactually, quoted as CSV.
nli_table = _table("sentence1", "sentence2", "gold_label")
nli_quoted_table = _table("sentence1", "sentence2", "gold_label", quotes=True)
# XNLI-MT: MultiNLI's training set in another language.
xnli_translated = _table("premise", "hypo", "label", contradictory="contradiction")
# PAWS-X's own files: no quoting, and ids that are the same in every language.
pawsx_published = _table("sentence1", "sentence2", "label", identifier="id")


def xnli_published(given: Given) -> Iterator[Raw]:
    """XNLI's own file: all languages in one table with a header, in which quotes mean nothing."""
    columns = ("language", "pairID", "sentence1", "sentence2", "gold_label")
    for line, fields in read_table(given.path, columns, delimiter="\t", quotes=False):
        language, identifier, *pair = (fields[column] for column in columns)
        if language == given.language:
            yield line, rows.pair(f"{given.split}-{identifier}", *pair)
        else:
            given.report.dropped += 1


def nli_json(given: Given) -> Iterator[Raw]:
    """SNLI and MultiNLI as published, JSON lines; rows without a gold label are left out."""
    for line, item in read_json_lines(given.path):
        where = at(given.path, line)
        identifier, first, second = (
            member(where, item, key, str) for key in ("pairID", "sentence1", "sentence2")
        )
        label = optional(where, item, "gold_label", str, "")
        if label == NO_GOLD:
            given.report.dropped += 1
        else:
            yield line, rows.pair(f"{given.split}-{identifier}", first, second, label)


def anli_published(given: Given) -> Iterator[Raw]:
    """Adversarial NLI, a file of JSON lines a round."""
    for path in given.paths:
        for line, item in read_json_lines(path):
            where = at(path, line)
            identifier, first, second = (
                member(where, item, key, str) for key in ("uid", "context", "hypothesis")
            )
            label = optional(where, item, "label", str, "")
            label = _ANLI_LABELS.get(label, label)
            yield (
                f"{path.name}, line {line}",
                rows.pair(f"{path.parent.name}-{identifier}", first, second, label),
            )


def anli_analysis(given: Given) -> Iterator[Raw]:
    """The dev sets of adversarial NLI as they came with the analysis of its annotations: CSV."""
    for path in given.paths:
        for line, fields in read_table(path, ("context", "statement", "gold_label", "uid")):
            label = _ANLI_LABELS.get(fields["gold_label"], fields["gold_label"])
            example = rows.pair(fields["uid"], fields["context"], fields["statement"], label)
            yield f"{path.name}, line {line}", example


def qqp(given: Given) -> Iterator[Raw]:
    """Quora Question Pairs: GLUE's table (its few broken lines are left out), or a sample without a header.

    The sample, `label TAB first TAB second TAB id`, holds characters that were cut apart; they become U+FFFD.
    """
    text, damaged = read_damaged_text(given.path)
    lines = text.rstrip("\n").split("\n")
    header = lines[0].split("\t")
    if "question1" in header:
        yield from _qqp_glue(given, lines, header)
        return
    given.report.expected = _QQP_SAMPLE
    given.report.repaired += damaged
    given.report.notes.append("a balanced sample, not GLUE's split")
    for line, (label, first, second, identifier) in split_fields(given.path, lines, 4):
        yield line, rows.pair(identifier, first, second, _DUPLICATE.get(label, label))


def _qqp_glue(given: Given, lines: list[str], header: list[str]) -> Iterator[Raw]:
    missing = [name for name in ("id", "question1", "question2") if name not in header]
    if missing:
        raise UserError(f"{at(given.path, 1)}: the header lacks the column {missing[0]!r}.")
    for line, text in enumerate(lines[1:], start=2):
        parts = text.split("\t")
        if len(parts) != len(header):
            given.report.dropped += 1
            continue
        fields = dict(zip(header, parts, strict=True))
        label = fields.get("is_duplicate")
        name = _DUPLICATE.get(label, label) if label is not None else None
        yield line, rows.pair(fields["id"], fields["question1"], fields["question2"], name)
