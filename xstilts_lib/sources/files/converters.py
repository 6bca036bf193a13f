"""From the files that publishers give, and XTREME's forms of them, to rows; tagged words are in tags.py.

What the hub gives alike is in examples.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...common.errors import UserError
from ...common.reading import at, read_damaged_text, read_json, read_json_lines, read_lines
from .. import examples, rows
from ..checks import Raw
from ..examples import Converter, Given
from ..rows import member, optional
from .reading import objects, read_sentences, read_table, split_fields, table

# Pairs of sentences with a label: natural language inference and paraphrase.

NO_LABEL = "?"  # a label that the file beside does not know
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
        label = fields[2] if len(fields) == 3 else ""
        if not label and number < len(beside):
            label = "" if beside[number] == NO_LABEL else beside[number]
        yield line, rows.pair(given.identify(number), fields[0], fields[1], label)
    if beside and number + 1 != len(beside):
        raise UserError(f"{given.paths[1]} has {len(beside)} labels, {given.path.name} {number + 1} rows.")


def _table(
    first: str, second: str, label: str, identifier: str = "", quotes: bool = False, **names: str
) -> Converter:
    """The reader of a tab-separated table with a header; see examples.pair."""
    columns = (name for name in (first, second, label, identifier) if name)
    convert = examples.pair(first, second, label, identifier, **names)
    return table(convert, *columns, delimiter="\t", quotes=quotes)


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


# SNLI and MultiNLI as published.
nli_json = objects(examples.pair("sentence1", "sentence2", "gold_label", "pairID"))
_anli = examples.pair("context", "hypothesis", "label", "uid", **_ANLI_LABELS)


def anli_published(given: Given) -> Iterator[Raw]:
    """Adversarial NLI, a file of JSON lines a round, whose name then begins the ids."""
    for path in given.paths:
        name = path.parent.name
        items = ((f"{name}/{path.name}, line {line}", item) for line, item in read_json_lines(path))
        yield from _anli(replace(given, split=name, items=items))


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
    for name in ("id", "question1", "question2"):
        if name not in header:
            raise UserError(f"{at(given.path, 1)}: the header lacks the column {name!r}.")
    for line, text in enumerate(lines[1:], start=2):
        parts = text.split("\t")
        if len(parts) != len(header):
            given.report.dropped += 1
            continue
        fields = dict(zip(header, parts, strict=True))
        label = fields.get("is_duplicate", "")
        own, *pair = (fields[name] for name in ("id", "question1", "question2"))
        yield line, rows.pair(own, *pair, _DUPLICATE.get(label, label))


# Question answering: SQuAD's JSON, as SQuAD, XQuAD, MLQA and TyDiQA publish it.


def squad(given: Given) -> Iterator[Raw]:
    """SQuAD JSON with ids; those of a parallel set are the same in every language."""
    for number, item in enumerate(_questions(given.path)):
        own = item[-1].get("id")
        yield _answered(given, given.identify(number) if own in (None, "") else str(own), *item)


def squad_renumbered(given: Given) -> Iterator[Raw]:
    """SQuAD JSON whose ids are not unique, as in XTREME's copy of TyDiQA: examples are numbered."""
    for number, item in enumerate(_questions(given.path)):
        yield _answered(given, given.identify(number), *item)


def tydiqa_mixed(given: Given) -> Iterator[Raw]:
    """TyDiQA's own file of nine languages: those of one language alone."""
    return examples.tydiqa(squad(given), given)


