"""Bytes as the console writes them."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.parts import fine_coarse


@pytest.mark.parametrize(
    ("byte", "place"), [(0x00, 0), (0x05, 75), (0x15, 74), (0xF5, 76), (0x85, 83), (0x7F, 218)]
)
def test_fine_coarse(byte: int, place: int) -> None:
    assert fine_coarse(byte) == place


def test_range_and_numpy_bytes() -> None:
    places = [fine_coarse(int(b)) for b in range(256)]
    assert (min(places), max(places)) == (-7, 233)
    assert fine_coarse(np.uint8(0xF5)) == 76  # type: ignore[arg-type]
