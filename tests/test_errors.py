"""A disk that is full is told in one way, whoever writes."""

from __future__ import annotations

import errno
import resource
from pathlib import Path

import pytest

from hlearn.errors import HarnessError, StorageFull, is_full, space_needed


def test_a_full_disk_is_a_fault_of_the_machinery_with_its_place(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        with pytest.raises(StorageFull, match="intact") as caught, space_needed(tmp_path):
            (tmp_path / "long").write_bytes(b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(tmp_path) in str(caught.value)
    assert isinstance(caught.value, HarnessError)


def test_other_faults_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), space_needed(tmp_path):
        (tmp_path / "none").read_bytes()
    assert not is_full(ValueError("full"))
    assert is_full(OSError(errno.EDQUOT, "quota"))