def _questions(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, context, question) of every question of a SQuAD JSON file; UserError where a key is missing."""
    content = read_json(path)
    articles = content.get("data") if isinstance(content, dict) else None
    if not isinstance(articles, list):
        raise UserError(f"{path} is not SQuAD JSON: it has no list 'data'.")
    for article_number, article in enumerate(articles, start=1):
        paragraphs = member(at(path, f"article {article_number}"), article, "paragraphs", list)
        for paragraph_number, paragraph in enumerate(paragraphs, start=1):
            place = f"article {article_number}, paragraph {paragraph_number}"
            context = member(at(path, place), paragraph, "context", str)
            questions = member(at(path, place), paragraph, "qas", list)
            for question_number, question in enumerate(questions, start=1):
                here = f"{place}, question {question_number}"
                member(at(path, here), question, "question", str)
                yield here, context, question


def _answered(given: Given, identifier: str, place: str, context: str, question: dict[str, Any]) -> Raw:
    where = at(given.path, place)
    answers = optional(where, question, "answers", list, [])
    texts = [member(where, answer, "text", str) for answer in answers]
    starts = [member(where, answer, "answer_start", int) for answer in answers]
    impossible = optional(where, question, "is_impossible", bool, False)
    row = rows.span(where, identifier, context, question["question"], texts, starts, impossible)
    answered = bool(row["answers"]["text"])
    if impossible and answered:
        raise UserError(f"{where}: 'is_impossible' is true, and yet there is an answer: one is wrong.")
    if given.report.unanswerable and not impossible and not answered:
        raise UserError(f"{where}: there is no answer, and yet 'is_impossible' is not true: was it lost?")
    return place, row


# Multiple choice: a prompt, its continuations, and which of them is right.

# The last sentence of a context that breaks off: HellaSwag's `ctx_b`.
_UNFINISHED = re.compile(r"^(?P<a>.*[.!?\])])\s+(?P<b>[^.!?]+)$", re.DOTALL)

hellaswag = objects(examples.hellaswag)
copa = objects(examples.copa)
_COSMOSQA = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")
cosmosqa = table(examples.cosmosqa, *_COSMOSQA)


def hellaswag_text(given: Given) -> Iterator[Raw]:
    """HellaSwag as text: six lines an item, the context (after its activity), the label, four endings."""
    lines = read_lines(given.path)
    for number in range(len(lines) // 6):
        context, label, *endings = lines[6 * number : 6 * number + 6]
        if label not in ("0", "1", "2", "3"):
            raise UserError(
                f"{at(given.path, 6 * number + 2)}: the label must be 0 to 3, not {label[:40]!r}: "
                "each item takes six lines."
            )
        _, _, context = context.partition(": ")
        match = _UNFINISHED.match(context)
        start, unfinished = (match["a"], match["b"]) if match else (context, "")
        yield 6 * number + 1, rows.hellaswag(given.identify(number), start, unfinished, endings, int(label))
    if over := len(lines) % 6:
        raise UserError(f"{at(given.path, len(lines))}: the last item has {over} lines of 6: cut short.")


def commonsenseqa(given: Given) -> Iterator[Raw]:
    """CommonsenseQA, JSON lines: a stem and five choices; the test set has no answers."""
    for line, item in read_json_lines(given.path):
        where = at(given.path, line)
        question = member(where, item, "question", dict)
        choices = {
            member(where, choice, "label", str): member(where, choice, "text", str)
            for choice in member(where, question, "choices", list)
        }
        if "".join(choices) != "ABCDE":
            raise UserError(f"{where}: the choices must be A to E, not {', '.join(choices)}.")
        label = rows.letter(where, item.get("answerKey"), "ABCDE")
        identifier, stem = member(where, item, "id", str), member(where, question, "stem", str)
        yield line, rows.choice(identifier, [stem], list(choices.values()), label)


def socialiqa(given: Given) -> Iterator[Raw]:
    """Social IQa, JSON lines; the answer a letter, or in a later release a number in a file beside."""
    beside = read_lines(given.paths[1]) if len(given.paths) > 1 else []
    for count, (line, item) in enumerate(read_json_lines(given.path)):
        where = at(given.path, line)
        context, question = (member(where, item, key, str) for key in ("context", "question"))
        choices = [member(where, item, f"answer{name}", str) for name in "ABC"]
        if beside:
            if count >= len(beside):
                raise UserError(f"{given.paths[1]} has {len(beside)} labels, {given.path.name} more rows.")
            label = rows.index(at(given.paths[1], count + 1), beside[count], len(choices), first=1)
        else:
            label = rows.letter(where, item.get("correct"), "ABC")
        yield line, rows.choice(given.identify(count), [context, question], choices, label)


# Retrieval: Tatoeba as LASER publishes it, BUCC 2018, LAReQA and Mewsli-X.


def tatoeba(given: Given) -> Iterator[Raw]:
    """Two files, line i of the one pairs with line i of the other."""
    foreign, english = (read_lines(path) for path in given.paths)
    if len(foreign) != len(english):
        raise UserError(
            f"{given.path} has {len(foreign)} lines and {given.paths[1].name} has {len(english)}: "
            "they must pair line by line."
        )
    for number, row in examples.translations(given.language, foreign, english):
        yield number + 1, row


def bucc(given: Given) -> Iterator[Raw]:
    """BUCC 2018: two corpora, `id TAB sentence`, and the pairs among them, `id TAB id`, where given."""
    foreign, english = given.paths[:2]
    pairs: dict[str, str] = {}
    for path in given.paths[2:]:
        for line, (source, target) in split_fields(path, read_lines(path), 2):
            if source in pairs or target in pairs:
                raise UserError(f"{at(path, line)}: a sentence of {source!r}, {target!r} is paired twice.")
            pairs[source], pairs[target] = target, source
    found = 0
    for side, path in (("source", foreign), ("target", english)):
        for line, (identifier, sentence) in split_fields(path, read_lines(path), 2):
            mate = pairs.get(identifier, "")
            found += bool(mate)
            yield f"{path.name}, line {line}", rows.bitext(identifier, side, sentence, mate)
    if missing := len(pairs) - found:
        raise UserError(f"{given.paths[2]} pairs {missing} sentences that {foreign.name} or the other lacks.")
    if not pairs:
        given.report.notes.append("no pairs: the file .gold is not there")


mewslix_pairs = objects(examples.mewslix_pairs)


def lareqa(given: Given) -> Iterator[Raw]:
    """XQuAD-R, SQuAD's JSON with sentences."""
    articles = member(str(given.path), read_json(given.path), "data", list)
    return examples.lareqa(replace(given, items=enumerate(articles)))


def mewslix(given: Given) -> Iterator[Raw]:
    """The entities, then the mentions, as JSON lines."""
    mentions, entities = given.paths
    lines = ((path, *line) for path in (entities, mentions) for line in read_json_lines(path))
    items = ((f"{path.name}, line {number}", item) for path, number, item in lines)
    return examples.mewslix(replace(given, items=items))
