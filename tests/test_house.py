"""The rooms of the library: arrows point down, floors are few, and the picture shows what is there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import house  # noqa: E402


def test_no_arrow_points_upwards() -> None:
    """By a tool of others, which knows imports of every kind."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_contract_is_the_house_as_it_is_drawn() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    stated = [sorted(layer.split(" | ")) for layer in reversed(contract["layers"])]
    level = house.floors(house.arrows())
    drawn = [sorted(room for room in level if level[room] == floor) for floor in range(len(stated))]
    assert stated == drawn
    assert sorted(level) == sorted(house.rooms())


def test_the_house_keeps_its_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert house.main() == 0, capsys.readouterr().err
    assert "no circle" in capsys.readouterr().out


def test_a_circle_is_named() -> None:
    with pytest.raises(ValueError, match="a circle: a -> b -> a"):
        house.floors({("a", "b"): 1, ("b", "a"): 1})


def test_floors_and_arrows_by_hand() -> None:
    arrows = {("roof", "middle"): 2, ("middle", "ground"): 1, ("roof", "ground"): 5}
    assert house.floors(arrows) == {"ground": 0, "middle": 1, "roof": 2}
    assert house.direct(arrows) == {("roof", "middle"), ("middle", "ground")}


def test_every_room_says_what_it_is_about() -> None:
    assert [room.name for room in house.rooms().values() if not room.about] == []
    assert all(f">{name}<" in house.picture() for name in house.rooms())
