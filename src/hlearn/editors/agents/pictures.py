"""Which pictures a client is shown."""

from __future__ import annotations

from pathlib import Path

_MOST = 4
_LARGEST = 4 << 20  # bytes


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The pictures of the brief's evidence, the first four; those that are large are left out."""
    found = [p for p in sorted(folder.glob("*.png")) if p.is_file() and p.stat().st_size <= _LARGEST]
    return tuple(found[:_MOST])
