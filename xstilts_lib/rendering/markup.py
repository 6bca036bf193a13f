"""What a notebook shows and a chapter of the book takes in: data frames as numbered tables, and sentences.

A cell calls `show` or `say`. Where it runs one sees HTML; beside it the output keeps MyST Markdown, with its
caption and label, for the directive `{shown}` of book/_ext. Cells of a frame are Markdown already, in which
`text`, `code` and `foreign` write any character as itself.

>>> from xstilts_lib.rendering.markup import code, table
>>> print(table(["task"], [[code("squad")]]))
| task |
|---|
| <code>squad</code> |
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

KEY = "shown"  # in the metadata of an output: the name by which chapters take it in
KEPT = "kept"  # beside it, what an explorer chooses from
# Subtags of ISO 15924 for the scripts of the miniature world; Latin goes without saying.
SCRIPTS = {"Cyrillic": "Cyrl", "Georgian": "Geor", "Armenian": "Armn"}
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
# Characters that mean something to Markdown, or that end a cell of a table.
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*_{}[]()#+!|~$:"}
# What only the book can follow, a role or a link between its pages; elsewhere its words are shown.
_BOOK_ONLY = re.compile(r"\{[\w:]+\}`([^`]*)`|\[([^]]*)\]\([/#][^)]*\)|`([^`]*)`")


def show(
    frame: DataFrame,
    name: str,
    caption: str = "",
    formats: Mapping[str, str | Callable[..., str]] | None = None,
    of: str = "",
) -> None:
    """Show a frame; a chapter takes it in by `name`, or with all else that is part `of` something.

    With a caption it is a numbered table, which pages refer to by `name`. `formats` says how the values of a
    column are written: a format string, or a function that gives Markdown.
    """
    written = frame.astype(object)
    for column, form in (formats or {}).items():
        written[column] = frame[column].map(form.format if isinstance(form, str) else form)
    styled = written.rename(columns=_plain).map(_plain).style.hide(axis="index").set_uuid(name)
    # A caption in the middle of a table that is wider than a phone would not be seen.
    styled = styled.set_table_styles([{"selector": "caption", "props": "text-align: left"}])
    styled = styled.set_caption(_plain(caption)) if caption else styled
    _publish(of or name, table(list(frame.columns), written.to_numpy(), caption, name), styled.to_html())


def say(name: str, paragraph: str) -> None:
    """Show a paragraph of Markdown, which a chapter takes in by `name`."""
    _publish(name, paragraph, f"<p>{_plain(paragraph)}</p>")


def heading(name: str, title: str, label: str = "") -> None:
    """Begin a subsection of what a chapter takes in by `name`; pages refer to it by `label`."""
    target = f"({label})=\n" if label else ""
    _publish(name, f"{target}### {title}", f"<p><b>{_plain(title)}</b></p>")


def keep(name: str, data: Mapping[str, object]) -> None:
    """Keep what an explorer of a chapter chooses from, which takes it in by `name`; beside it a sentence."""
    from IPython.display import display

    sentence = f"Laid out for the explorer “{name}”."
    # In the metadata, because a page would not know how to show it.
    bundle = {"text/html": f"<p>{sentence}</p>", "text/markdown": sentence}
    display(bundle, raw=True, metadata={KEY: name, KEPT: data})


def _publish(name: str, markdown: str, shown: str) -> None:
    from IPython.display import display

    display({"text/html": shown, "text/markdown": markdown}, raw=True, metadata={KEY: name})


def _plain(markdown: object) -> str:
    return _BOOK_ONLY.sub(lambda found: next(filter(None, found.groups()), ""), str(markdown))


def text(value: object) -> str:
    """`value` as literal text inside Markdown, whatever characters it holds."""
    return html.escape(str(value), quote=False).translate(_MARKUP)


def code(value: object) -> str:
    """`value` in a fixed-width font; unlike backticks it may hold any character, also inside a table.

    A name may be broken after a plus or an underscore.
    """
    shown = text(value)
    for joint in map(text, "+_"):
        shown = shown.replace(joint, f"{joint}<wbr>")
    return f"<code>{shown}</code>"


def codes(values: Iterable[object]) -> str:
    return ", ".join(map(code, values))


def foreign(value: object, language: str, script: str = "Latin") -> str:
    """`value` tagged with its language and, where that is not Latin, its script."""
    return tagged(text(value), language, script)


def tagged(content: str, language: str, script: str = "Latin") -> str:
    """The same for content that is Markdown already."""
    tag = f"{language}-{SCRIPTS[script]}" if script in SCRIPTS else language
    direction = ' dir="rtl"' if language in RIGHT_TO_LEFT else ""
    return f'<span lang="{tag}"{direction}>{content}</span>'


def marked(value: object) -> str:
    """`value` set off from what stands around it, by weight and line as well as by colour."""
    return f'<span class="answer">{text(value)}</span>'


def table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", name: str = "") -> str:
    """A table; with a caption and a name it can be referred to by number. Cells are Markdown already."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    body = "\n".join(lines)
    if not caption:
        return body
    # Colons, not backticks: a caption may hold code and citations, and a fence of backticks may not.
    return f":::{{table}} {caption}\n:name: {name}\n\n{body}\n:::"
