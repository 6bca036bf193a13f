"""Executing templates: what is refused, what a failure leaves behind, what the saved notebook holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs.run import Run
from xstilts_lib.workflow.notebook import JobFailed, defaults, ensure, execute, make

Template = Callable[..., Path]


def test_the_saved_notebook(checkout: Path, template: Template) -> None:
    template(
        "20_target",
        'experiment = "test"\nvariant = ""\nseed = 0',
        "import os\nprint(os.environ['XSTILTS_HOME'] + '/runs/x', seed, os.getcwd())",
        tags=("hide-input",),
    )
    output = execute("20_target", checkout / "out" / "20.ipynb", {"seed": 7})
    text = output.read_text()
    node = json.loads(text)
    printed, injected = node["cells"][2]["outputs"][0]["text"], node["cells"][1]
    assert "".join(printed).startswith("runs/x 7 "), "a path of the checkout is named from its root"
    assert str(checkout) not in text
    assert "seed = 7" in "".join(injected["source"])
    assert injected["metadata"]["tags"] == ["injected-parameters", "hide-input"]
    assert "papermill" not in node["metadata"]
    assert all(not {"papermill", "execution"} & cell["metadata"].keys() for cell in node["cells"]), (
        "no timings"
    )
    stamp = node["metadata"]["xstilts"]
    assert stamp["parameters"] == {"experiment": "test", "variant": "", "seed": 7}
    assert stamp["values"] == "full"
    assert {"code", "versions", "hardware", "date"} <= stamp.keys()
    assert node["cells"][-1]["metadata"]["tags"] == ["provenance"]
    assert [path.name for path in (checkout / "out").iterdir()] == ["20.ipynb"]


def test_unknown_parameters_are_refused(checkout: Path) -> None:
    with pytest.raises(UserError, match="20_target has no parameter 'sead': did you mean 'seed'"):
        execute("20_target", checkout / "out.ipynb", {"sead": 1})


def test_an_unknown_template_is_refused(checkout: Path) -> None:
    with pytest.raises(UserError, match="no notebook template '20_targets': did you mean '20_target'"):
        execute("20_targets", checkout / "out.ipynb", {})


def test_one_cell_of_parameters(checkout: Path, template: Template) -> None:
    assert defaults(template("99_none", 'a = 1\nb: str = "x"\nc = [1, 2]')) == {"a": 1, "b": "x", "c": [1, 2]}
    file = checkout / "notebooks" / "99_none.ipynb"
    file.write_text(file.read_text().replace('"parameters"', '"parametres"'))
    with pytest.raises(UserError, match="0 cells tagged 'parameters'"):
        defaults(file)


FAILURES = {
    "user": (
        'from xstilts_lib.common.errors import UserError\nraise UserError("The file x lacks a column.")',
        3,
    ),
    "internal": ("1 / 0", 3),
    "full": ('import errno\nraise OSError(errno.ENOSPC, "No space left on device")', 3),
    "dead": ("import os\nos._exit(3)", None),
}
SENTENCES = {
    "user": ("user", "The file x lacks a column."),
    "internal": ("internal", "ZeroDivisionError: division by zero"),
    "full": ("user", "the disk is full"),
    "dead": ("internal", "the kernel died"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_says_where_and_keeps_the_partial_notebook(
    checkout: Path, template: Template, case: str
) -> None:
    source, cell = FAILURES[case]
    template("20_target", "seed = 0", source, "print('not reached')")
    with pytest.raises(JobFailed) as caught:
        execute("20_target", checkout / "out" / "20.ipynb", {"seed": 1})
    failure = caught.value
    kind, sentence = SENTENCES[case]
    assert (failure.notebook, failure.cell, failure.kind) == ("20_target", cell, kind)
    assert failure.error.startswith(sentence)
    assert failure.log == checkout / "out" / "20.failed.ipynb"
    assert failure.log.is_file()
    assert "out/20.failed.ipynb" in str(failure)
    assert not (checkout / "out" / "20.ipynb").exists()
    template("20_target", "seed = 0", "print('mended')")
    execute("20_target", checkout / "out" / "20.ipynb", {"seed": 1})
    assert [path.name for path in (checkout / "out").iterdir()] == ["20.ipynb"], (
        "the log of the failure is gone"
    )


def test_a_template_runs_what_comes_before_it(checkout: Path) -> None:
    run = Run(load_experiment("test"), "mini_squad", 0)
    make(run, "targets/mini_xnli")
    assert run.done("targets/mini_xnli")
    assert run.done("encoder")
    assert run.parent.done("encoder"), "the chain goes back to the start"
    assert run.parent.notebook("encoder").is_file()


def test_a_mistake_further_up_comes_through_as_one_sentence(checkout: Path, template: Template) -> None:
    template(
        "00_pretrain",
        'experiment = "test"\nvariant = ""\nseed = 0',
        "from xstilts_lib.common.errors import UserError\nraise UserError('There is no text.')",
    )
    with pytest.raises(JobFailed, match=r"10_intermediate, cell \d: There is no text\.") as caught:
        make(Run(load_experiment("test"), "mini_squad", 0))
    assert caught.value.kind == "user"


def test_a_template_that_does_not_finish_is_a_failure(checkout: Path, template: Template) -> None:
    template("00_pretrain", 'experiment = "test"\nvariant = ""\nseed = 0', "print('nothing')")
    with pytest.raises(JobFailed, match="ended without finishing 'encoder'"):
        ensure(Run(load_experiment("test"), "none", 0))


def test_two_processes_make_a_part_once(checkout: Path) -> None:
    code = (
        "from xstilts_lib.experiment import load_experiment; from xstilts_lib.runs.run import Run;"
        "from xstilts_lib.workflow.notebook import ensure; ensure(Run(load_experiment('test'), 'none', 0))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    run = Run(load_experiment("test"), "none", 0)
    assert (run.directory / "times").read_text() == "made "
