"""Quotas and limits of cgroups, of both versions, as containers show them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hlearn.evaluate.allowance import cpu_quota, memory_left, processes_left, usable_cores


def _tree(root: Path, files: dict[str, str], lines: str) -> tuple[Path, Path]:
    for name, text in files.items():
        path = root / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    (root / "self").write_text(lines + "\n")
    return root / "cgroup", root / "self"


@pytest.mark.parametrize(
    ("files", "lines", "quota"),
    [
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({"cpu.max": "150000 100000"}, "0::/", 1.5),
        ({"a/cpu.max": "50000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b", 0.5),
        ({"a/cpu.max": "400000 100000", "a/b/cpu.max": "200000 100000"}, "0::/a/b", 2.0),
        ({"cpu.max": "100000 100000"}, "0::/not/seen/from/here", 1.0),
        (
            {"cpu,cpuacct/cpu.cfs_quota_us": "25000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            "4:cpu,cpuacct:/",
            0.25,
        ),
        (
            {"cpu/x/cpu.cfs_quota_us": "-1", "cpu/x/cpu.cfs_period_us": "100000"},
            "3:cpu:/x\n2:memory:/y",
            None,
        ),
        ({"cpu/cpu.cfs_quota_us": "garbage", "cpu/cpu.cfs_period_us": "0"}, "3:cpu:/", None),
        ({"unified/cpu.max": "300000 100000", "memory/x": ""}, "1:name=systemd:/\n0::/", 3.0),
        ({}, "", None),
    ],
)
def test_quotas(files: dict[str, str], lines: str, quota: float | None, tmp_path: Path) -> None:
    root, membership = _tree(tmp_path, files, lines)
    assert cpu_quota(root, membership) == quota
    cores = len(os.sched_getaffinity(0))
    expected = cores if quota is None else max(1, min(cores, round(quota)))
    assert usable_cores(root, membership) == expected


def test_limits_of_memory_and_processes(tmp_path: Path) -> None:
    root, membership = _tree(
        tmp_path,
        {
            "memory.max": "max",
            "a/memory.max": "536870912",
            "a/memory.current": "36870912",
            "a/pids.max": "64",
            "a/pids.current": "60",
        },
        "0::/a",
    )
    assert memory_left(root, membership) == 500_000_000
    assert processes_left(root, membership) == 4


def test_limits_of_the_first_version(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "5"}
    root, membership = _tree(tmp_path, files, "9:memory:/")
    assert memory_left(root, membership) is None
    (root / "memory/memory.limit_in_bytes").write_text("1000")
    assert memory_left(root, membership) == 995


def test_a_machine_without_cgroups(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "none", tmp_path / "none") is None
    assert usable_cores(tmp_path / "none", tmp_path / "none") == len(os.sched_getaffinity(0))
