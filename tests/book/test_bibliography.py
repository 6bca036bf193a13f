"""The bibliography: identifiers that can be looked up, by their form alone."""

from __future__ import annotations

import re

from xstilts_lib.common import places

FORMS = {
    "doi": r"10\.\d{4,9}/[^\s{}]+",
    "eprint": r"\d{4}\.\d{4,5}",
    "year": r"(19|20)\d\d",
    "url": r"https://\S+",
}


def test_identifiers_have_their_form() -> None:
    text = (places.book() / "references.bib").read_text(encoding="utf-8")
    fields = re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", text, re.MULTILINE)
    counted = {name: [value for key, value in fields if key.lower() == name] for name in FORMS}
    assert min(map(len, (counted["doi"], counted["eprint"], counted["year"]))) > 0
    for name, form in FORMS.items():
        assert not [value for value in counted[name] if not re.fullmatch(form, value)], name


def test_every_entry_can_be_found() -> None:
    """By an identifier, or at least by where it appeared."""
    text = (places.book() / "references.bib").read_text(encoding="utf-8")
    entries = re.split(r"^@", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 40
    told = re.compile(
        r"^\s*(doi|eprint|url|booktitle|journal|publisher|howpublished|institution)\s*=", re.MULTILINE
    )
    assert not [entry.split(",")[0] for entry in entries if not told.search(entry)]
