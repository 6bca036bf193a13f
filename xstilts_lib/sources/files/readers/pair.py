"""Pairs of sentences with a label: natural language inference and paraphrase, in the forms that publishers chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....errors import UserError
from ...checks import Raw
from ..reading import (
    at,
    member,
    read_csv,
    read_damaged_text,
    read_json_lines,
    read_lines,
    read_table,
    split_fields,
)
from . import Request

NO_LABEL = "?"  # a label that the file beside does not know
NO_GOLD = "-"  # SNLI and MNLI: the annotators did not agree
_ANLI_LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
_DUPLICATE = {"0": "not_duplicate", "1": "duplicate"}
_QQP_SAMPLE = 10_000


def row(identifier: str, first: str, second: str, label: str | None) -> dict[str, Any]:
    """A row of the pair format, before the label's name becomes an index."""
    return {"id": identifier, "first": first.strip(), "second": second.strip(), "label": label}


def xtreme(request: Request) -> Iterator[Raw]:
    """XTREME's form of XNLI and PAWS-X: `first TAB second [TAB label]`, quoted as CSV.

    The labels of its test sets stand in a file beside, in the same order: one a line, or `id TAB label`.
    """
    beside = [line.split("\t")[-1].strip() for path in request.paths[1:] for line in read_lines(path)]
    number = -1
    for number, (line, fields) in enumerate(read_csv(request.path, delimiter="\t")):
        if len(fields) not in (2, 3):
            raise UserError(
                f"{at(request.path, line)}: 2 or 3 tab-separated columns (first, second, label) were expected, "
                f"{len(fields)} found."
            )
        label: str | None = fields[2] if len(fields) == 3 else None
        if label is None and beside:
            label = beside[number] if number < len(beside) else ""
            label = None if label == NO_LABEL else label
        yield line, row(request.identify(number), fields[0], fields[1], label)
    if beside and number + 1 != len(beside):
        raise UserError(
            f"{request.paths[1]} has {len(beside)} labels, {request.path.name} has {number + 1} rows."
        )


def xnli_published(request: Request) -> Iterator[Raw]:
    """XNLI's own file: all languages in one table with a header, in which quotes mean nothing."""
    columns = ("language", "gold_label", "sentence1", "sentence2", "pairID")
    for line, fields in read_table(request.path, columns, delimiter="\t", quotes=False):
        if fields["language"] == request.language:
            identifier = f"{request.split}-{fields['pairID']}"
            yield line, row(identifier, fields["sentence1"], fields["sentence2"], fields["gold_label"])
        else:
            request.report.dropped += 1


def xnli_translated(request: Request) -> Iterator[Raw]:
    """XNLI-MT: MultiNLI's training set in another language, its label spelt 'contradictory'."""
    columns = ("premise", "hypo", "label")
    for number, (line, fields) in enumerate(read_table(request.path, columns, delimiter="\t", quotes=False)):
        label = "contradiction" if fields["label"] == "contradictory" else fields["label"]
        yield line, row(request.identify(number), fields["premise"], fields["hypo"], label)


def pawsx_published(request: Request) -> Iterator[Raw]:
    """PAWS-X's own files: a header, in which quotes mean nothing, and ids that are the same in every language."""
    columns = ("id", "sentence1", "sentence2", "label")
    for line, fields in read_table(request.path, columns, delimiter="\t", quotes=False):
        yield (
            line,
            row(f"{request.split}-{fields['id']}", fields["sentence1"], fields["sentence2"], fields["label"]),
        )


def nli_json(request: Request) -> Iterator[Raw]:
    """SNLI and MultiNLI as published, JSON lines; rows without a gold label are left out."""
    for line, item in read_json_lines(request.path):
        where = at(request.path, line)
        label = member(where, item, "gold_label", str)
        first, second = (member(where, item, key, str) for key in ("sentence1", "sentence2"))
        identifier = member(where, item, "pairID", str)
        yield from _with_gold(request, line, row(f"{request.split}-{identifier}", first, second, label))


def nli_table(request: Request) -> Iterator[Raw]:
    """SNLI and MultiNLI as tables with a header (GLUE's form); rows without a gold label are left out."""
    columns = ("sentence1", "sentence2", "gold_label")
    rows = read_table(request.path, columns, delimiter="\t", quotes=False)
    for number, (line, fields) in enumerate(rows):
        label = fields["gold_label"]
        yield from _with_gold(
            request, line, row(request.identify(number), fields["sentence1"], fields["sentence2"], label)
        )


def nli_quoted_table(request: Request) -> Iterator[Raw]:
    """The subset of SNLI that was revised counterfactually: the same columns, quoted as CSV."""
    columns = ("sentence1", "sentence2", "gold_label")
    for number, (line, fields) in enumerate(read_table(request.path, columns, delimiter="\t")):
        label = fields["gold_label"]
        yield line, row(request.identify(number), fields["sentence1"], fields["sentence2"], label)


def _with_gold(request: Request, line: int, example: Mapping[str, Any]) -> Iterator[Raw]:
    if example["label"] == NO_GOLD:
        request.report.dropped += 1
    else:
        yield line, dict(example)


def anli_published(request: Request) -> Iterator[Raw]:
    """Adversarial NLI, a file of JSON lines a round."""
    for path in request.paths:
        for line, item in read_json_lines(path):
            where = at(path, line)
            first, second, label = (
                member(where, item, key, str) for key in ("context", "hypothesis", "label")
            )
            identifier = f"{path.parent.name}-{member(where, item, 'uid', str)}"
            yield f"{path.name}, line {line}", row(identifier, first, second, _ANLI_LABELS.get(label, label))


def anli_analysis(request: Request) -> Iterator[Raw]:
    """The dev sets of adversarial NLI as they came with the analysis of its annotations: CSV, a file a round."""
    for path in request.paths:
        for line, fields in read_table(path, ("context", "statement", "gold_label", "uid")):
            label = _ANLI_LABELS.get(fields["gold_label"], fields["gold_label"])
            yield (
                f"{path.name}, line {line}",
                row(fields["uid"], fields["context"], fields["statement"], label),
            )


def qqp(request: Request) -> Iterator[Raw]:
    """Quora Question Pairs: GLUE's table (its few broken lines are left out), or a sample without a header.

    The sample, `label TAB first TAB second TAB id`, holds characters that were cut apart; they become U+FFFD.
    """
    text, damaged = read_damaged_text(request.path)
    lines = text.rstrip("\n").split("\n")
    header = lines[0].split("\t")
    if "question1" in header:
        yield from _qqp_glue(request, lines, header)
        return
    request.report.expected = _QQP_SAMPLE
    request.report.repaired += damaged
    request.report.notes.append("a balanced sample, not GLUE's split")
    for line, (label, first, second, identifier) in split_fields(request.path, lines, 4):
        yield line, row(identifier, first, second, _DUPLICATE.get(label, label))


def _qqp_glue(request: Request, lines: list[str], header: list[str]) -> Iterator[Raw]:
    missing = [name for name in ("id", "question1", "question2") if name not in header]
    if missing:
        raise UserError(f"{at(request.path, 1)}: the header lacks the column {missing[0]!r}.")
    for line, text in enumerate(lines[1:], start=2):
        fields = dict(zip(header, text.split("\t"), strict=False))
        if len(text.split("\t")) != len(header):
            request.report.dropped += 1
            continue
        label = fields.get("is_duplicate")
        name = _DUPLICATE.get(label, label) if label is not None else None
        yield line, row(fields["id"], fields["question1"], fields["question2"], name)
