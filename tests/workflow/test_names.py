"""Names and paths reach folders, Snakemake, papermill and kernels as they are, and never a shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.workflow import engine as workflow

# What a shell, Snakemake, papermill, patterns, addresses and formats would each read as something of theirs.
FOLDER = "a b ж {seed} 'q' \"$HOME\" `d`;e #%20&[x]"
Write = Callable[..., Path]


@pytest.fixture
def write(checkout: Path) -> Write:
    """`write(name, old, new)`: the file of an experiment `name`, `test` with `new` in the place of `old`."""

    def make(name: str, old: str = "", new: str = "") -> Path:
        content = (checkout / "experiments" / "test.yaml").read_text(encoding="utf-8")
        file = checkout / "experiments" / f"{name}.yaml"
        file.write_text(content.replace(old, new, 1) if old else content, encoding="utf-8")
        return file

    return make


def run(python: Path | str, experiment: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "xstilts_lib.cli", "run", experiment, "--cores", "2"]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=900)


@pytest.mark.slow
def test_a_run_in_a_folder_that_a_shell_would_take_apart(
    write: Write, checkout: Path, tmp_path: Path
) -> None:
    """Checkout, library, Python, run directories and temporary files in it; a name that reads as a number."""
    write("2026_11_28")
    home = checkout.rename(tmp_path / FOLDER)
    (home / "xstilts_lib").symlink_to(Path(workflow.__file__).parents[1])
    (home / ".venv").symlink_to(sys.prefix)
    (home / "tmp").mkdir()
    folders = {"XSTILTS_HOME": home, "XSTILTS_RUNS": home / "runs {label}", "TMPDIR": home / "tmp"}
    variables = {name: str(folder) for name, folder in folders.items()}
    done = run(home / ".venv/bin/python", "2026_11_28", PYTHONPATH=str(home), **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 jobs done" in done.stdout
    results = home / "runs {label}" / "2026_11_28"
    assert (results / "results.parquet").is_file()
    assert (results / "tiny/none/seed0/00_pretrain.ipynb").is_file()


@pytest.mark.slow
def test_the_experiment_that_was_named_is_the_one_that_runs(write: Write, checkout: Path) -> None:
    """A variable may name a folder with another experiment of the same name."""
    other = checkout / "other"
    other.mkdir()
    write("other", "name: tiny", "name: another").rename(other / "test.yaml")
    file = str(write("test", "recipes: [none, mini_squad]", "recipes: [none]"))
    done = run(sys.executable, file, XSTILTS_EXPERIMENTS=str(other))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "runs/test/tiny/none").is_dir()
    assert not (checkout / "runs/test/another").exists()
    assert f"`xstilts results '{file}'`" in done.stdout, "to be copied into a shell"


@pytest.mark.parametrize(
    "name", ["010", "1e3", "2026_11_28", "2026-11-28", "true", "null", "ünï", "हिन्दी", "a.b+c@d"]
)
def test_a_name_stays_text(write: Write, checkout: Path, name: str) -> None:
    from snakemake.cli import parse_config

    arguments = workflow.snakemake(load_experiment(write(name)), 1, "laptop")
    given = arguments[arguments.index("--config") + 1]
    assert parse_config([given]) == {"experiment": f"{name}.yaml"}
    assert load_experiment(name).root == checkout / "runs" / name


BAD = [
    "my run",
    "a;b",
    "$(b)",
    "a`b`",
    "a'b",
    'a"b',
    "{label}",
    "a*",
    "a%b",
    "a\\b",
    "a\nb",
    "-x",
    "..",
    ".a",
]


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_cannot_work_is_refused(write: Write, name: str) -> None:
    with pytest.raises(UserError, match=r"its file's name, .*, also names a folder: take letters, digits"):
        load_experiment(write(name))


@pytest.mark.parametrize("name", [*BAD, "", "a/b", "/a"])
def test_an_encoders_name_that_cannot_work_is_refused(write: Write, name: str) -> None:
    quoted = json.dumps(name)
    for old, new in (("name: tiny", f"name: {quoted}"), ("seeds:", f"variants: {{{quoted}: {{}}}}\nseeds:")):
        with pytest.raises(UserError, match=r"the encoder's name, .*, also names a folder: take letters"):
            load_experiment(write("mine", old, new))


@pytest.mark.parametrize("name", ["jobs", "Pages", "chapters"])
def test_an_encoder_is_not_called_as_another_folder(write: Write, name: str) -> None:
    with pytest.raises(UserError, match="is that of a folder of the runs"):
        load_experiment(write("mine", "name: tiny", f"name: {name}"))


def test_names_that_are_too_long_together_are_refused(write: Write) -> None:
    with pytest.raises(UserError, match=r"recipes: 'longlong.*' is too long for the name of a file"):
        load_experiment(write("mine", "name: tiny", f"name: {'long' * 50}"))


@pytest.mark.parametrize("name", ["mine.yml", "mine.yaml.yaml", "mine.yml.yaml"])
def test_a_file_that_jobs_would_not_find_is_refused(write: Write, checkout: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"ends in \.yaml, once: rename .*{re.escape(name)}"):
        load_experiment(write("mine").rename(checkout / name))


def test_a_table_in_the_terminal_shows_a_path_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    from xstilts_lib.rendering import tables

    row = dict.fromkeys(tables._SURVEYED, "") | {"rows": None, "absent": "", "notes": ""}
    tables.show_survey([row | {"problem": "/a [red]/[/b] :tada: holds nothing"}], "table")
    assert "/a [red]/[/b] :tada: holds nothing" in capsys.readouterr().out
