"""Numbers and times as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hlearn.tasks.task import Task

_BARS = "▁▂▃▄▅▆▇█"


def number(value: float | None) -> str:
    """A score: 864, 21.5, -0.0123, 1,234.5; a dash where there is none."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4g}"


def count(value: int) -> str:
    """A count with separators: 1,234,567."""
    return f"{value:,}"


def several(value: int, thing: str) -> str:
    """A count of things: 1 trial, 1,234 trials."""
    return f"{count(value)} {thing}{'' if value == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time: 8 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count_bytes: float) -> str:
    """A size: 3.2 GB, 512 kB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count_bytes < 1000:
            return f"{count_bytes:.3g} {unit}"
        count_bytes /= 1000
    return f"{count_bytes:.3g} TB"


def sparkline(values: Sequence[float], width: int) -> str:
    """Values as a line of bars, at most ``width`` characters, lowest to highest."""
    if not values:
        return ""
    step = max(1.0, len(values) / width)
    picked = [values[min(int((i + 1) * step), len(values)) - 1] for i in range(min(width, len(values)))]
    low, high = min(picked), max(picked)
    if high <= low:
        return _BARS[0] * len(picked)
    return "".join(_BARS[round((v - low) / (high - low) * (len(_BARS) - 1))] for v in picked)


def arguments(task: Task) -> str:
    """The environment's arguments as they stand behind its id: " (is_slippery=False)"; empty where there are none."""
    return f" ({', '.join(f'{k}={v}' for k, v in task.kwargs)})" if task.kwargs else ""
