"""The checks of detectors for people and as data: ``hl failures --detectors``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hlearn.failures import MinedEpisode
    from hlearn.failures.detectors import DetectorCheck
    from hlearn.failures.on_screen import ScreenCheck
    from hlearn.tasks.task import Task


def detector_lines(checks: Sequence[DetectorCheck]) -> list[str]:
    """The table of checks."""
    rows = [("detector", "seen", "values", "usual move", "jumps", "explained by", "lag", "finding")]
    for c in checks:
        explained = f"{c.explained} {c.agreement:.0%}" if c.component >= 0 else "-"
        rows.append((c.name, f"{c.seen:.0%}", str(c.values), f"{c.moves:.1%}", f"{c.jumps:.1%}", explained,
                     str(c.relation.lag), c.finding or "ok"))  # fmt: skip
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    return ["", *("  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)).rstrip() for r in rows)]


def show_on_screen(task: Task, episode: MinedEpisode, path: Path) -> tuple[ScreenCheck, ...]:
    """Holds the numbers of an episode against the screen and draws a sheet; nothing where it cannot be rendered.

    Raises:
        UsageError: the sheet cannot be written.
    """
    from hlearn.errors import EnvironmentFault
    from hlearn.evidence.renderers import ready_to_draw
    from hlearn.evidence.sheets import contact_sheet, write_png
    from hlearn.failures.on_screen import check_on_screen, draw_on_screen, screen_of

    ready_to_draw()
    try:
        pictures = screen_of(task, episode)
    except EnvironmentFault:
        return ()
    checks = check_on_screen(episode, pictures)
    if checks:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, contact_sheet(draw_on_screen(episode, pictures, checks)))
    return checks


def screen_lines(checks: Sequence[ScreenCheck], sheet: Path) -> list[str]:
    """The table of what moves on the screen where a number says."""
    if not checks:
        return []
    rows = [("number", "on the screen", "offset", "agreement", "movements")]
    for c in checks:
        what = c.axis if c.is_place else "nowhere"
        rows.append(
            (c.name, what, f"{c.offset:+d}" if c.is_place else "-", f"{c.agreement:.0%}", str(c.moves))
        )
    return [*_aligned(rows), str(sheet)]


def screen_data(check: ScreenCheck) -> dict[str, object]:
    """The same as data."""
    return {
        "name": check.name,
        "axis": check.axis,
        "offset": check.offset,
        "agreement": check.agreement,
        "moves": check.moves,
        "is_place": check.is_place,
    }


def detector_data(check: DetectorCheck) -> dict[str, object]:
    """One check as data."""
    return {
        "name": check.name,
        "seen": check.seen,
        "values": check.values,
        "moves": check.moves,
        "jumps": check.jumps,
        "component": check.component,
        "agreement": check.agreement,
        "window": check.relation.window,
        "lag": check.relation.lag,
        "slope": check.relation.slope,
        "offset": check.relation.offset,
        "finding": check.finding,
    }
