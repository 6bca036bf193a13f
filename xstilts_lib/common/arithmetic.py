"""One arithmetic for every x86-64 processor with AVX2: the same settings end in the same bits elsewhere too.

Left to themselves, the libraries under torch ask the processor what it can do and then add up in another
order, and thousands of updates amplify the last bit: the same seed ends as far apart as another seed would.
`workflow: {arithmetic: portable}` takes that choice from them. Four variables fix the instructions: torch's
own kernels, oneDNN's and OpenBLAS's use AVX2, and MKL, which on other makers' processors has nothing else in
common, its oldest kernels. Since those are slow, matrix products go through numpy to OpenBLAS, whose kernels
for one named processor are the same code everywhere.

A GPU is another matter: its kernels add up in whatever order their threads finish in, and two runs side by
side differ. Both `arithmetic: deterministic` and `portable` have torch take those that keep to one order, so
that a run equals the next one on the same kind of GPU, and no more than that. On a CPU nothing needs it.

>>> use("portable")          # before anything is computed                                 # doctest: +SKIP
>>> describe()["kind"]                                                                     # doctest: +SKIP
'portable'
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .errors import UserError

NATIVE, DETERMINISTIC, PORTABLE = "native", "deterministic", "portable"
# Read by each library when it first computes, and by OpenBLAS when numpy is imported.
VARIABLES = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Haswell",
}
_EARLY = "OPENBLAS_CORETYPE"
_CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # read when cuBLAS starts; without it, torch refuses
_state: dict[str, Any] = {"kind": NATIVE, "overrides": None, "ordered": False, "precisions": set()}


@cache
def possible() -> bool:
    """Whether this processor has the instructions; without them, an experiment computes in its own way."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return platform.machine() in ("x86_64", "AMD64") and " avx2 " in flags and " fma " in flags


def variables(kind: str) -> Mapping[str, str]:
    """What a process must find in its environment from its start, to compute in this kind of arithmetic."""
    fixed = VARIABLES if kind == PORTABLE and possible() else {}
    return fixed if kind == NATIVE else {**fixed, **_CUBLAS}


def use(kind: str) -> None:
    """Compute in this kind of arithmetic from now on, in this process.

    UserError where something was computed in another before, or the process was not started for it.
    """
    wanted = DETERMINISTIC if kind == PORTABLE and not possible() else kind
    os.environ.update(variables(wanted))
    if wanted == PORTABLE:
        _refuse_late()
    _override(wanted == PORTABLE)
    _keep_order(wanted != NATIVE)
    _state.update(kind=wanted, precisions=set())


def kind() -> str:
    """The arithmetic of this process."""
    return str(_state["kind"])


def portable() -> bool:
    """Whether this process computes in portable arithmetic."""
    return kind() == PORTABLE


def note(precision: str) -> None:
    """Remember that something is computed in this precision, for `describe`."""
    _state["precisions"].add(precision)


def describe() -> dict[str, Any]:
    """What decides the last bits here, for manifests: kind, precision, instructions, libraries."""
    found: dict[str, Any] = {"kind": _state["kind"], "precision": sorted(_state["precisions"])}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["instructions"] = torch.backends.cpu.get_cpu_capability()
        found["bf16"] = "AMX" if torch.cpu._is_amx_tile_supported() else (
            "AVX512-BF16" if torch.cpu._is_avx512_bf16_supported() else "none"
        )  # fmt: skip
        found["products"] = "MKL" if torch.backends.mkl.is_available() else "other"
    if portable():
        found["products"] = f"OpenBLAS {VARIABLES[_EARLY]}"
    return found | {name: os.environ[name] for name in VARIABLES if name in os.environ}


def in_words(described: Mapping[str, Any]) -> str:
    """What `describe` gave, as the end of a sentence that names the processor; empty where it is unknown."""
    if not described:
        return ""
    precision = " and ".join(described.get("precision", ())) or "precision unknown"
    instructions = f" in {described['instructions']}" if "instructions" in described else ""
    return f", {precision}{instructions}, {described['kind']} arithmetic"


def _refuse_late() -> None:
    import numpy  # noqa: F401  # brings its OpenBLAS, if nothing has yet
    import torch
    from threadpoolctl import threadpool_info

    kernels = {info.get("architecture") for info in threadpool_info() if info["internal_api"] == "openblas"}
    if torch.backends.cpu.get_cpu_capability() != "AVX2" or kernels - {VARIABLES[_EARLY]}:
        raise UserError(
            "This experiment asks for portable arithmetic, and this process has another already: restart the "
            f"kernel with {_EARLY}={VARIABLES[_EARLY]} in its environment, as `make lab` and `xstilts run` "
            "start it, or set `workflow: {arithmetic: native}`."
        )


def _keep_order(wanted: bool) -> None:
    """Have torch take the GPU's kernels that add up in one order, or the fastest again."""
    if wanted == _state["ordered"]:
        return
    import torch

    torch.use_deterministic_algorithms(wanted and torch.cuda.is_available())
    _state["ordered"] = wanted


def _override(portable: bool) -> None:
    """Have torch's matrix products on the CPU computed by numpy's OpenBLAS, or by torch again."""
    if portable == (_state["overrides"] is not None):
        return
    if not portable:
        _state["overrides"]._destroy()
        _state["overrides"] = None
        return
    import numpy as np
    import torch

    def product(left: Any, right: Any) -> Any:
        return torch.from_numpy(np.matmul(left.detach().numpy(), right.detach().numpy()))

    def added(start: Any, left: Any, right: Any, *, beta: float = 1, alpha: float = 1) -> Any:
        found = product(left, right)
        found = found if alpha == 1 else found.mul_(alpha)
        return found.add_(start, alpha=beta) if beta else found

    overrides = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():  # that a kernel of torch's own is replaced is what is wanted
        warnings.simplefilter("ignore")
        for name, function in (("mm", product), ("bmm", product), ("addmm", added), ("baddbmm", added)):
            overrides.impl(name, function, "CPU")
    _state["overrides"] = overrides
