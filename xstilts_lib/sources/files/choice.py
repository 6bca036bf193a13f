"""Multiple choice: a prompt, its continuations, and which of them is right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...common.errors import UserError
from .. import examples, rows
from ..checks import Raw
from ..examples import Given
from ..rows import member
from .reading import at, objects, read_json_lines, read_lines, table

_LETTERS = "ABCDE"
# The last sentence of a context that breaks off: HellaSwag's `ctx_b`.
_UNFINISHED = re.compile(r"^(?P<a>.*[.!?\])])\s+(?P<b>[^.!?]+)$", re.DOTALL)


hellaswag = objects(examples.hellaswag)
copa = objects(examples.copa)
cosmosqa = table(
    examples.cosmosqa, "id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label"
)


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
        raise UserError(
            f"{at(given.path, len(lines))}: the last item has {over} lines of 6: the file was cut short."
        )


def commonsenseqa(given: Given) -> Iterator[Raw]:
    """CommonsenseQA, JSON lines: a stem and five choices; the test set has no answers."""
    for line, item in read_json_lines(given.path):
        where = at(given.path, line)
        question = member(where, item, "question", dict)
        choices = {
            member(where, choice, "label", str): member(where, choice, "text", str)
            for choice in member(where, question, "choices", list)
        }
        if "".join(choices) != _LETTERS:
            raise UserError(f"{where}: the choices must be A to E, not {', '.join(choices)}.")
        label = rows.letter(where, item.get("answerKey"), _LETTERS)
        yield (
            line,
            rows.choice(
                member(where, item, "id", str),
                [member(where, question, "stem", str)],
                list(choices.values()),
                label,
            ),
        )


def socialiqa(given: Given) -> Iterator[Raw]:
    """Social IQa, JSON lines; the answer a letter, or in a later release a number in a file beside."""
    beside = read_lines(given.paths[1]) if len(given.paths) > 1 else []
    for count, (line, item) in enumerate(read_json_lines(given.path)):
        where = at(given.path, line)
        context, question = (member(where, item, key, str) for key in ("context", "question"))
        choices = [member(where, item, f"answer{name}", str) for name in "ABC"]
        if beside:
            if count >= len(beside):
                raise UserError(
                    f"{given.paths[1]} has {len(beside)} labels, fewer than {given.path.name} has rows."
                )
            label = rows.index(at(given.paths[1], count + 1), beside[count], len(choices), first=1)
        else:
            label = rows.letter(where, item.get("correct"), "ABC")
        yield line, rows.choice(given.identify(count), [context, question], choices, label)
