"""The library on paper: which room is on which floor, and the pages of the API."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import markup

PACKAGE = "xstilts_lib"


@dataclass(frozen=True)
class Floor:
    """A floor of the library; its rooms know those on the floors below, and their neighbours."""

    slug: str
    title: str
    about: str
    rooms: tuple[str, ...]


FLOORS = (
    Floor("programs", "Programs", "What a person starts, and the pages of this book.", ("cli", "rendering")),
    Floor(
        "experiment", "The experiment",
        "What is run, in which order, how each phase runs, what it costs, and what it leaves behind.",
        ("analysis", "workflow", "evaluation", "runs", "experiment", "training", "mining"),
    ),
    Floor(
        "tasks-and-data", "Tasks and data",
        "What an example is, where it comes from, how an answer is scored, and what encoders read it.",
        ("models", "formats", "scoring", "sources", "tasks"),
    ),
    Floor(
        "ground", "The ground floor", "What everything stands on, and what knows nothing of experiments.",
        ("common",),
    ),
)  # fmt: skip
OTHERS = Floor("others", "Other rooms", "Not yet on a floor.", ())


@dataclass(frozen=True)
class Module:
    name: str
    """Dotted, without the package's own name."""
    summary: str
    """The first sentence of its docstring."""

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def full(self) -> str:
        return f"{PACKAGE}.{self.name}"


def modules() -> list[Module]:
    """Every public module, by name; its source is read, not imported."""
    return sorted(_modules(Path(__file__).resolve().parents[1]), key=lambda module: module.name)


def _modules(package: Path) -> Iterator[Module]:
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and not any(part.startswith("_") for part in parts):
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            yield Module(".".join(parts), " ".join(docstring.split("\n\n")[0].split()))


def floors() -> list[tuple[Floor, list[Module]]]:
    """The floors from the top down, each with its modules; a room that no floor names comes last."""
    rooms = {room: floor for floor in FLOORS for room in floor.rooms}
    found = [
        (floor, [module for module in modules() if rooms.get(module.room, OTHERS) == floor])
        for floor in (*FLOORS, OTHERS)
    ]
    return [(floor, inside) for floor, inside in found if inside]


def contents() -> str:
    """Every module with a link, floor by floor."""
    parts = []
    for floor, inside in floors():
        rows = [[f"{{py:mod}}`{module.full}`", markup.text(module.summary)] for module in inside]
        parts.append(f"## {floor.title}\n\n{floor.about}\n\n{markup.table(['Module', 'What it is'], rows)}")
    return "\n\n".join(parts)


def documents() -> dict[str, str]:
    """The pages of the API, one a floor, by document."""
    found = {}
    for floor, inside in floors():
        body = f"{floor.about}\n\n" + "\n\n".join(_reference(module) for module in inside)
        title = f"API: {floor.title[0].lower()}{floor.title[1:]}"
        found[f"runs/api/{floor.slug}"] = markup.page(
            title, f"Reference. {floor.about}", f"api-{floor.slug}", body
        )
    return found


def _reference(module: Module) -> str:
    directive = f".. automodule:: {module.full}\n   :members:\n   :ignore-module-all:\n   :show-inheritance:"
    return f"## `{module.name}`\n\n```{{eval-rst}}\n{directive}\n```"


def _first(items: list[Module]) -> Iterator[tuple[bool, Module]]:
    for number, item in enumerate(items):
        yield number == 0, item
