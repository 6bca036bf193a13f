"""What every load of real data is held against: label names, ids, tags, answer offsets, counts.

A reader yields (place, row) with the label as the publisher's NAME; here names become indices into
Task.labels, so that two sources that number their labels differently still agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..common.errors import UserError, nearest
from ..tasks import Task, size
from .rows import ABOUT, COLUMNS, GOLD

TRANSLATED = "machine-translated"

Place = int | str
Raw = tuple[Place, dict[str, Any]]


@dataclass
class LoadReport:
    """What a load found: shown by `xstilts data check`, kept by the source."""

    task: str
    split: str
    language: str
    source: str
    """The file or the hub's repository, as a person can find it."""
    revision: str = ""
    rows: int = 0
    expected: int | None = None
    """Rows that the publisher's split has; None where no one has stated it."""
    repaired: int = 0
    """Answer offsets moved to the nearest occurrence, lines with damaged characters, and questions of XCOPA
    put as the parallel rows have them."""
    dropped: int = 0
    """Rows that the task leaves out by definition (SNLI's "-", other languages of a mixed file)."""
    unlabelled: int = 0
    """Rows whose answer the publisher keeps; where no pair is given to be mined, the sentences."""
    overlapping: int = 0
    """Training rows left out because an evaluation set holds their text too (`overlaps: drop`)."""
    blank: int = 0
    """Rows without a text that they are about. They are kept, as the benchmarks keep them, and noted."""
    unanswerable: bool = False
    """Whether a question without an answer is right: SQuAD 2.0's."""
    notes: list[str] = field(default_factory=list)

    def expect(self, task: Task, sizes: Mapping[str, int] | None, note: str) -> None:
        """What is known of the form that is read: its sizes, where they are not the task's, and a note."""
        self.expected = size(task.sizes if sizes is None else sizes, self.split, self.language)
        self.unanswerable = task.metric == "squad_v2"
        self.notes += [note] if note else []

    @property
    def shown(self) -> str:
        """The source as a page shows it: a file by its set and name, without the folders of one machine."""
        parts = Path(self.source).parts
        return "/".join(parts[-2:]) if Path(self.source).is_absolute() else self.source

    def where(self, place: Place) -> str:
        """A place in the data as an error message begins."""
        return f"{self.source}, line {place}" if isinstance(place, int) else f"{self.source}, {place}"


def checked(
    task: Task, labels: Sequence[str], raw: Iterable[Raw], report: LoadReport, exact: bool = True
) -> list[dict[str, Any]]:
    """The rows of `raw`, with label indices and valid answer offsets; fills `report`.

    UserError at the first row that is wrong, and, if `exact`, where the number of rows is not the published
    one.
    """
    own = {"pair": _label_index, "choice": _choice_index, "tags": _tag_names, "span": _answer_offsets}
    check = own.get(task.format)
    known = {name: index for index, name in enumerate(labels)}
    rows: list[dict[str, Any]] = []
    for place, row in _unique(raw, report):
        where = report.where(place)
        whole(row, where)
        _are_texts(task, row, where)
        if check is not None:
            check(row, where, known, report)
        report.blank += _blank(task, row)
        rows.append(row)
    report.unlabelled, report.rows = len(unlabelled(task, gold(task, rows))), len(rows)
    if task.format in ("bitext", "ranking"):
        _mates_exist(rows, report)
        # What is published, and what scores are a share of, is the number of pairs.
        asked = (row["side"] == "query" or (row["side"] == "source" and row["mate"]) for row in rows)
        report.rows = sum(map(bool, asked))
    if not rows or (task.format == "ranking" and not report.rows):  # candidates, and nothing to look for
        raise UserError(f"{report.source} holds no example of {task.name} in {report.language!r}.")
    if report.unanswerable and not any(row["answers"]["text"] or row["impossible"] for row in rows):
        raise UserError(f"{report.source}: not one of {len(rows):,} questions has an answer left.")
    if report.blank:
        report.notes.append(f"rows with a blank text: {report.blank:,}")
    if not (task.metric == "bucc" and report.unlabelled):
        counted(task, report, exact)
    return rows


