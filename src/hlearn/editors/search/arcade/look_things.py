"""Probing for things: the pictures of random play teach which bytes tell what stands where, and what it does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.editors.search.arcade.outlook import WorldModel, name_kinds
from hlearn.evaluate.api import PICTURE_EVERY, Recording
from hlearn.probe.blobs import cut
from hlearn.probe.effects import SampledEpisode, read_effects
from hlearn.probe.player import PlayerFound, find_player
from hlearn.probe.things import SlotFound, find_slots

LIKE_ME = 3.0  # pixels within which a slot that moves as the player does is the player


def look_at_things(
    recordings: Sequence[Recording],
    lost: Sequence[np.ndarray],
    meaning: np.ndarray,
    obeying: tuple[Sequence[int], Sequence[int]],
) -> WorldModel | None:
    """Finds the player, things and what they do; None where no player is seen.

    Args:
        recordings: episodes with bytes and pictures.
        lost: bool[T] per episode: which decisions cost a life.
        meaning: int[actions, 2], across and down of each action.
        obeying: bytes that commands across and down move, the clearest first.
    """
    shown = [(r, i) for r in recordings for i in range(len(r.pictures))]
    if not shown:
        return None
    blobs, colours = cut(len(shown), lambda t: shown[t][0].picture(shown[t][1]))
    rams = np.concatenate([r.observations[::PICTURE_EVERY] for r in recordings])
    commands = np.concatenate([meaning[r.actions[::PICTURE_EVERY]] for r in recordings])
    rng = np.random.default_rng(0)
    player = find_player(blobs, rams, commands, obeying, PICTURE_EVERY, rng)
    if player is None:
        return None
    percept = find_slots(blobs, rams, rng)
    slots = tuple(s for s in percept.slots if not _is_me(s, player, rams))
    kinds = sorted({k for s in slots for k in s.kinds.values()})
    boxes = {k: _box(k, slots) for k in kinds}
    watches = tuple(watch(r, gone, player, slots) for r, gone in zip(recordings, lost, strict=True))
    return WorldModel(
        player=player,
        slots=slots,
        names=name_kinds(colours, kinds),
        boxes=boxes,
        effects=read_effects(watches, boxes, player.size),
        watches=watches,
        recall=percept.recall,
        chance=percept.chance,
    )


def watch(
    recording: Recording, lost: np.ndarray, player: PlayerFound, slots: Sequence[SlotFound]
) -> SampledEpisode:
    """An episode as looks at the player and at what the slots hold."""
    rams = recording.observations[::PICTURE_EVERY]
    middles = [np.stack([s.x.of(rams) + s.size[0] / 2, s.y.of(rams) + s.size[1] / 2], axis=1) for s in slots]
    gained = recording.rewards > 0
    return SampledEpisode(
        me=np.stack([player.x.of(rams), player.y.of(rams)], axis=1),
        kinds=np.stack([s.kind_at(rams) for s in slots], axis=1) if slots else np.empty((len(rams), 0), int),
        places=np.stack(middles, axis=1) if slots else np.empty((len(rams), 0, 2)),
        gained=since(gained, len(rams)),
        lost=since(lost, len(rams)),
    )


def since(events: np.ndarray, looks: int) -> np.ndarray:
    """Whether there was an event since the look before, bool[looks]."""
    padded = np.zeros(looks * PICTURE_EVERY, bool)
    padded[: min(len(events), len(padded))] = events[: len(padded)]
    told = np.asarray(padded.reshape(looks, PICTURE_EVERY).any(axis=1))
    return np.concatenate([[False], told[:-1]])


def _is_me(slot: SlotFound, player: PlayerFound, rams: np.ndarray) -> bool:
    """Whether a slot is the player itself."""
    shared = player.x.byte is not None and slot.x.byte == player.x.byte
    shared = shared or (player.y.byte is not None and slot.y.byte == player.y.byte and slot.x.byte is None)
    apart = np.hypot(
        slot.x.of(rams) + slot.size[0] / 2 - player.x.of(rams),
        slot.y.of(rams) + slot.size[1] / 2 - player.y.of(rams),
    )
    return shared or bool(np.median(apart) < LIKE_ME)


def _box(kind: int, slots: Sequence[SlotFound]) -> tuple[float, float]:
    """Width and height of a kind (pixels)."""
    sizes = np.array([s.size for s in slots if kind in s.kinds.values()])
    return float(np.median(sizes[:, 0])), float(np.median(sizes[:, 1]))
