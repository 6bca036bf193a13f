"""The library on paper: its rooms, the arrows between them, floors and lines, read from the imports.

    python book/_ext/house.py        what `make lint` ends with; exit code 1 where the house is wrong

A room is a folder of the library, or a file beside them. An arrow is an import, wherever in a file it stands
and for whatever purpose. A room stands one floor above the highest room that it knows.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "xstilts_lib"
LONGEST, FLOORS = 350, 8  # lines of a file, floors of the house
WIDTH, BOX, HEIGHT, GAP = 760, 132, 40, 74  # of the picture, in its own units

Arrows = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Room:
    name: str
    about: str
    """The first sentence of its docstring."""
    files: int
    lines: int
    longest: str
    """Its longest file, and how many lines that has."""


def rooms(library: Path = LIBRARY) -> dict[str, Room]:
    """Every room, by name."""
    found = {}
    for place in sorted(library.iterdir()):
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        if place.name.startswith("_") or not files or files[0].suffix != ".py":
            continue
        sizes = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
        longest = max(files, key=lambda file: sizes[file])
        head = ast.get_docstring(ast.parse((place / "__init__.py" if place.is_dir() else place).read_text()))
        about = " ".join((head or "").split("\n\n")[0].split())
        told = f"{longest.relative_to(library).as_posix()} {sizes[longest]}"
        found[place.stem] = Room(place.stem, about, len(files), sum(sizes.values()), told)
    return found


def arrows(library: Path = LIBRARY) -> Arrows:
    """How many imports lead from one room to another."""
    found: Counter[tuple[str, str]] = Counter()
    for file in library.rglob("*.py"):
        place = file.relative_to(library).with_suffix("").parts
        for target in _imported(file, place):
            if target != place[0] and (library / target).exists() | (library / f"{target}.py").exists():
                found[place[0], target] += 1
    return found


def _imported(file: Path, place: tuple[str, ...]) -> Iterator[str]:
    """The rooms that a file imports from, one for each import."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            below = place[: len(place) - node.level]
            names = [*below, *(node.module or "").split(".")]
            names = [name for name in names if name]
            yield from names[:1] or [alias.name for alias in node.names]


def floors(arrows: Arrows) -> dict[str, int]:
    """The floor of each room, from 0; ValueError where rooms know each other in a circle."""
    below = defaultdict(set)
    for upper, lower in arrows:
        below[upper].add(lower)
        below[lower] |= set()
    found: dict[str, int] = {}

    def floor(room: str, path: tuple[str, ...]) -> int:
        if room in path:
            raise ValueError(f"a circle: {' -> '.join((*path[path.index(room) :], room))}")
        if room not in found:
            found[room] = 1 + max((floor(each, (*path, room)) for each in sorted(below[room])), default=-1)
        return found[room]

    for room in sorted(below):
        floor(room, ())
    return found


def direct(arrows: Arrows) -> set[tuple[str, str]]:
    """The arrows without which their ends would not be joined: no other way leads there."""
    below = defaultdict(set)
    for upper, lower in arrows:
        below[upper].add(lower)

    def reached(room: str) -> set[str]:
        return below[room] | {far for each in below[room] for far in reached(each)}

    return {
        (upper, lower)
        for upper, lower in arrows
        if not any(lower in reached(other) for other in below[upper] - {lower})
    }


def picture(library: Path = LIBRARY) -> str:
    """The house as SVG: floors from the ground up, each room with its lines, arrows that point down.

    Colours are the page's own, so that it can be read on a dark ground; arrows that follow from others are
    faint.
    """
    told, joined = rooms(library), arrows(library)
    level, plain = floors(joined), direct(joined)
    top = max(level.values())
    rows = {floor: sorted(room for room in level if level[room] == floor) for floor in range(top + 1)}
    places = {}
    for floor, members in rows.items():
        step = WIDTH / len(members)
        for number, room in enumerate(members):
            places[room] = (step * (number + 0.5), 8 + (top - floor) * (HEIGHT + GAP))
    height = 16 + (top + 1) * HEIGHT + top * GAP
    alt = f"The rooms of the library on {top + 1} floors: " + "; ".join(
        f"{floor}, {', '.join(members)}" for floor, members in rows.items()
    )
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{alt}" '
        'style="width:100%;max-width:760px;height:auto" font-family="inherit" fill="none">'
    ]
    for (upper, lower), number in sorted(joined.items()):
        (x0, y0), (x1, y1) = places[upper], places[lower]
        strong = (upper, lower) in plain
        parts.append(
            f'<path d="M{x0:.0f} {y0 + HEIGHT:.0f} C{x0:.0f} {y0 + HEIGHT + GAP / 2:.0f} {x1:.0f} '
            f'{y1 - GAP / 2:.0f} {x1:.0f} {y1:.0f}" stroke="currentColor" '
            f'stroke-width="{min(3.0, 0.8 + number / 20):.1f}" opacity="{0.75 if strong else 0.14}"/>'
        )
    for room, (x, y) in places.items():
        parts.append(
            f'<rect x="{x - BOX / 2:.0f}" y="{y:.0f}" width="{BOX}" height="{HEIGHT}" rx="6" '
            'fill="var(--pst-color-surface, #f3f4f5)" stroke="currentColor"/>'
            f'<text x="{x:.0f}" y="{y + 17:.0f}" text-anchor="middle" font-size="14" font-weight="600" '
            f'fill="currentColor">{room}</text>'
            f'<text x="{x:.0f}" y="{y + 33:.0f}" text-anchor="middle" font-size="12" '
            f'fill="currentColor">{told[room].lines:,} lines</text>'
        )
    return "\n".join([*parts, "</svg>"])


def main() -> int:
    """Print the house; 1 where it has a circle, too many floors, or a file that is too long."""
    told, joined = rooms(), arrows()
    try:
        level = floors(joined)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for room in sorted(told, key=lambda room: (-level.get(room, 0), room)):
        row = told[room]
        size = f"{row.files:>4} files{row.lines:>7,} lines"
        print(f"{level.get(room, 0)}  {room:<12}{size}   longest {row.longest}")
    files = list(LIBRARY.rglob("*.py"))
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    number = max(level.values()) + 1
    total = f"{len(files)} files, {sum(lengths.values()):,} lines"
    print(f"{total}, {number} floors, {len(joined)} arrows, no circle")
    wrong = [f"{file.relative_to(LIBRARY)} has {n} lines" for file, n in lengths.items() if n > LONGEST]
    wrong += [f"{number} floors"] if number > FLOORS else []
    for sentence in wrong:
        print(f"{sentence}: at most {LONGEST} lines a file, and {FLOORS} floors.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
