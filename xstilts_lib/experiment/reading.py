"""From a name or a file to an experiment: everything wrong with it is refused, and nothing has run yet.

>>> load_experiment("smoke").seeds
(0, 1)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..common import places, strict
from ..common.errors import UserError, nearest
from ..tasks.recipe import Recipe, parse
from .experiment import Experiment

FOLDER = "folder"  # the key under `source` that `--data` sets
DATA = "XSTILTS_DATA"  # the same, for the processes below: notebooks take a name and nothing else
EXPERIMENTS = "XSTILTS_EXPERIMENTS"  # a further folder of experiment files, looked into first


def load_experiment(name: str | Path, data: str | Path | None = None, variant: str = "") -> Experiment:
    """The experiment called `name`, or in that file; `data` (or $XSTILTS_DATA) is the examples' folder.

    With `variant`, the experiment with that one of its encoders.
    """
    file = _find(name)
    where = places.relative(file)
    content = strict.read_yaml(file, where)
    _place(content, file.parent, where)
    if data is not None:
        if isinstance(content.get("source"), Mapping) and content["source"].get("kind") == "miniature":
            raise UserError(
                f"{where}: its examples are generated, so it has no use for a data folder (--data)."
            )
        content["source"] = {**content.get("source", {}), FOLDER: str(data)}
    elif os.environ.get(DATA) and (content.get("source") or {}).get("kind") == "files":
        content["source"] = {**content["source"], FOLDER: os.environ[DATA]}
    if "recipes" in content:
        content["recipes"] = _recipes(content["recipes"], f"{where}: recipes")
    for key in ("recipes", "targets") if content.get("designs") else ():
        if key in content:
            raise UserError(f"{where}: {key}: the designs state them, so leave the key out.")
    if isinstance(content.get("designs"), Mapping):
        for key, design in content["designs"].items():
            if isinstance(design, dict) and "recipes" in design:
                design["recipes"] = _recipes(design["recipes"], f"{where}: designs.{key}.recipes")
    loaded = strict.build(Experiment, content, where, given={"name": file.stem, "file": file, "variant": ""})
    loaded.each_model()  # refuses what is wrong with any of them before anything runs
    return loaded.with_model(variant)


def available() -> list[str]:
    """The names of the experiments that come with the checkout, and of those in $XSTILTS_EXPERIMENTS."""
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.yaml")})


def with_seeds(experiment: Experiment, seeds: Iterable[int]) -> Experiment:
    """The same experiment over other seeds."""
    return replace(experiment, seeds=tuple(seeds))


def _folders() -> list[Path]:
    extra = os.environ.get(EXPERIMENTS)
    return [*([Path(extra)] if extra else []), places.experiments()]


def _find(name: str | Path) -> Path:
    text = str(name)
    if text.removesuffix(".yaml").endswith((".yml", ".yaml")):  # jobs would look for another file
        raise UserError(f"The file of an experiment ends in .yaml, once: rename {text}.")
    if text.endswith(".yaml"):
        path = Path(name).resolve()
        if not path.is_file():
            raise UserError(f"There is no experiment file {text}.")
        return path
    for folder in _folders():
        if (folder / f"{text}.yaml").is_file():
            return (folder / f"{text}.yaml").resolve()
    raise UserError(f"There is no experiment {text!r}: {nearest(text, available())}")


def _place(content: Mapping[str, Any], beside: Path, where: str) -> None:
    """Make folders that the file names from its own place absolute: notebooks run in another one.

    UserError for one that is there from the caller's folder alone.
    """
    variants = content.get("variants")
    sections = {"source": content.get("source"), "model": content.get("model")}
    sections |= {f"variants.{n}": v for n, v in (variants if isinstance(variants, dict) else {}).items()}
    for section, stated in sections.items():
        for key in ("path", "mirror", FOLDER, "cache") if isinstance(stated, dict) else ():
            value = stated.get(key)
            if not isinstance(value, str) or Path(value).expanduser().is_absolute():
                continue
            if (beside / value).is_dir():
                stated[key] = str((beside / value).resolve())
            elif key != FOLDER and Path(value).is_dir():
                raise UserError(
                    f"{where}: {section}.{key}: {value!r} is no folder beside this file: name it from "
                    "there, or by its whole path."
                )


def _recipes(value: Any, where: str) -> tuple[Recipe, ...]:
    if not isinstance(value, list):
        raise UserError(f"{where}: expected a list of recipes.")
    try:
        return tuple(parse(text) for text in value)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
