"""Cores are counted as this process may use them: by affinity and by the quotas of its control group."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xstilts_lib.common import manifest
from xstilts_lib.common.processes import cores


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)


def system(root: Path, groups: str, **files: str) -> Path:
    """A root that tells of control groups; `files` are named by path, with `__` for `/`."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, content in files.items():
        file = (
            root
            / "sys/fs/cgroup"
            / name.replace("__", "/").replace("MAX", "cpu.max").replace("CFS", "cpu.cfs")
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"MAX": "250000 100000\n"}, 2),  # rounded down
        ("0::/\n", {"MAX": "50000 100000\n"}, 1),  # but to no less than one
        ("0::/\n", {"MAX": "max 100000\n"}, 8),
        ("0::/\n", {"MAX": "6400000 100000\n"}, 8),  # more than there are
        ("0::/a/b\n", {"a__MAX": "300000 100000\n", "a__b__MAX": "max 100000\n"}, 3),  # of a group around it
        ("0::/a/b\n", {"MAX": "400000 100000\n"}, 4),  # the container's own group is the top
        ("0::/a\n", {"b__MAX": "100000 100000\n"}, 8),  # a neighbour's
        (
            "4:memory:/\n2:cpu,cpuacct:/docker/c\n",
            {"cpu__CFS_quota_us": "350000\n", "cpu__CFS_period_us": "100000\n"},
            3,
        ),
        ("1:cpu:/\n", {"cpu__CFS_quota_us": "-1\n", "cpu__CFS_period_us": "100000\n"}, 8),
        ("3:cpuset:/\n", {"cpu__CFS_quota_us": "100000\n", "cpu__CFS_period_us": "100000\n"}, 8),
        ("nothing of the kind", {}, 8),
    ],
)
def test_quotas(tmp_path: Path, groups: str, files: dict[str, str], expected: int) -> None:
    assert cores(system(tmp_path, groups, **files)) == expected


def test_affinity_counts_where_nothing_tells_of_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cores(tmp_path) == 8
    monkeypatch.delattr(os, "sched_getaffinity")  # as on a Mac
    assert cores(tmp_path) == 64


def test_a_run_is_planned_and_recorded_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from xstilts_lib import cli
    from xstilts_lib.workflow import plan

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3}, raising=False)
    assert manifest.hardware()["cores"] == 1
    planned = []
    monkeypatch.setattr(plan, "dry_run", lambda experiment, cores: planned.append(cores))
    cli.app(["run", "smoke", "--dry-run"], standalone_mode=False)
    assert planned == [1]
