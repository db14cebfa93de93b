"""Pictures of what a probe found: every thing boxed and named over frames of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from hlearn.parts.blobs import Blob, BlobDetector
from hlearn.probe.scene import ObjectKind, Scene, ScreenObject

_INKS = {
    ObjectKind.PLAYER: ((60, 255, 60),),
    ObjectKind.MOVER: (
        (255, 80, 80),
        (255, 200, 0),
        (255, 0, 255),
        (0, 200, 255),
        (255, 140, 60),
        (200, 160, 255),
    ),
    ObjectKind.STATIC: ((150, 150, 150),),
    ObjectKind.SCORE: ((110, 110, 160),),
}


def look(thing: ScreenObject, frame: np.ndarray) -> list[Blob]:
    """Everything that a thing's blob detector finds in a frame, uint8[height, width, 3] (none for RAM things)."""
    if not thing.detector.constant.startswith("BlobDetector("):
        return []
    detector = eval(thing.detector.constant, {"BlobDetector": BlobDetector})
    assert isinstance(detector, BlobDetector)
    return detector.all(frame)


def draw_scene(
    scene: Scene,
    frame: np.ndarray,
    zoom: int = 4,
    kinds: Sequence[ObjectKind] = (ObjectKind.PLAYER, ObjectKind.MOVER),
) -> np.ndarray:
    """Draws a frame with the box and name of every thing found in it.

    Args:
        scene: what to look for.
        frame: uint8[height, width, 3], RGB.
        zoom: picture pixels per screen pixel.
        kinds: which kinds of things to draw.

    Returns:
        uint8[height * zoom, width * zoom, 3], RGB.
    """
    height, width = frame.shape[:2]
    dim = (frame * 0.7).astype(np.uint8)
    picture = cv2.resize(dim, (width * zoom, height * zoom), interpolation=cv2.INTER_NEAREST)
    counts = dict.fromkeys(ObjectKind, 0)
    for thing in scene.things:
        inks = _INKS[thing.kind]
        ink = inks[counts[thing.kind] % len(inks)]
        counts[thing.kind] += 1
        if thing.kind not in kinds:
            continue
        if thing.bounds is not None:
            _lines(picture, thing.bounds, ink, zoom)
        for blob in look(thing, frame):
            left, top = int(blob.left * zoom) - 1, int(blob.top * zoom) - 1
            right, bottom = int((blob.right + 1) * zoom), int((blob.bottom + 1) * zoom)
            cv2.rectangle(picture, (left, top), (right, bottom), ink, 1)
            cv2.putText(picture, thing.name, (left, max(top - 2, 8)), cv2.FONT_HERSHEY_PLAIN, 0.8, ink, 1)
    return picture


def _lines(picture: np.ndarray, bounds: tuple[float, ...], ink: tuple[int, int, int], zoom: int) -> None:
    """Dotted lines where a thing turns round."""
    height, width = picture.shape[:2]
    for k, value in enumerate(bounds):
        if np.isnan(value):
            continue
        at = int((value + 0.5) * zoom)
        if k % 2 == 0 and 0 <= at < width:
            picture[::6, at] = ink
        elif k % 2 == 1 and 0 <= at < height:
            picture[at, ::6] = ink


def save_scene(scene: Scene, frames: Sequence[np.ndarray], path: Path, zoom: int = 4) -> None:
    """Writes a PNG with several frames side by side.

    Args:
        scene: what to draw.
        frames: RGB frames, uint8[height, width, 3] each.
        path: the file to write.
        zoom: picture pixels per screen pixel.
    """
    sheet = np.concatenate([draw_scene(scene, f, zoom) for f in frames], axis=1)
    done, data = cv2.imencode(".png", sheet[:, :, ::-1])
    assert done
    path.write_bytes(data.tobytes())
