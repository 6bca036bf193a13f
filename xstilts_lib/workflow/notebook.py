"""Executing templates: unknown parameters refused, provenance stamped, timings and absolute paths stripped.

>>> execute("20_target", output, {"experiment": "smoke", "recipe": "none", "task": "mini_xnli", "seed": 0})
>>> ensure(run)      # inside a notebook: make the encoder of `run`, unless it is there already

Papermill runs the template in a kernel of its own. What it leaves is either the executed notebook, under the
name asked for, or a JobFailed that says where the partial one lies.
"""

from __future__ import annotations

import ast
import errno
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..common import arithmetic, disk, manifest, places, processes
from ..common.errors import UserError, nearest
from ..runs.identity import template_path
from ..runs.run import ENCODER, Run

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from papermill.exceptions import PapermillExecutionError

KERNEL = "python3"
PROVISIONER = "xstilts"  # kernels.py: takes kernels that the process of a job has forked
PARAMETERS, INJECTED, PROVENANCE = "parameters", "injected-parameters", "provenance"
_CELL_FILE = re.compile(r"/?(tmp/)?ipykernel_\d+/\d+\.py")
PATIENCE = 300  # seconds for a kernel to answer: a machine with too much to do is slow, not broken
FULL_DISK = "No space left on device"


@dataclass(eq=False)
class JobFailed(Exception):
    """A notebook that stopped: which one, in which cell, with what error, and where its remains lie."""

    notebook: str
    cell: int | None
    error: str
    log: Path
    kind: Literal["user", "internal"]

    def __str__(self) -> str:
        where = f"{self.notebook}, cell {self.cell}" if self.cell is not None else self.notebook
        return f"{where}: {self.error} (log: {places.relative(self.log)})"


