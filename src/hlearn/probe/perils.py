"""Whatever comes down on a player who walks along an edge of the screen: everything in a band before it, in any colour.

What falls changes its colour from wave to wave, and several fall at once. A band in which nothing else is seen than a
plain background and the player's own shots tells all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.probe.groups import Group
from hlearn.probe.scene import Detector
from hlearn.probe.screen import ScreenRecording
from hlearn.probe.sights import IMPORT, Edges, Options

DEPTHS = (24, 48)  # pixels that a band reaches
FLAT = 8  # pixels across its way within which a player walks
PLAIN = 0.9  # share of the band that at most two colours fill
SEEN = 0.02, 0.98  # share of frames in which something else is there
STEP = 7  # every so many frames are looked at


def find_perils(recording: ScreenRecording, player: Group, shots: Sequence[int]) -> tuple[Detector, ...]:
    """Detectors of everything in bands before the player, the shallowest first.

    Args:
        recording: recorded play.
        player: the player's regions.
        shots: colour codes of what the player shoots; where there are none, what moves away from it is left out.
    """
    left, top, right, bottom = player.region()
    rows, columns = recording.codes.shape[1:]
    p = player.parts
    if np.ptp(np.percentile(p.y, (2, 98))) > FLAT or right - left < columns / 4:
        return ()
    above = (top + bottom) / 2 > rows / 2
    found = []
    for depth in DEPTHS:
        y0 = max(0, int(top) - 1 - depth) if above else int(bottom) + 2
        y1 = int(top) - 1 if above else min(rows, int(bottom) + 2 + depth)
        options = _band(recording, (int(max(0, left - 8)), y0, int(min(columns, right + 9)), y1), shots)
        if options is not None:
            found.append(_detector(options, above=None if shots else above))
    return tuple(found)


def _detector(options: Options, *, above: bool | None) -> Detector:
    """Everything in a band; without what moves away from the player if it is told on which side the band lies.

    The player's own shots may look like all others.
    """
    if above is None:
        return Detector(
            imports=(IMPORT,), constant=options.source(), expression="", expression_all="{const}.all(obs)"
        )
    way = ">=" if above else "<="
    return Detector(
        imports=(IMPORT, "from hlearn.parts.crowds import Motions"),
        constant=options.source(),
        expression="",
        expression_all=f"[m for m in {{state}}.update({{const}}.all(obs)) if m.vy {way} 0]",
        state="Motions()",
    )


def _band(recording: ScreenRecording, box: Edges, shots: Sequence[int]) -> Options | None:
    """The detector's arguments, None where the band is not plain, or nothing or always something is in it."""
    x0, y0, x1, y1 = box
    inside = recording.codes[::STEP, y0:y1, x0:x1]
    if not inside.size:
        return None
    shares = np.bincount(inside.ravel(), minlength=len(recording.palette)) / inside.size
    plain = [int(c) for c in np.argsort(-shares)[:2] if shares[c] > 0.1]
    if shares[plain].sum() < PLAIN:
        return None
    known = np.zeros(len(recording.palette), dtype=bool)
    known[[*plain, *shots]] = True
    busy = (~known[inside]).any(axis=(1, 2)).mean()
    if not SEEN[0] <= busy <= SEEN[1]:
        return None
    colors = tuple(recording.color(c) for c in (*plain, *(s for s in shots if s not in plain)))
    return Options(colors, True, box, (1, (x1 - x0) // 3), (1, y1 - y0), (), (3, 3), None)
