"""Links that open a notebook elsewhere: none without a public copy, and then of files that are there."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

PLACE = ("someone/xstilts", "main")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("title: x", None),
        ("repository: {url: https://elsewhere.org/a/b}", None),
        ("repository: {url: https://github.com/someone/xstilts}", PLACE),
        ("repository: {url: https://github.com/a/b.git, branch: dev}", ("a/b", "dev")),
    ],
)
def test_the_file_names_the_copy(launch: ModuleType, tmp_path: Path, text: str, found: object) -> None:
    (tmp_path / "_config.yml").write_text(text)
    assert launch.repository(tmp_path / "_config.yml") == found


def test_links_lead_to_the_file(launch: ModuleType) -> None:
    found = launch.links(PLACE, "notebooks/course/1_idea.ipynb")
    file = "someone/xstilts/blob/main/notebooks/course/1_idea.ipynb"
    assert found["Colab"] == f"https://colab.research.google.com/github/{file}"
    assert found["Kaggle"].endswith(f"src=https://github.com/{file}")
    assert found["Binder"] == (
        "https://mybinder.org/v2/gh/someone/xstilts/main?urlpath=lab%2Ftree%2Fnotebooks%2Fcourse%2F1_idea.ipynb"
    )


def test_an_executed_page_opens_the_template_that_it_was_made_from(launch: ModuleType) -> None:
    assert launch.template("runs/none/00_pretrain") == "notebooks/00_pretrain.ipynb"
    assert launch.template("runs/mini_squad/mini_tydiqa") == "notebooks/20_target.ipynb"
    assert launch.template("idea") is None


@pytest.mark.parametrize("page", ["runs/none/00_pretrain", "runs/none/index", "idea"])
@pytest.mark.parametrize("place", [PLACE, None])
def test_a_button_stands_over_executed_notebooks_alone(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, page: str, place: object
) -> None:
    monkeypatch.setattr(launch, "repository", lambda: place)
    suffix = ".ipynb" if page.endswith("pretrain") else ".md"
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: name + suffix))
    context: dict = {"header_buttons": []}
    launch.add_button(app, page, "page.html", context, object())
    assert bool(context["header_buttons"]) == (suffix == ".ipynb" and place is not None)
