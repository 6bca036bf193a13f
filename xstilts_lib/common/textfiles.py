"""Text files as people hand them in, and one clear sentence for each way they can be wrong.

>>> from pathlib import Path
>>> lines(Path("labels/xnli/test-de.tsv"))[:2]                                              # doctest: +SKIP
['entailment', 'contradiction']
"""

from __future__ import annotations

from pathlib import Path

from .errors import UserError


def text(path: Path) -> str:
    """The whole file, line ends as \\n; UserError where it is absent, not UTF-8, or a saved web page."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path} is missing.") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder where a file is expected.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start}): write it again in UTF-8.") from None
    if content.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        raise UserError(f"{path} is a web page, not data: the download failed, fetch it again.")
    return content


def raw_lines(path: Path, empty: bool = False) -> list[str]:
    """The lines as they stand; only \\n ends one. UserError for an empty file, unless `empty`."""
    content = text(path)
    if not content.strip() and not empty:
        raise UserError(f"{path} is empty.")
    return content.removesuffix("\n").split("\n") if content else []


def lines(path: Path, empty: bool = False) -> list[str]:
    """The stripped lines; a blank one counts, as in XTREME's reader."""
    return [line.strip() for line in raw_lines(path, empty)]
