"""Contact sheets: some moments of an episode side by side, as one PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from hlearn.errors import HarnessError, StorageFull, UsageError, is_full

_GAP = 4


def contact_sheet(pictures: Sequence[np.ndarray], *, columns: int = 4, width: int = 240) -> np.ndarray:
    """Returns pictures in rows from left to right, uint8[height, width, 3], RGB.

    Args:
        pictures: uint8[height, width, 3] each; the first one's shape is everyone's.
        columns: pictures of a row.
        width: of a picture, pixels.

    Raises:
        UsageError: there is no picture.
    """
    if not pictures:
        raise UsageError("there is no picture for a contact sheet; the episode has no such steps")
    height = max(1, round(pictures[0].shape[0] * width / pictures[0].shape[1]))
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for n, picture in enumerate(pictures):
        top, left = n // columns * (height + _GAP), n % columns * (width + _GAP)
        shrinks = picture.shape[1] > width
        small = cv2.resize(
            picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
        )
        sheet[top : top + height, left : left + width] = small
    return sheet


def png_bytes(picture: np.ndarray) -> bytes:
    """A picture (uint8[height, width, 3], RGB) as a PNG file."""
    done, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise HarnessError(f"a picture of shape {picture.shape} could not be written as PNG")
    return data.tobytes()


def write_png(path: Path, picture: np.ndarray) -> None:
    """Writes a picture, whole or not at all.

    Raises:
        UsageError: the name does not end in .png, or it cannot be written there.
        StorageFull: the disk is full.
    """
    check_sheet(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(png_bytes(picture))
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if is_full(error):
            raise StorageFull(f"{path}: no space for the picture; everything else is intact") from error
        raise UsageError(
            f"{path}: cannot write the picture ({error.strerror}); choose another place"
        ) from error


def check_sheet(path: Path) -> None:
    """Checks a picture's name before anything is played for it.

    Raises:
        UsageError: another suffix than .png, a folder has that name, or its folder does not exist.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path}: a contact sheet is written as .png; give its name such an ending")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the picture otherwise")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")
