from __future__ import annotations

import numpy as np
import pytest

from hlearn.parts.blobs import (
    Blob,
    BlobDetector,
    Follow,
    Motions,
    falling,
    highest,
    largest,
    leftmost,
    lowest,
    nearest,
    nearest_x,
    nearest_y,
    others,
    rightmost,
    rising,
)

RED = (200, 72, 72)
GREEN = (50, 132, 50)
BLUE = (66, 72, 200)


def screen() -> np.ndarray:
    return np.zeros((210, 160, 3), np.uint8)


def paint(obs: np.ndarray, left: int, top: int, width: int, height: int, color=RED) -> None:
    obs[top : top + height, left : left + width] = color


def test_centre_and_size_in_screen_pixels():
    obs = screen()
    paint(obs, 10, 100, 4, 2)
    blob = BlobDetector(RED, box=(8, 90, 150, 190)).find(obs)
    assert blob == Blob(11.5, 100.5, 4, 2)
    assert (blob.left, blob.right, blob.top, blob.bottom) == (10, 13, 100, 101)


@pytest.mark.parametrize("channel", [None, 0, 2])
def test_finds_the_same_with_one_channel(channel):
    obs = screen()
    paint(obs, 20, 50, 2, 4)
    paint(obs, 60, 50, 8, 8, GREEN)
    assert BlobDetector(RED, channel=channel).all(obs) == [Blob(20.5, 51.5, 2, 4)]


@pytest.mark.parametrize("channel", [None, 0])
def test_several_colors_and_everything_but_the_background(channel):
    obs = screen()
    paint(obs, 20, 50, 4, 4)
    paint(obs, 24, 50, 4, 4, GREEN)
    paint(obs, 80, 80, 4, 4, BLUE)
    two = BlobDetector((RED, GREEN), channel=channel).all(obs)
    assert two == [Blob(23.5, 51.5, 8, 4)]
    rest = BlobDetector(background=(0, 0, 0), channel=channel).all(obs)
    assert sorted(rest) == [Blob(23.5, 51.5, 8, 4), Blob(81.5, 81.5, 4, 4)]


def test_size_filter_tells_ball_from_paddle_of_the_same_color():
    obs = screen()
    paint(obs, 70, 189, 16, 4)
    paint(obs, 40, 120, 2, 4)
    assert BlobDetector(RED, width=(1, 3), height=(2, 5)).find(obs) == Blob(40.5, 121.5, 2, 4)
    assert BlobDetector(RED, width=(8, 17), height=(3, 5)).find(obs) == Blob(77.5, 190.5, 16, 4)


def test_nothing_is_none():
    assert BlobDetector(RED).find(screen()) is None
    assert BlobDetector(RED).all(screen()) == []
    assert BlobDetector(RED).near(screen(), Blob(0, 0, 1, 1)) is None


def test_ignored_boxes_do_not_count():
    obs = screen()
    paint(obs, 0, 0, 6, 6)
    paint(obs, 50, 50, 6, 6)
    assert BlobDetector(RED, box=(0, 0, 100, 100), ignore=[(0, 0, 10, 10)]).all(obs) == [
        Blob(52.5, 52.5, 6, 6)
    ]
    # The box does not begin at the corner of the screen, nor the ignored one inside it.
    assert BlobDetector(RED, box=(40, 40, 100, 100), ignore=[(30, 30, 60, 60)]).all(obs) == []


@pytest.mark.parametrize("gap", [(1, 1), (2, 2), (3, 0), (1, 3)])
def test_gaps_join_without_changing_positions(gap):
    obs = screen()
    paint(obs, 20, 30, 4, 4)
    paint(obs, 25, 30, 4, 4)  # one column between
    paint(obs, 159, 209, 1, 1)
    found = BlobDetector(RED, gap=gap).all(obs)
    assert sorted(found) == [Blob(24.0, 31.5, 9, 4), Blob(159.0, 209.0, 1, 1)]
    assert len(BlobDetector(RED).all(obs)) == 3


def test_a_ball_inside_a_frame_is_found_and_the_hole_is_not():
    obs = screen()
    paint(obs, 0, 0, 160, 210)
    obs[10:200, 10:150] = 0
    paint(obs, 80, 100, 2, 4)
    small = BlobDetector(RED, width=(1, 150), height=(1, 200)).all(obs)
    assert small == [Blob(80.5, 101.5, 2, 4)]


def test_what_leaves_the_box_is_cut():
    obs = screen()
    paint(obs, 0, 0, 20, 4)
    assert BlobDetector(RED, box=(10, 0, 160, 210)).find(obs) == Blob(14.5, 1.5, 10, 4)


