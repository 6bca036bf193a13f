"""Parallel text that belongs to no task, to learn languages from: NTREX-128 and Bibles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from ....common.errors import UserError
from ...text import Line
from ..codes import NTREX
from ..reading import read_json, read_lines, read_text

Find = Callable[[str], Path | None]
Verses = dict[tuple[int, int, int], str]

_OLD_TESTAMENT = 39
_ENDED = (3, 5)  # expat's "no element found" and "unclosed token": its input ended too early
# The New Testament's books in order, by the two sets of codes in use.
_USFM = (
    "MAT MRK LUK JHN ACT ROM 1CO 2CO GAL EPH PHP COL 1TH 2TH 1TI 2TI TIT PHM HEB JAS 1PE 2PE 1JN 2JN 3JN "
    "JUD REV"
)
_CES = (
    "MAT MAR LUK JOH ACT ROM 1CO 2CO GAL EPH PHI COL 1TH 2TH 1TI 2TI TIT PHM HEB JAM 1PE 2PE 1JO 2JO 3JO "
    "JUD REV"
)
_BOOKS = {
    code: _OLD_TESTAMENT + number for codes in (_USFM, _CES) for number, code in enumerate(codes.split())
}

_ENGLISH_BIBLE = "bible/en-kjv/Books.json"
_BIBLES: Mapping[str, str] = {
    "es": "bible/es_rvr.json",
    "eu": "bible/Basque-NT.xml",
    "fi": "bible/fi_pr.json",
    "sw": "bible/Swahili-NT.xml",
    "wo": "bible/Wolof-NT.xml",
    "zh": "bible/chi-cuv-simp.usfx.xml",
    "zu": "bible/Zulu-NT.xml",
}


@dataclass(frozen=True)
class Parallel:
    """A set of parallel text."""

    files: Callable[[Find, str], list[Path]]
    """Those that hold a language, English among them; empty where they are absent."""
    lines: Callable[[Find, str], Iterator[Line]]


def _ntrex_files(find: Find, language: str) -> list[Path]:
    names = ["ntrex/newstest2019-src.eng.txt"]
    if language != "en":
        names.append(f"ntrex/newstest2019-ref.{NTREX.get(language, language)}.txt")
    found = [path for name in names if (path := find(name)) is not None]
    return found if len(found) == len(names) else []


def _ntrex_lines(find: Find, language: str) -> Iterator[Line]:
    """News sentences translated from English, line by line."""
    paths = _ntrex_files(find, language)
    if not paths:
        return
    english, ours = read_lines(paths[0]), read_lines(paths[-1])
    if len(english) != len(ours):
        raise UserError(
            f"{paths[-1]} has {len(ours)} lines, {paths[0].name} {len(english)}: they must pair line by line."
        )
    for number, (source, line) in enumerate(zip(english, ours, strict=True)):
        yield str(number), line, "" if language == "en" else source


def _bible_files(find: Find, language: str) -> list[Path]:
    index = find(_ENGLISH_BIBLE)
    english = [index, *sorted(index.parent.glob("[1-9A-Z]*.json"))] if index is not None else []
    if language == "en":
        return english
    path = find(_BIBLES[language]) if language in _BIBLES else None
    return [path, *english] if path is not None else []


def _bible_lines(find: Find, language: str) -> Iterator[Line]:
    """Verses; paired with the English verse in the chapters that have as many verses in both versions."""
    path = find(_BIBLES[language]) if language in _BIBLES else None
    if path is None and language != "en":
        return
    index = find(_ENGLISH_BIBLE)
    english = _verses_by_book(index) if index is not None else {}
    if path is None:
        yield from ((_key(place), verse, "") for place, verse in english.items())
        return
    verses = _verses(path)
    theirs, ours = _chapter_lengths(english), _chapter_lengths(verses)
    for place, verse in verses.items():
        aligned = theirs.get(place[:2]) == ours[place[:2]]
        yield _key(place), verse, english.get(place, "") if aligned else ""


PARALLEL: Mapping[str, Parallel] = {
    "ntrex": Parallel(_ntrex_files, _ntrex_lines),
    "bible": Parallel(_bible_files, _bible_lines),
}


def _key(place: tuple[int, int, int]) -> str:
    return ".".join(str(number) for number in place)


def _chapter_lengths(verses: Verses) -> dict[tuple[int, int], int]:
    lengths: dict[tuple[int, int], int] = {}
    for book, chapter, _ in verses:
        lengths[book, chapter] = lengths.get((book, chapter), 0) + 1
    return lengths


def _verses(path: Path) -> Verses:
    if path.suffix == ".json":
        return _verses_of_arrays(path)
    try:
        root = ElementTree.fromstring(read_text(path))
    except ElementTree.ParseError as error:
        cut = error.code in _ENDED
        raise UserError(
            f"{path}, line {error.position[0]}: this is not XML ({error})"
            f"{': the file was cut short; fetch it again' if cut else ''}."
        ) from None
    return _verses_of_usfx(root) if root.tag == "usfx" else _verses_of_segments(path, root)


@lru_cache(maxsize=1)
def _verses_by_book(index: Path) -> Verses:
    """A file a book, listed by an index: the English Bible."""
    verses: Verses = {}
    for number, book in enumerate(read_json(index)):
        path = index.parent / f"{book.replace(' ', '')}.json"
        for chapter in read_json(path)["chapters"]:
            for verse in chapter["verses"]:
                verses[number, int(chapter["chapter"]), int(verse["verse"])] = _clean(verse["text"])
    return verses


def _verses_of_arrays(path: Path) -> Verses:
    return {
        (number, chapter_number, verse_number): _clean(verse)
        for number, book in enumerate(read_json(path))
        for chapter_number, chapter in enumerate(book["chapters"], start=1)
        for verse_number, verse in enumerate(chapter, start=1)
    }


def _verses_of_segments(path: Path, root: ElementTree.Element) -> Verses:
    verses: Verses = {}
    for segment in root.iter("seg"):
        _, code, chapter, verse = (segment.get("id") or "...").split(".")
        if code not in _BOOKS:
            raise UserError(f"{path}: the verse {segment.get('id')!r} is in no book of the New Testament.")
        verses[_BOOKS[code], int(chapter), int(verse)] = _clean(segment.text or "")
    return verses


def _verses_of_usfx(root: ElementTree.Element) -> Verses:
    """Unified scripture format: the text of a verse is what follows its <v/>."""
    verses: Verses = {}
    for number, book in enumerate(root.iter("book")):
        chapter = 0
        for element in book:
            if element.tag == "c":
                chapter = int(element.get("id") or 0)
            elif element.tag == "v":
                verses[number, chapter, int((element.get("id") or "0").split("-")[0])] = _clean(
                    element.tail or ""
                )
    return verses


def _clean(verse: str) -> str:
    """A verse on one line, without editors' notes."""
    return " ".join(re.sub(r"〔[^〕]*〕|\{[^}]*\}", "", verse).split())
