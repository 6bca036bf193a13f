"""Drawings in the page itself: each described, legible on a phone, of the page's colours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from xstilts_lib.common import places

DRAWINGS = sorted((places.book() / "figures").glob("*.svg"))


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_described_and_of_the_page(drawn: ModuleType, path: Path) -> None:
    image = drawn.drawing(str(path))
    described = re.search(r'<svg role="img" aria-label="([^"]+)"', image)
    assert len(described[1].split()) > 20
    assert "<title>" not in image
    assert "<style" not in image
    width = float(re.search(r'viewBox="0 0 (\d+)', image)[1])
    smallest = min(float(size) for size in re.findall(r'font-size="([\d.]+)"', image))
    assert smallest * 350 / width >= 9, "pixels of the smallest letters, on a phone"


def test_each_drawing_stands_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in places.book().glob("*.md"))
    assert DRAWINGS
    assert not [path.name for path in DRAWINGS if f"{{drawn}} figures/{path.name}" not in pages]


def test_a_page_takes_in_the_picture_that_a_notebook_showed(drawn: ModuleType, tmp_path: Path) -> None:
    output = {"metadata": {"shown": "one"}, "data": {"text/html": ["<svg>", "</svg>"]}}
    (tmp_path / "x.ipynb").write_text(
        json.dumps({"cells": [{"cell_type": "markdown"}, {"outputs": [output]}]})
    )
    assert drawn.picture(str(tmp_path / "x.ipynb"), "one") == "<svg></svg>"
    assert drawn.picture(str(tmp_path / "x.ipynb"), "two") is None