def test_near_prefers_the_closest():
    obs = screen()
    paint(obs, 10, 10, 2, 2)
    paint(obs, 100, 100, 6, 6)
    detector = BlobDetector(RED)
    assert detector.near(obs, Blob(12, 12, 1, 1)) == Blob(10.5, 10.5, 2, 2)
    assert detector.near(obs, None) == detector.find(obs) == Blob(102.5, 102.5, 6, 6)


def test_wrong_arguments_say_so():
    with pytest.raises(ValueError, match="not both or neither"):
        BlobDetector()
    with pytest.raises(ValueError, match="not both or neither"):
        BlobDetector(RED, background=GREEN)
    with pytest.raises(ValueError, match="left < right"):
        BlobDetector(RED, box=(10, 10, 10, 20))


def test_selections():
    a, b, c = Blob(10, 50, 2, 2), Blob(30, 20, 4, 4), Blob(90, 80, 1, 1)
    blobs = [a, b, c]
    here = Blob(28, 60, 1, 1)
    assert nearest(blobs, here) == a
    assert nearest_x(blobs, here) == b
    assert nearest_y(blobs, here) == a
    assert (leftmost(blobs), rightmost(blobs), highest(blobs), lowest(blobs)) == (a, c, b, c)
    assert largest(blobs) == b
    assert others(blobs, a, 25) == [b, c]
    assert nearest(blobs, None) is None and nearest([], here) is None and lowest([]) is None


def test_motions_follow_each_and_remember_what_blinks():
    motions = Motions(memory=1)
    first = motions.update([Blob(10, 10, 1, 1), Blob(50, 90, 1, 1)])
    assert [(m.vx, m.vy) for m in first] == [(0, 0), (0, 0)]
    second = motions.update([Blob(51, 86, 1, 1), Blob(10, 13, 1, 1)])
    assert [(m.vx, m.vy) for m in second] == [(1, -4), (0, 3)]
    assert [m.y for m in rising(second)] == [86] and [m.y for m in falling(second)] == [13]
    assert motions.update([]) == []
    (back,) = motions.update([Blob(10, 19, 1, 1)])
    assert back.vy == 3


def test_follow_agrees_with_a_search_of_the_whole_box():
    rng = np.random.default_rng(5)
    detector = BlobDetector(RED, box=(5, 20, 155, 205), width=(1, 3), height=(2, 5), channel=0)
    follow = Follow(detector)
    x, y, vx, vy = 40, 100, 3, 4
    for _ in range(400):
        obs = screen()
        paint(obs, 0, 30, 160, 6)  # a wall of the same color
        if rng.random() > 0.1:  # it blinks
            paint(obs, x, y, 2, 4)
        assert follow.find(obs) == detector.find(obs)
        x, y = x + vx, y + vy
        vx = -vx if not 4 < x < 153 else vx
        vy = -vy if not 36 < y < 200 else vy
        if rng.random() < 0.02:
            x, y = int(rng.integers(10, 150)), int(rng.integers(50, 190))  # served anew


def test_follow_stays_with_its_own():
    obs = screen()
    paint(obs, 20, 50, 4, 4)
    follow = Follow(BlobDetector(RED))
    assert follow.find(obs) == Blob(21.5, 51.5, 4, 4)
    paint(obs, 100, 150, 8, 8)
    assert follow.find(obs) == Blob(21.5, 51.5, 4, 4)
    assert follow.find(screen()) is None
    assert follow.find(obs) == Blob(21.5, 51.5, 4, 4)


@pytest.mark.parametrize("kwargs", [{}, {"channel": 0}])
def test_steps_see_the_same_crowd_to_one_step(kwargs):
    obs = screen()
    for row in range(4):
        for column in range(6):
            paint(obs, 21 + 16 * column, 31 + 18 * row, 8, 10)
    box = (5, 7, 160, 200)
    whole = sorted(BlobDetector(RED, box=box, **kwargs).all(obs))
    coarse = sorted(BlobDetector(RED, box=box, step=(2, 2), ignore=[(5, 7, 20, 20)], **kwargs).all(obs))
    assert len(whole) == len(coarse) == 24
    for a, b in zip(whole, coarse, strict=True):
        assert max(abs(a.x - b.x), abs(a.y - b.y), abs(a.width - b.width), abs(a.height - b.height)) <= 1
    assert BlobDetector(RED, box=box, step=(2, 2), ignore=[(0, 0, 160, 200)], **kwargs).all(obs) == []
