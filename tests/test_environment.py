"""pyproject.toml, environment.yml and requirements.lock name the same packages."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from xstilts_lib.common import places

ROOT = places.home()


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def declared(project: dict) -> list[str]:
    return project["dependencies"] + project["optional-dependencies"]["test"]


@pytest.fixture(scope="module")
def conda() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_lists_the_same_requirements(conda: dict, declared: list[str]) -> None:
    pip = next(entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    assert sorted(line for line in pip if not line.startswith("-")) == sorted(declared)


def test_conda_installs_the_library_itself(conda: dict) -> None:
    pip = next(entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    assert pip[-1] == "--editable ."


def test_conda_asks_for_the_same_python(conda: dict, project: dict) -> None:
    assert "python" + project["requires-python"] in conda["dependencies"]


def test_lock_pins_every_requirement_with_a_hash(declared: list[str], project: dict) -> None:
    optional = project["optional-dependencies"]
    declared = declared + optional["slurm"] + optional["kubernetes"]
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(
        re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)(?:[^\n]*)\\\n\s+--hash=sha256:", text, flags=re.MULTILINE)
    )
    missing = [requirement for requirement in declared if _name(requirement) not in pinned]
    assert not missing, f"requirements.lock lacks {missing}: run `make lock`"


def test_lock_names_no_download_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_requirement_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bare = [line for line in text.splitlines() if re.match(r'\s+"[a-z].*",\s*$', line)]
    assert not bare, f"no reason beside {bare}"
