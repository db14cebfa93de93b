from __future__ import annotations

import numpy as np
import pytest

from hlearn.errors import EnvironmentFault
from hlearn.tasks.pictures import Pictures

SHADES = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def test_grey_becomes_rgb_whatever_its_shape() -> None:
    for given in (SHADES, SHADES[..., None], SHADES.tolist(), SHADES.astype(np.int64), SHADES[None]):
        picture = Pictures("env").take(given)
        assert picture.shape == (4, 6, 3) and picture.dtype == np.uint8
        assert (picture == SHADES[..., None]).all()


def test_an_alpha_channel_is_laid_over_black() -> None:
    rgba = np.dstack([np.full((2, 2, 3), 200, np.uint8), np.array([[255, 0], [127, 255]], np.uint8)])
    picture = Pictures("env").take(rgba)
    assert picture[0, 0, 0] == 200 and picture[0, 1, 0] == 0 and 95 < picture[1, 0, 0] < 105


def test_channels_may_come_first() -> None:
    assert Pictures("env").take(np.zeros((3, 20, 30), np.uint8)).shape == (20, 30, 3)


def test_floats_are_read_as_0_to_1_until_one_is_larger() -> None:
    pictures = Pictures("env")
    assert pictures.take(np.full((2, 2, 3), 0.5))[0, 0, 0] == 128
    assert pictures.take(np.full((2, 2, 3), 200.0))[0, 0, 0] == 200
    assert pictures.take(np.full((2, 2, 3), 0.5))[0, 0, 0] == 0
    odd = Pictures("env").take(np.array([[np.nan, np.inf], [-1.0, 1.0]], np.float32))
    assert odd[..., 0].tolist() == [[0, 255], [0, 1]]


def test_truth_values_and_16_bits_are_taken() -> None:
    assert Pictures("env").take(np.eye(3, dtype=bool)).max() == 255
    assert Pictures("env").take(np.full((2, 2), 65_535, np.uint16)).max() == 255


def test_of_a_list_of_pictures_the_last_is_taken() -> None:
    small, large = np.zeros((2, 2, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    assert Pictures("env").take([small, large]).shape == (4, 4, 3)
    assert Pictures("env").take([small, small]).shape == (2, 2, 3)


@pytest.mark.parametrize(
    "given",
    [None, "text", 3, [], np.zeros((0, 4, 3)), np.zeros((2, 2, 7)), np.zeros(5), [[1, 2], [3]], {"a": 1}, 1j],
    ids=str,
)
def test_what_is_no_picture_is_named_with_its_method(given: object) -> None:
    with pytest.raises(EnvironmentFault, match=r"my env gave from render\(\) "):
        Pictures("my env").take(given)