def gold(task: Task, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns of `rows` that hold what is right."""
    return {name: [row[name] for row in rows] for name in GOLD[task.format]}


def unlabelled(task: Task, gold: Mapping[str, Sequence[Any]]) -> list[int]:
    """The numbers of the rows of which `gold`, the columns that GOLD names, does not say what is right.

    A question of SQuAD 2.0 may rightly have no answer; of sentences to be mined few have a mate, and all lack
    one where none has.
    """
    if task.format in ("pair", "choice"):
        lacks = [label is None or label < 0 for label in gold["label"]]
    elif task.format == "tags":
        lacks = [tags is None or not all(tags) for tags in gold["tags"]]
    elif task.format == "span":
        lacks = [not answers["text"] and task.metric != "squad_v2" for answers in gold["answers"]]
    elif task.format in ("bitext", "ranking"):
        if task.metric == "bucc" and any(gold["mate"]):
            return []
        # Of Tatoeba it is the English sentences that are looked up.
        asking = "query" if task.format == "ranking" else "source" if task.metric == "bucc" else "target"
        both = zip(gold["side"], gold["mate"], strict=True)
        lacks = [side == asking and not mate for side, mate in both]
    else:
        return []
    return [row for row, lack in enumerate(lacks) if lack]


def whole(row: Mapping[str, Any], where: str) -> None:
    """UserError for half of a character (a lone surrogate): JSON can say it, and no text can hold it."""
    for column, value in row.items():
        for text in _texts(value):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise UserError(
                    f"{where}: {column!r} holds half of a character (\\u{ord(text[error.start]):04x}, a lone "
                    f"surrogate) at character {error.start}: write the whole character, or leave it out."
                ) from None


def _are_texts(task: Task, row: Mapping[str, Any], where: str) -> None:
    """UserError where a text of the row, or one of a list of them, is something else."""
    for column, kind in COLUMNS[task.format].items():
        value = row[column]
        for text in value if kind == "list" else [value] if kind == "str" else ():
            if not isinstance(text, str):
                raise UserError(f"{where}: {column!r} holds {text!r}, where a text belongs.")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _blank(task: Task, row: Mapping[str, Any]) -> bool:
    """Whether a text that the row is about is missing; of tags, all words or one of them."""
    texts = [text for column in ABOUT[task.format] for text in _texts(row[column])]
    texts += row.get("about", ())
    return not texts or not all(map(str.strip, texts))


def counted(task: Task, report: LoadReport, exact: bool) -> None:
    """UserError where `report` found another number of rows than was published, if `exact`."""
    if exact and report.expected is not None and report.rows != report.expected:
        raise UserError(
            f"{report.source} holds {report.rows:,} rows of {task.name} ({report.split}, {report.language}), "
            f"where {report.expected:,} were published: fetch it again, or set `counts: any` under "
            "`source:` if this is a version of your own."
        )


def joined_report(task: Task, split: str, language: str, parts: Sequence[LoadReport]) -> LoadReport:
    """The report of a task that others make up."""
    numbers = ("rows", "repaired", "dropped", "unlabelled", "blank")
    return LoadReport(
        task.name,
        split,
        language,
        source=" + ".join(part.shown for part in parts),
        revision=" + ".join(part.revision for part in parts),
        expected=task.size(split, language),
        notes=[f"{part.task}: {note}" for part in parts for note in part.notes],
        **{name: sum(getattr(part, name) for part in parts) for name in numbers},
    )


def _unique(raw: Iterable[Raw], report: LoadReport) -> Iterator[Raw]:
    seen: dict[str, Place] = {}
    for place, row in raw:
        first = seen.setdefault(row["id"], place)
        if first is not place:
            at = f"line {first}" if isinstance(first, int) else first
            raise UserError(f"{report.where(place)}: the id {row['id']!r} occurs twice (first at {at}).")
        yield place, row


def _label_index(row: dict[str, Any], where: str, known: dict[str, int], report: LoadReport) -> None:
    name = row["label"]
    if name is not None and name not in known:
        raise UserError(f"{where}: unknown label {name!r}: {nearest(name, known)}")
    row["label"] = known.get(name, -1)


def _choice_index(row: dict[str, Any], where: str, known: dict[str, int], report: LoadReport) -> None:
    label, number = row["label"], len(row["choices"])
    if label is not None and not 0 <= label < number:
        raise UserError(f"{where}: the label names choice {label + 1} of {number}.")
    row["label"] = -1 if label is None else label


def _tag_names(row: dict[str, Any], where: str, known: dict[str, int], report: LoadReport) -> None:
    if len(row["words"]) != len(row["tags"]):
        raise UserError(f"{where}: {len(row['words'])} words have {len(row['tags'])} tags.")
    for tag in row["tags"] if known else ():
        if tag and tag not in known:
            raise UserError(f"{where}: unknown tag {tag!r}: {nearest(tag, known)}")


def _answer_offsets(row: dict[str, Any], where: str, known: dict[str, int], report: LoadReport) -> None:
    answers = row["answers"]
    for number, (text, start) in enumerate(zip(answers["text"], answers["start"], strict=True)):
        moved = nearest_occurrence(row["context"], text, start)
        if moved is None:
            raise UserError(f"{where}: the answer {text[:60]!r} is not in its context.")
        answers["start"][number] = moved
        report.repaired += moved != start


def nearest_occurrence(context: str, text: str, start: int) -> int | None:
    """The offset of the occurrence of `text` nearest to `start`; None where there is none.

    Hub copies strip the context and keep the offset, which shifts answers by a few characters; the nearest
    occurrence undoes it.
    """
    before = context.rfind(text, 0, max(start, 0) + len(text))
    after = context.find(text, max(start, 0))
    found = [offset for offset in (before, after) if offset >= 0]
    return min(found, key=lambda offset: abs(offset - start)) if found else None


def _mates_exist(rows: Sequence[dict[str, Any]], report: LoadReport) -> None:
    side = {row["id"]: row["side"] for row in rows}
    for row in rows:
        if row["mate"] and side.get(row["mate"], row["side"]) == row["side"]:
            pair = f"{row['id']!r}, {row['mate']!r}"
            raise UserError(f"{report.source}: the mate of {pair}, is not on the other side.")


def spread(total: int, limit: int) -> list[int]:
    """`limit` indices spread evenly over `total`: the same for parallel sets, not the first article alone."""
    return list(range(total)) if limit >= total else [index * total // limit for index in range(limit)]


def limited(task: Task, rows: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    """`limit` of the rows (of each side, where there are two, with the share of pairs kept)."""
    if limit is None:
        return rows
    if limit < 1:
        raise UserError(f"limit must be at least 1, not {limit}.")
    if task.format not in ("bitext", "ranking"):
        return [rows[index] for index in spread(len(rows), limit)]
    return _limited_sides(rows, limit)


def _limited_sides(rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    # Those that have a partner of their own: of a ranking task the queries, wherever they stand.
    first = "query" if any(row["side"] == "query" for row in rows) else rows[0]["side"]
    ours = [row for row in rows if row["side"] == first]
    theirs = [row for row in rows if row["side"] != first]
    share = min(1.0, limit / len(ours))
    paired = [row for row in ours if row["mate"]]
    number = max(1, round(share * len(paired))) if paired else 0
    kept_pairs = [paired[index] for index in spread(len(paired), number)]
    keep = {row["id"] for row in kept_pairs} | {row["mate"] for row in kept_pairs}
    for side, count in ((ours, limit), (theirs, round(share * len(theirs)))):
        single = [row["id"] for row in side if not row["mate"]]
        free = max(0, count - sum(row["id"] in keep for row in side))
        keep.update(single[index] for index in spread(len(single), free))
    return [row for row in rows if row["id"] in keep]
