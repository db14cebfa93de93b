"""One self-contained HTML page about a suite: no server, no network, no script."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

from hlearn.suites.folder import TrackState
from hlearn.suites.report import ClassReport, as_row
from hlearn.suites.statistics import Estimate

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733 }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #e3e8ee; white-space: nowrap }
th:first-child, td:first-child { text-align: left } th { background: #f4f6f9; position: sticky; top: 0 }
td.bad { color: #b3261e } td.text { text-align: left; white-space: normal; min-width: 12rem }
.wide { overflow-x: auto; margin: 1rem 0 } .wide img { width: 100%; min-width: 44rem }
.scroll { overflow: auto; max-height: 40rem } .scroll .wide { overflow: visible; margin: 0 } p.note { color: #56616d }
@media print { .wide img { min-width: 0 } .scroll { max-height: none; overflow: visible } }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #dde3ea } th { background: #222a33 }
 th, td { border-color: #2c3641 } img { background: #fff } }
"""
_LONG = 8  # characters from which a cell is text, which may take several lines
_SHOWN = (
    *(
        "track",
        "seed",
        "status",
        "score",
        "score_min",
        "score_max",
        "normalized",
        "blind_replay",
        "random_play",
    ),
    *("best_constant", "better_than_trivial", "env_steps", "accepted", "seconds"),
)


def suite_page(title: str, reports: Sequence[ClassReport], picture: bytes | None) -> str:
    """Returns the page.

    Args:
        title: of the suite.
        reports: one per class.
        picture: a PNG of curves and profiles, None where nothing is done yet.
    """
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if picture is not None:
        data = base64.b64encode(picture).decode("ascii")
        parts.append(
            '<div class="wide"><img alt="Median normalised score against environment steps; performance profiles" '
            f'src="data:image/png;base64,{data}"></div>'
        )
    parts.append(
        '<p class="note">Scores are means over holdout seeds that no editor saw. Rows of different classes (access, '
        "protocol, editor, budget) are never put together. Beside each score stand its controls on the same seeds: the "
        "program's own best episode replayed without looking, random play, and the best constant action.</p>"
    )
    for report in reports:
        parts += _class(report)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{html.escape(title)}</title>"
    return (
        f"<!doctype html>\n<html lang=en><head>{head}<style>{_STYLE}</style></head>\n<body>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _class(report: ClassReport) -> Iterable[str]:
    yield f"<h2>{html.escape(report.of.words)}</h2>"
    if report.total is not None:
        total = report.total
        yield _table(
            ("tasks", "runs", "median", "IQM", "mean", "at or above 1", "at or above 0.5"),
            [
                (
                    *(total.tasks, total.runs),
                    *map(_interval, (total.median, total.iqm, total.mean)),
                    *(total.at_one, total.at_half),
                )
            ],
        )
        yield (
            f"<p>Programs that do not beat their own blind replay: {report.blind[0]} of {report.blind[1]}; "
            f"not better than trivial play: {report.trivial}.</p>"
        )
    yield f"<p>Cost: {html.escape(report.cost.words)}.</p>"
    if report.against:
        yield _table(
            (
                "published agent",
                "frames",
                "protocol",
                "games",
                "its median",
                "chance that a run here beats it",
            ),
            [
                (
                    a.agent,
                    f"{a.frames:,}",
                    a.protocol,
                    total.tasks,
                    f"{total.median.value:.3f}",
                    _interval(chance),
                )
                for a, total, chance in report.against
            ],
        )
    yield '<div class="scroll">' + _tracks(report.states) + "</div>"


def _tracks(states: Sequence[TrackState]) -> str:
    rows = [[_shown(as_row(s)[c]) for c in _SHOWN] for s in states]
    return _table([c.replace("_", " ") for c in _SHOWN], rows)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _interval(e: Estimate) -> str:
    return f"{e.value:.3f} ({e.low:.3f} to {e.high:.3f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = "".join(f"<th>{html.escape(h)}</th>" for h in head)
    body = "".join(
        "<tr>" + "".join(f"<td{_mark(c)}>{html.escape(str(c))}</td>" for c in row) + "</tr>\n" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _mark(cell: object) -> str:
    if cell in ("failed", "no"):
        return ' class="bad"'
    words = isinstance(cell, str) and len(cell) > _LONG and " " in cell and cell[0].isalpha()
    return ' class="text"' if words else ""
