"""Things in memory, taught by made-up pictures: where they stand, what they are, what they do."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.probe.blobs import Blobs, cut
from hlearn.probe.effects import SampledEpisode, read_effects, unexplained
from hlearn.probe.player import find_player
from hlearn.probe.things import find_slots

LOOKS = 900
RED, BLUE, GREEN = (200, 72, 72), (80, 80, 192), (72, 160, 72)


@pytest.fixture(scope="module")
def shown() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Pictures, bytes and commands: a bird (red or blue, byte 7 tells) flies, a green player walks on an edge."""
    rng = np.random.default_rng(5)
    rams = rng.integers(0, 256, (LOOKS, 128)).astype(np.uint8)
    pictures, commands = [], np.zeros((LOOKS, 2), int)
    x, y, me = 60.0, 80.0, 70
    vx, vy = 3.0, 1.0
    for t in range(LOOKS):
        if not 20 < x + vx < 130:
            vx = -vx
        if not 30 < y + vy < 120:
            vy = -vy
        x, y = x + vx, y + vy
        commands[t, 0] = rng.integers(-1, 2) if t % 5 == 0 else commands[t - 1, 0]
        rams[t, 3], rams[t, 4], rams[t, 7] = 160 - int(x), int(y) * 2, 1 if (t // 40) % 2 else 9
        rams[t, 10] = me
        picture = np.zeros((210, 160, 3), np.uint8)
        picture[int(y) : int(y) + 6, int(x) : int(x) + 8] = RED if (t // 40) % 2 else BLUE
        picture[180:190, me : me + 6] = GREEN
        pictures.append(picture)
        me = int(np.clip(me + 3 * commands[t, 0], 20, 130))
    return pictures, rams, commands


def test_bytes_are_found_that_tell_where_and_what(
    shown: tuple[list[np.ndarray], np.ndarray, np.ndarray],
) -> None:
    pictures, rams, _ = shown
    blobs, colours = cut(LOOKS, pictures.__getitem__)
    found = find_slots(blobs, rams, np.random.default_rng(0))
    assert found.recall > 0.95
    assert found.chance < 0.4
    bird = next(s for s in found.slots if s.x.byte == 3)
    assert bird.x.code == "minus" and bird.x.plus == pytest.approx(160, abs=1)
    assert (bird.y.byte, bird.y.code) == (4, "half")
    assert bird.teller == 7
    assert {v: colours[k][0] for v, k in bird.kinds.items()} == {1: RED[0], 9: BLUE[0]}


def test_the_player_is_who_obeys(shown: tuple[list[np.ndarray], np.ndarray, np.ndarray]) -> None:
    pictures, rams, commands = shown
    blobs, _ = cut(LOOKS, pictures.__getitem__)
    found = find_player(blobs, rams, commands, ([3, 10], []), 4, np.random.default_rng(0))
    assert found is not None
    assert found.x.byte == 10 and found.x.plus == pytest.approx(3, abs=1)
    assert found.y.byte is None and found.y.plus == pytest.approx(185, abs=1)
    assert found.speed[0] == pytest.approx(0.75, abs=0.1)
    nobody = Blobs(*(np.zeros(0, int),) * 6)
    assert find_player(nobody, rams, commands, ([3, 10], []), 4, np.random.default_rng(0)) is None


def test_what_kills_is_found_though_the_counter_falls_late() -> None:
    rng = np.random.default_rng(3)
    count, late = 4000, 20
    places = np.stack([rng.uniform(0, 160, (count, 2)), rng.uniform(0, 160, (count, 2))], axis=1)
    me = np.full((count, 2), 80.0)
    near = np.all(np.abs(places - 80.0) < 10, axis=2)
    lost = np.roll(near[:, 0], late)
    lost[:late] = False
    kinds = np.tile([1, 2], (count, 1))
    watch = SampledEpisode(me=me, kinds=kinds, places=places, gained=near[:, 1], lost=lost)
    one, two = read_effects([watch], {1: (8.0, 8.0), 2: (8.0, 8.0)}, (8.0, 8.0))
    assert one.kills and not one.pays
    assert abs(one.kills.lag - late) <= 3
    assert two.pays and not two.kills


def test_losses_that_nothing_explains_are_counted() -> None:
    count, late = 4000, 20
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 160, (count, 1, 2))
    me = np.full((count, 2), 80.0)
    near = np.all(np.abs(places[:, 0] - 80.0) < 10, axis=1)
    lost = np.roll(near, late)
    lost[:late] = False
    boxes, size = {1: (8.0, 8.0)}, (8.0, 8.0)
    kinds = np.ones((count, 1), int)
    watch = SampledEpisode(me=me, kinds=kinds, places=places, gained=np.zeros(count, bool), lost=lost)
    effects = read_effects([watch], boxes, size)
    assert unexplained([watch], boxes, size, effects) == 0
    far = np.flatnonzero(~np.convolve(near, np.ones(9), "same").astype(bool))[::100]
    lost[(far + effects[0].kills.lag)[far + effects[0].kills.lag < count]] = True
    assert 0 < unexplained([watch], boxes, size, effects) <= len(far)
    assert unexplained([watch], boxes, size, ()) == lost.sum()
