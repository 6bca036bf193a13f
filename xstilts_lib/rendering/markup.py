"""Small pieces of MyST Markdown: tables with captions, text in another language, code with any character.

>>> from xstilts_lib.rendering.markup import code, table
>>> print(table(["task"], [[code("squad")]]))
| task |
|---|
| <code>squad</code> |
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

# Subtags of ISO 15924 for the scripts of the miniature world; Latin goes without saying.
SCRIPTS = {"Cyrillic": "Cyrl", "Georgian": "Geor", "Armenian": "Armn"}
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
# Characters that mean something to Markdown, or that end a cell of a table.
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*_{}[]()#+!|~$:"}


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


def page(title: str, description: str, label: str, body: str) -> str:
    """A whole generated page, with the front matter that every page of the book has."""
    head = f'---\nmyst:\n  html_meta:\n    description: "{description}"\n---\n'
    return f"{head}\n({label})=\n# {title}\n\n{body.strip()}\n"


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(0.42), duration(75), duration(4000)
    ('0.4 s', '1 min 15 s', '1 h 7 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