def execute(
    template: str | Path, output: Path, parameters: Mapping[str, Any], record: Path | None = None
) -> Path:
    """Run `template` with `parameters` and leave the executed notebook at `output`, whole or not at all.

    `template` is a name ("20_target") or a file. `record` is a folder whose manifest, if the notebook writes
    one, says on what hardware it ran. UserError for a parameter that the template does not have; JobFailed if
    a cell fails, the partial notebook then lying beside `output` as `<name>.failed.ipynb`.
    """
    file = template if isinstance(template, Path) else template_path(template)
    check_parameters(file, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_name(f".{output.stem}.part.ipynb")
    failed = output.with_name(f"{output.stem}.failed.ipynb")
    try:
        with _surroundings() as settings:
            node = _papermill(file, part, parameters, failed, settings)
        _clean(node)
        _stamp(node, file, parameters, record)
        _save(node, output)
        failed.unlink(missing_ok=True)
    finally:
        part.unlink(missing_ok=True)
    return output


def make(run: Run, part: str = ENCODER) -> Path:
    """Make one part of a run by executing its template, and check that it is done; returns the notebook."""
    with run.lock(part):
        return _make(run, part)


def ensure(run: Run, part: str = ENCODER) -> None:
    """Make a part of a run unless it is done: what lets each template run alone.

    Two processes that ask for the same part make it once: the second waits. UserError where the fault is the
    user's.
    """
    if part not in run.parts or run.done(part):
        return
    try:
        with run.lock(part):
            if not run.done(part):
                print(f"{run.template(part)} comes first: {run.recipe.name}, seed {run.seed}", flush=True)
                _make(run, part)
    except JobFailed as failure:
        if failure.kind == "user":
            raise UserError(failure.error) from None
        raise


def _make(run: Run, part: str) -> Path:
    directory = run.begin(part, computing=False)
    output = execute(run.template(part), run.notebook(part), run.parameters(part), record=directory)
    if not run.done(part):
        error = f"it ended without finishing {part!r} of {run.recipe.name}"
        raise JobFailed(run.template(part), None, error, output, "internal")
    return output


def defaults(template: str | Path) -> dict[str, Any]:
    """The parameters of a template and their default values, from its one cell tagged `parameters`."""
    file = template if isinstance(template, Path) else template_path(template)
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if PARAMETERS in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise UserError(f"{file.name} has {len(tagged)} cells tagged {PARAMETERS!r}: it needs exactly one.")
    found: dict[str, Any] = {}
    for statement in ast.parse("".join(tagged[0]["source"])).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                found[name] = ast.literal_eval(value) if value else None
    return found


def check_parameters(template: str | Path, parameters: Mapping[str, Any]) -> None:
    """UserError naming the nearest valid name, for the first parameter that `template` does not have."""
    known = defaults(template)
    for name in parameters:
        if name not in known:
            raise UserError(f"{Path(template).stem} has no parameter {name!r}: {nearest(name, known)}")


def _papermill(
    file: Path, part: Path, parameters: Mapping[str, Any], failed: Path, settings: Mapping[str, Any]
) -> NotebookNode:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    # Papermill fills braces in a path with parameters of these names.
    paths = [str(path).replace("{", "{{").replace("}", "}}") for path in (file, part)]
    try:
        return execute_notebook(
            *paths, dict(parameters), kernel_name=KERNEL, progress_bar=False, cwd=str(file.parent), **settings
        )
    except PapermillExecutionError as error:
        _keep(part, failed)
        raise _failure(file.stem, error, failed) from None
    except (DeadKernelError, CellTimeoutError, RuntimeError) as error:
        _keep(part, failed)
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise JobFailed(file.stem, None, f"the kernel died ({first})", failed, "internal") from error


def _failure(name: str, error: PapermillExecutionError, log: Path) -> JobFailed:
    lines = (error.evalue or "").strip().splitlines()
    first = lines[0] if lines else error.ename
    full = FULL_DISK in error.evalue or f"[Errno {errno.ENOSPC}]" in error.evalue
    if error.ename == "UserError":
        return JobFailed(name, error.exec_count, first, log, "user")
    if full:
        return JobFailed(name, error.exec_count, f"the disk is full ({first})", log, "user")
    return JobFailed(name, error.exec_count, f"{error.ename}: {first}", log, "internal")


def _keep(part: Path, failed: Path) -> None:
    """Keep a partial notebook as a log, readable anywhere."""
    import nbformat

    if part.is_file():
        node = nbformat.read(part, as_version=4)
        _clean(node)
        _save(node, failed)


def _save(node: NotebookNode, path: Path) -> None:
    import nbformat

    disk.write(path, nbformat.writes(node).removesuffix("\n") + "\n")


@contextmanager
def _surroundings() -> Iterator[dict[str, Any]]:
    """What a kernel needs around it: a short folder for its sockets, no start-up files, our provisioner."""
    from traitlets.config import Config

    # A Unix socket's path may have about a hundred characters, which a home or a TMPDIR can exceed.
    folder = tempfile.mkdtemp(prefix="xs-", dir="/tmp" if Path("/tmp").is_dir() else None)
    changed = {
        "JUPYTER_RUNTIME_DIR": folder,
        "IPYTHONDIR": folder,
        "JUPYTER_DEFAULT_PROVISIONER_NAME": PROVISIONER,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    try:
        # Sockets are named after the connection file; without one, they would all be called alike.
        files = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
        config = Config({"KernelManager": files})
        with processes.surroundings(changed):
            yield {"config": config, "start_timeout": PATIENCE, "iopub_timeout": PATIENCE}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clean(node: NotebookNode) -> None:
    """Take out what differs from run to run or machine to machine; dress the injected cell like its model."""
    node.metadata.pop("papermill", None)
    shown: list[str] = []
    for cell in node.cells:
        tags = cell.metadata.get("tags", [])
        if PARAMETERS in tags:
            shown = [tag for tag in tags if tag != PARAMETERS]
        if INJECTED in tags:
            cell["id"] = INJECTED
            cell.metadata["tags"] = [*tags, *(tag for tag in shown if tag not in tags)]
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            _relative(output)


def _relative(output: NotebookNode) -> None:
    for key in ("text", "evalue", "traceback"):
        if key in output:
            output[key] = _without_paths(output[key])
    for kind, value in output.get("data", {}).items():
        if kind.startswith("text/") or kind == "image/svg+xml":
            output["data"][kind] = _without_paths(value)


def _without_paths(value: Any) -> Any:
    """`value` with the folders of this machine cut off: files of the checkout are named from its root."""
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    if not isinstance(value, str):
        return value
    folders = (places.home().resolve(), places.runs().resolve().parent, tempfile.gettempdir(), Path.home())
    for root in sorted({str(folder) for folder in folders} - {"/"}, key=len, reverse=True):
        value = re.sub(re.escape(root) + r"(/|\b)", "", value)
    return _CELL_FILE.sub("cell", value)


def _stamp(node: NotebookNode, template: Path, parameters: Mapping[str, Any], record: Path | None) -> None:
    """Say in the notebook, to programs and to people, what it was made from."""
    import nbformat

    hardware = manifest.hardware()
    if record is not None and (record / manifest.NAME).is_file():
        hardware = manifest.read_manifest(record, verify=False)["hardware"]
    every = {**defaults(template), **parameters}
    facts = {
        "template": template.stem,
        "code": manifest.code_revision(),
        "parameters": every,
        "values": "smoke" if every.get("experiment") == "smoke" else "full",
        "versions": manifest.versions(),
        "hardware": hardware,
        "date": manifest.now(),
    }
    node.metadata["xstilts"] = facts
    cell = nbformat.v4.new_markdown_cell(_in_words(facts), metadata={"tags": [PROVENANCE]})
    cell["id"] = PROVENANCE
    node.cells.append(cell)


def _in_words(facts: Mapping[str, Any]) -> str:
    hardware = facts["hardware"]
    device = hardware.get("accelerator") or f"{hardware['processor']}, {hardware.get('threads', 1)} thread(s)"
    device += arithmetic.in_words(hardware.get("arithmetic", {}))
    values = (
        "smoke values: the machinery works, the numbers mean nothing"
        if facts["values"] == "smoke"
        else "full values"
    )
    lines = [
        "```{admonition} How this page was made",
        ":class: dropdown",
        f"- template `{facts['template']}`, code at `{facts['code']}`, {values}",
        "- parameters: " + ", ".join(f"`{name} = {value!r}`" for name, value in facts["parameters"].items()),
        f"- on {device}, {facts['date']}",
        "- with " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        "```",
    ]
    return "\n".join(lines)
