"""Retrieval: Tatoeba as LASER publishes it, BUCC 2018, LAReQA and Mewsli-X."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...common.errors import UserError
from .. import examples, rows
from ..checks import Raw
from ..examples import Given
from ..rows import member
from .reading import at, objects, read_json, read_json_lines, read_lines, read_tsv


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
        for line, (source, target) in read_tsv(path, 2):
            if source in pairs or target in pairs:
                raise UserError(f"{at(path, line)}: a sentence of {source!r}, {target!r} is paired twice.")
            pairs[source], pairs[target] = target, source
    found = 0
    for side, path in (("source", foreign), ("target", english)):
        for line, (identifier, sentence) in read_tsv(path, 2):
            mate = pairs.get(identifier, "")
            found += bool(mate)
            yield f"{path.name}, line {line}", rows.bitext(identifier, side, sentence, mate)
    if found != len(pairs):
        missing = len(pairs) - found
        raise UserError(
            f"{given.paths[2]} pairs {missing} sentences that {foreign.name} or {english.name} lacks."
        )
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
