"""Reading the JSON that clients print, of which nothing is sure."""

from __future__ import annotations

from hlearn.editors.transcript import Json


def child(value: Json, *path: str) -> Json:
    """What lies at a path of keys, None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def whole(value: Json, *path: str) -> int:
    """A count at a path, 0 where there is none."""
    found = child(value, *path)
    return int(found) if isinstance(found, (int, float)) and not isinstance(found, bool) and found > 0 else 0


def amount(value: Json, *path: str) -> float:
    """A number at a path, 0 where there is none."""
    found = child(value, *path)
    return (
        float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) and found > 0 else 0.0
    )


def words(value: Json, *path: str) -> str:
    """A text at a path, "" where there is none."""
    found = child(value, *path)
    return found if isinstance(found, str) else ""
