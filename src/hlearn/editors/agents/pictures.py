"""Which pictures of a copy a client is shown."""

from __future__ import annotations

from pathlib import Path

_MOST = 4
_LARGEST = 4 << 20  # bytes


def pictures_in(tree: Path) -> tuple[Path, ...]:
    """The latest pictures of failures, at most four; those that are links or large are left out."""
    found = [
        path
        for path in sorted((tree / "failures").rglob("*.png"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST
    ]
    return tuple(found[-_MOST:])
