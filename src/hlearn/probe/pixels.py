"""What is on the screen: recorded play becomes a scene of things, each with the source of its detector.

Nothing is known about any game. A thing is what moves as one; the player is what follows the actions, whose
directions are read off their names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.probe.candidates import Found, ThingCandidate, find_candidates
from hlearn.probe.detectors import sight_of, sight_of_crowd, sight_of_still
from hlearn.probe.groups import Group
from hlearn.probe.perils import find_perils
from hlearn.probe.scene import Box, ObjectKind, Scene, ScreenObject
from hlearn.probe.screen import ScreenRecorder, ScreenRecording
from hlearn.probe.sights import DetectorFit, by_heading

MOVERS = 12  # at most so many movers are reported
STILL = 4  # and so many things that stay
_TRUSTED = 0.35  # share of a detector's finds that must be right
_CROWD = 4  # kinds of things that make a crowd


def record_screens(
    episodes: Sequence[tuple[np.ndarray, np.ndarray]], action_names: Sequence[str]
) -> ScreenRecording:
    """Reduces recorded episodes to one byte per pixel.

    Args:
        episodes: (observations uint8[T, height, width, 3], actions int[T]) pairs; ``observations[t]`` is what was
            seen before ``actions[t]``.
        action_names: the environment's action names in its order.
    """
    recorder = ScreenRecorder(tuple(action_names), capacity=sum(len(a) for _, a in episodes))
    for observations, actions in episodes:
        for t, (observation, action) in enumerate(zip(observations, actions, strict=True)):
            recorder.add(observation, int(action), start=t == 0)
    return recorder.recording()


def find_things(recording: ScreenRecording) -> Scene:
    """Finds what is on the screen.

    Args:
        recording: play with random held actions; 1,500 to 3,000 frames show most games' opening.

    Returns:
        The scene: players, movers (those seen most first), things that stay.
    """
    found = find_candidates(recording)
    players, movers = _roles(found.candidates)
    own = players[0].main if players else None
    things: list[ScreenObject] = []
    for candidate in players:
        things.append(
            _thing(candidate, sight_of(candidate, None, found, recording), ObjectKind.PLAYER, None, recording)
        )
    seen: list[DetectorFit] = []
    shots: list[int] = []  # colours of what the player alone shoots
    for candidate in movers[:MOVERS]:
        sight = sight_of(candidate, own, found, recording)
        if sight.precision >= _TRUSTED:
            seen.append(sight)
            thing = _thing(candidate, sight, ObjectKind.MOVER, own, recording)
            halves = _shots(candidate, sight, own, recording)
            things += [thing, *halves]
            if thing.origin == "player" and not halves:
                shots.append(sight.group.parts.code)
    things += _crowd(seen, own, found, recording)
    taken = {g.parts.code for c in players + movers for g in c.groups}
    still = [g for g in found.staying if g.visible > 0.05 and g.parts.code not in taken]
    for group in sorted(still, key=lambda g: -len(g.parts))[:STILL]:
        things.append(_still(group, recording))
    return Scene(
        things=tuple(_names(things)),
        frames=len(recording.codes),
        actions=tuple(recording.action_names),
        perils=() if own is None else find_perils(recording, own, shots),
    )


def _roles(candidates: list[ThingCandidate]) -> tuple[list[ThingCandidate], list[ThingCandidate]]:
    """Tells players from movers; of several driven things the best explained and longest seen comes first.

    What follows the actions but is seen half as long as the best (a steered shot, a flash) is a mover.
    """
    # Scenery that scrolls with the player comes in several pieces.
    driven = sorted(
        (c for c in candidates if c.drives and np.median(c.main.counts) <= 1), key=lambda c: -_mastery(c)
    )
    players = [c for c in driven if _mastery(c) >= 0.7 * _mastery(driven[0])]
    chosen = {id(c) for c in players}
    movers = sorted((c for c in candidates if id(c) not in chosen), key=lambda c: -_weight(c))
    return players, movers


def _mastery(candidate: ThingCandidate) -> float:
    return candidate.driven * candidate.main.visible


def _weight(candidate: ThingCandidate) -> float:
    """How much a mover is likely to matter: seen often, not tiny, moving."""
    area = float(np.median(candidate.main.parts.w * candidate.main.parts.h))
    return float(candidate.main.visible * min(area, 64.0) ** 0.25)


def _shots(
    candidate: ThingCandidate, sight: DetectorFit, player: Group | None, recording: ScreenRecording
) -> list[ScreenObject]:
    """Rising and falling shots apart, where they look alike but only one kind comes from the player."""
    halves = [
        _thing(ThingCandidate(candidate.groups, ()), part, ObjectKind.MOVER, player, recording).named(
            f"{way}_shot"
        )
        for way, part in by_heading(sight)
    ]
    return halves if [h.origin for h in halves].count("player") == 1 else []


def _crowd(
    seen: list[DetectorFit], player: Group | None, found: Found, recording: ScreenRecording
) -> list[ScreenObject]:
    """One more thing for everything of about the same size, where there are many colours of it (cars in lanes)."""
    areas = np.array([float(np.median(s.group.parts.w * s.group.parts.h)) for s in seen])
    if len(seen) < _CROWD:
        return []
    middle = np.median(areas)
    members = [s for s, a in zip(seen, areas, strict=True) if 0.5 <= a / middle <= 2]
    if len(members) < _CROWD:
        return []
    sight = sight_of_crowd(members, found, recording)
    if sight is None or sight.precision < 0.8 or sight.recall < 0.8:
        return []
    candidate = ThingCandidate(tuple(s.group for s in members), ())
    return [_thing(candidate, sight, ObjectKind.MOVER, player, recording).named("crowd")]


def _thing(
    candidate: ThingCandidate,
    sight: DetectorFit,
    kind: ObjectKind,
    player: Group | None,
    recording: ScreenRecording,
) -> ScreenObject:
    group = sight.group
    left, top, right, bottom = group.turns()
    bounds = _bounds(group, left, top, right, bottom)
    counts = group.counts
    w0, w1, h0, h1 = group.size(5, 95)
    p = group.parts
    region = (float(p.x.min()), float(p.y.min()), float(p.x.max()), float(p.y.max()))
    across, down = group.speed()
    evidence = (
        f"seen in {group.visible:.0%} of {group.frames} frames, {w0}-{w1} x {h0}-{h1} px, "
        f"{across:g} and {down:g} px/frame; its detector finds {sight.recall:.0%}, {sight.precision:.0%} of finds right"
    )
    for drive in candidate.drives:
        evidence += f"; actions explain {drive.explained:.0%} of its {drive.axis} motion"
        if drive.agreement > 0.5:
            evidence += f" ({drive.agreement:.0%} as told)"
    return ScreenObject(
        name="",
        kind=kind,
        detector=sight.detector,
        drives=candidate.drives,
        region=region,
        bounds=bounds,
        bounces=(len(left) + len(right), len(top) + len(bottom)),
        speed=(across, down),
        width=(w0, w1),
        height=(h0, h1),
        colors=tuple(recording.color(g.parts.code) for g in candidate.groups),
        visible=round(group.visible, 3),
        count=(int(np.median(counts)), int(counts.max())),
        longest_gap=group.longest_gap(),
        origin="" if player is None else _origin(group, player),
        size_px=int(np.median(p.w * p.h)),
        evidence=evidence,
    )


def _bounds(
    group: Group, left: np.ndarray, top: np.ndarray, right: np.ndarray, bottom: np.ndarray
) -> Box | None:
    """Walls: the outermost places where a lone thing turned round more than once, nan where it never did."""
    if not group.single:
        return None
    p = group.parts

    def wall(turns: np.ndarray, values: np.ndarray, sign: int) -> float:
        if len(turns) < 2:
            return float("nan")
        ordered = np.sort(sign * turns)[::-1]
        # A quarter of the turns agree on a wall; a single one further out is a misread.
        place = sign * float(np.median(ordered[: max(2, len(ordered) // 4)]))
        # What turns just anywhere wanders, and what goes on behind the place met no wall there.
        agree = (np.abs(turns - place) <= 6).mean()
        beyond = (sign * (values - place) > 3).mean()
        return place if agree >= 0.4 and beyond < 0.01 else float("nan")

    bounds = (wall(left, p.x, -1), wall(top, p.y, -1), wall(right, p.x, 1), wall(bottom, p.y, 1))
    return None if all(np.isnan(b) for b in bounds) else bounds


def _origin(group: Group, player: Group) -> str:
    """Whether most tracks begin beside the player."""
    p, q = group.parts, player.parts
    _, first = np.unique(p.track, return_index=True)
    lengths = np.bincount(p.track)
    first = first[(lengths[p.track[first]] >= 4) & (p.t[first] > 3)]
    at = np.searchsorted(q.t, p.t[first])
    ok = at < len(q.t)
    first, at = first[ok], at[ok]
    ok = q.t[at] - p.t[first] <= 2
    first, at = first[ok], at[ok]
    if len(first) < 3:
        return ""
    near = (np.abs(p.x[first] - q.x[at]) <= 6 + q.w[at] / 2) & (
        np.abs(p.y[first] - q.y[at]) <= 10 + q.h[at] / 2
    )
    share = float(near.mean())
    return "player" if share >= 0.6 else "elsewhere" if share <= 0.35 else ""


def _still(group: Group, recording: ScreenRecording) -> ScreenObject:
    p = group.parts
    lengths = np.bincount(p.track)
    lengths = lengths[lengths > 0]
    kind = ObjectKind.SCORE if np.median(lengths) < 0.1 * group.frames else ObjectKind.STATIC
    w0, w1, h0, h1 = group.size(5, 95)
    return ScreenObject(
        name="",
        kind=kind,
        detector=sight_of_still(group, recording),
        region=(float(p.x.min()), float(p.y.min()), float(p.x.max()), float(p.y.max())),
        width=(w0, w1),
        height=(h0, h1),
        colors=(recording.color(p.code),),
        visible=round(group.visible, 3),
        count=(int(np.median(group.counts)), int(group.counts.max())),
        size_px=int(np.median(p.w * p.h)),
        evidence=f"stays in place in {group.visible:.0%} of {group.frames} frames, {w0}-{w1} x {h0}-{h1} px",
    )


def _names(things: list[ScreenObject]) -> list[ScreenObject]:
    """Gives each thing a name that says what it looks like."""
    used: dict[str, int] = {}
    named = []
    for thing in things:
        base = thing.name or _looks(thing)
        used[base] = used.get(base, 0) + 1
        named.append(thing.named(base if used[base] == 1 else f"{base}_{used[base]}"))
    return named


def _looks(thing: ScreenObject) -> str:
    if thing.kind is not ObjectKind.MOVER:
        return {ObjectKind.PLAYER: "player", ObjectKind.STATIC: "block", ObjectKind.SCORE: "score"}[
            thing.kind
        ]
    across, down = thing.speed
    small = thing.width[1] <= 5 and thing.height[1] <= 6
    if small and thing.count[0] == 1 and thing.visible > 0.3 and min(across, down) >= 0.4:
        return "ball"
    if thing.width[1] <= 3 and thing.height[1] <= 14 and max(across, down) >= 0.9:
        return "shot"
    return "mover"
