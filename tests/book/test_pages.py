"""The built book, read as a browser and a reader would: links, pictures, titles, languages."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.rendering import build

pytestmark = pytest.mark.slow

# Folders that exist on the machine of whoever built the book, and on no reader's.
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|tmp|var|private|mnt|opt|work|workspace|builds)/[\w.-]+")

# Pages of the API that axe would read for minutes; they are made as api_programs is, which it does read.
LONG = {"api_experiment.html", "api_tasks_and_data.html", "api_ground.html"}


@pytest.fixture(scope="module")
def html(checkout: Path) -> Path:
    return build("smoke").parent


@pytest.fixture(scope="module")
def pages(html: Path) -> dict[str, BeautifulSoup]:
    found = {
        path.relative_to(html).as_posix(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.parts
    }
    assert len(found) > 30
    return found


def article(page: BeautifulSoup) -> BeautifulSoup:
    return page.find("article") or page


def test_every_page_of_the_contents_is_there(pages: dict[str, BeautifulSoup], checkout: Path) -> None:
    toc = (checkout / "book" / "runs" / "_toc.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"(?:file|root): (\S+)", toc))
    written = {"index", "idea", "questions", "claims", "lab_log"}
    assert written | {"runs/none/00_pretrain", "runs/mini_squad/mini_tydiqa"} <= listed
    assert listed <= {name.removesuffix(".html") for name in pages}


def test_pages_have_titles_and_descriptions(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        assert page.title.get_text(strip=True), f"{name} has no title"
        description = page.find("meta", attrs={"name": "description"}) or {}
        assert description.get("content", "").strip(), f"{name} has no description"


def test_each_page_has_one_first_heading(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        assert len(article(page).find_all("h1")) == 1, name


def test_images_have_alt_text(pages: dict[str, BeautifulSoup]) -> None:
    """Pictures that stand in the page as SVG, and those that are files."""
    select = "article svg[role=img], img"
    images = [(name, image) for name, page in pages.items() for image in page.select(select)]
    drawn = {name for name, image in images if image.name == "svg"}
    assert {"runs/none/00_pretrain.html", "runs/pages/40_main_table.html", "three_phases.html"} <= drawn
    bare = [
        f"{name}: {str(image)[:80]}"
        for name, image in images
        if not (image.get("alt") or image.get("aria-label") or "").strip()
    ]
    assert not bare


def test_no_traceback(pages: dict[str, BeautifulSoup]) -> None:
    broken = [name for name, page in pages.items() if "Traceback (most recent call last)" in page.get_text()]
    assert not broken
    assert not [name for name, page in pages.items() if page.select(".output.traceback")]


def test_no_system_message(pages: dict[str, BeautifulSoup]) -> None:
    assert not [name for name, page in pages.items() if page.select(".system-message, .problematic")]


def test_internal_links_lead_somewhere(pages: dict[str, BeautifulSoup], html: Path) -> None:
    anchors = {
        name: {tag["id"] for tag in page.find_all(id=True)}
        | {tag["name"] for tag in page.find_all("a", attrs={"name": True})}
        for name, page in pages.items()
    }
    broken = []
    for name, page in pages.items():
        for tag in page.find_all(["a", "link", "script", "img"]):
            target = urlsplit(tag.get("href") or tag.get("src") or "")
            if target.scheme or target.netloc or not (target.path or target.fragment):
                continue
            path = (html / name).parent / unquote(target.path) if target.path else html / name
            place = path.resolve().relative_to(html.resolve()).as_posix()
            known = not target.fragment or place not in anchors or unquote(target.fragment) in anchors[place]
            if not path.is_file() or not known:
                broken.append(f"{name} -> {target.geturl()}")
    assert not broken


def test_no_absolute_path(pages: dict[str, BeautifulSoup], checkout: Path) -> None:
    ours = (str(places.home()), str(places.runs()), str(checkout), str(Path.home()))
    for name, page in pages.items():
        text = page.get_text()
        assert not MACHINE.findall(text), name
        assert not [root for root in ours if len(root) > 5 and root in str(page)], name


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, BeautifulSoup]) -> None:
    remote = [
        f"{name}: {tag.get('src') or tag.get('href')}"
        for name, page in pages.items()
        for tag in page.find_all(["script", "link", "img", "iframe"])
        if (tag.get("src") or tag.get("href") or "").startswith(("http:", "https:", "//"))
    ]
    assert not remote


def test_languages_and_scripts_are_tagged(pages: dict[str, BeautifulSoup]) -> None:
    world = pages["miniature_world.html"]
    assert world.find("html")["lang"] == "en"
    assert world.find_all(attrs={"lang": "qaa"})
    cyrillic = world.find_all(attrs={"lang": "qad-Cyrl"})
    assert cyrillic
    assert all(re.search("[а-яА-Я]", tag.get_text()) for tag in cyrillic)
    untagged = [
        text
        for text in article(world).find_all(string=re.compile("[а-яА-Яა-ჿ]"))
        if not text.find_parent(attrs={"lang": True})
    ]
    assert not untagged


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(
    html: Path, pages: dict[str, BeautifulSoup], page: Any, theme: str
) -> None:
    """Of what it can tell by itself: names, roles, order of headings, contrast, what the keyboard reaches."""
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    # Codes for private use, qaa to qtz, are no language to axe.
    chosen = (
        {"runOnly": ["color-contrast"]} if theme == "dark" else {"rules": {"valid-lang": {"enabled": False}}}
    )
    options = {"resultTypes": ["violations"]} | chosen
    wrong = []
    for name in pages:
        page.goto((html / name).as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        if name not in LONG:
            # What surrounds the text is the same on every page.
            context = None if name == "index.html" else "main"
            found = Axe().run(page, context=context, options=options).response["violations"]
            wrong += [f"{name}: {each['id']} at {each['nodes'][0]['target']}" for each in found]
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{name}: wider than {width} pixels")
    assert not wrong


def test_what_has_the_focus_can_be_seen(html: Path, page: Any) -> None:
    page.goto((html / "results.html").as_uri())
    for place in ("main p a[href]", ".explorer select", ".explorer button", ".explorer input"):
        page.locator(place).first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")  # as the keyboard comes there, and not the program
        style = page.evaluate_handle("getComputedStyle(document.activeElement)")
        assert {"none"} != {style.evaluate("s => s.outlineStyle"), style.evaluate("s => s.boxShadow")}, place


def test_next_reads_on_and_not_through_the_api(pages: dict[str, BeautifulSoup]) -> None:
    name, seen = "index.html", []
    while name not in seen:
        seen.append(name)
        following = pages[name].find("link", rel="next")
        if following:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(name), following["href"]))
    assert {"idea.html", "results.html", "lab_log.html"} <= set(seen)
    assert not [each for each in seen if each.startswith("api")]
    runs = [each for each in seen if each.startswith("runs/") and "/pages/" not in each]
    answers = ("/chapters/", "/real/")
    assert sum(not any(group in each for group in answers) for each in runs) == 4, "a notebook of each kind"


def test_tables_of_prose_are_numbered(pages: dict[str, BeautifulSoup]) -> None:
    tables = article(pages["tasks_and_languages.html"]).select("table:has(caption)")
    assert len(tables) >= 3
    assert all(table.select_one(".caption-number") for table in tables)


def test_the_toc_of_the_book_is_what_jupyter_book_needs(checkout: Path) -> None:
    toc = yaml.safe_load((checkout / "book" / "runs" / "_toc.yml").read_text(encoding="utf-8"))
    assert toc["format"] == "jb-book"
    assert toc["root"] == "index"


def test_a_second_build_writes_no_page(html: Path, checkout: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in html.rglob("*.html")}
    build("smoke")
    after = {path: path.stat().st_mtime_ns for path in html.rglob("*.html")}
    # Sphinx writes its own three pages each time.
    changed = {path.name for path in after if after[path] != before.get(path)}
    assert changed <= {"search.html", "genindex.html", "py-modindex.html"}


def test_a_broken_reference_fails_the_build_and_fails_it_again(html: Path, checkout: Path) -> None:
    page = checkout / "book" / "idea.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text + "\n{ref}`nowhere-to-be-found`\n", encoding="utf-8")
    try:
        with pytest.raises(UserError, match=r"idea\.md.*nowhere-to-be-found"):
            build("smoke")
        assert not (html.parent / ".doctrees").exists(), "a second build would have passed"
    finally:
        page.write_text(text, encoding="utf-8")
