"""Pictures into a film: MP4 (H.264) or GIF, by the file's suffix; with PyAV, which brings its own encoders."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from hlearn.errors import HarnessError, StorageFull, UsageError, is_full

if TYPE_CHECKING:
    import av.container

SUFFIXES = (".mp4", ".gif")
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_film(path: Path, pictures: Iterable[np.ndarray], *, per_second: int) -> int:
    """Writes pictures as a film; the file appears whole or not at all.

    The first picture's size is the film's; others are scaled to fit.

    Args:
        path: ends in .mp4 or .gif.
        pictures: uint8[height, width, 3] each, RGB.
        per_second: pictures per second (GIF players honour at most 50).

    Returns:
        The number of pictures.

    Raises:
        UsageError: another suffix, no picture at all, or it cannot be written there.
        StorageFull: the disk is full.
    """
    check_film(path)
    import av

    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        with av.open(str(part), "w") as container:
            number = (_write_gif if path.suffix.lower() == ".gif" else _write_mp4)(
                container, _alike(pictures), per_second
            )
        if not number:
            raise UsageError(f"{path}: there is no picture to film; choose another --start-s or --length-s")
        os.replace(part, path)
    except OSError as error:
        if is_full(error):
            raise StorageFull(f"{path}: no space for the film; everything else is intact") from error
        if error.errno in _REFUSED:
            raise UsageError(
                f"{path}: cannot write the film ({error.strerror}); choose another place"
            ) from error
        raise HarnessError(f"{path}: cannot write the film: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return number


def check_film(path: Path) -> None:
    """Checks a film's name before anything is played for it.

    Raises:
        UsageError: another suffix than .mp4 or .gif, a folder has that name, or its folder does not exist.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: a film is written as {' or '.join(SUFFIXES)}; give its name such an ending"
        )
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the film otherwise")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")


def _alike(pictures: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The pictures in the first one's size, its sides made even, as H.264 wants them."""
    size: tuple[int, int] | None = None
    for picture in pictures:
        if size is None:
            height, width = picture.shape[:2]
            size = (height + height % 2, width + width % 2)
        yield _fitted(picture, *size)


def _fitted(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns a picture in a frame of that size: as it is, or scaled to fit with black around it."""
    own_height, own_width = picture.shape[:2]
    if (own_height, own_width) == (height, width):
        return picture
    scale = min(height / own_height, width / own_width)
    inner = (max(1, min(width, round(own_width * scale))), max(1, min(height, round(own_height * scale))))
    small = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    frame = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    frame[top : top + inner[1], left : left + inner[0]] = small
    return frame


def _write_mp4(
    container: av.container.OutputContainer, pictures: Iterable[np.ndarray], per_second: int
) -> int:
    import av

    stream: Any = None
    number = 0
    for picture in pictures:
        if stream is None:
            stream = container.add_stream("libx264", rate=per_second)
            stream.height, stream.width = picture.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "20", "preset": "fast"}
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        number += 1
    if stream is not None:
        container.mux(stream.encode())
    return number


def _write_gif(
    container: av.container.OutputContainer, pictures: Iterable[np.ndarray], per_second: int
) -> int:
    """One palette for the whole film, made from all its pictures."""
    import av

    graph: Any = None
    stream: Any = None
    number = 0
    for picture in pictures:
        if graph is None:
            graph = _palette_graph(picture.shape[1], picture.shape[0], per_second)
            stream = container.add_stream("gif", rate=per_second)
            stream.height, stream.width = picture.shape[:2]
            stream.pix_fmt = "pal8"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, per_second)
        graph.push(frame)
        number += 1
    if graph is None:
        return 0
    graph.push(None)
    while True:
        try:
            container.mux(stream.encode(graph.pull()))
        except (av.error.BlockingIOError, av.error.EOFError):
            break
    container.mux(stream.encode())
    return number


def _palette_graph(width: int, height: int, per_second: int) -> Any:
    import av.filter

    graph = av.filter.Graph()
    source = graph.add(
        "buffer", f"video_size={width}x{height}:pix_fmt=rgb24:time_base=1/{per_second}:pixel_aspect=1/1"
    )
    split, palette = graph.add("split"), graph.add("palettegen", "max_colors=128:stats_mode=full")
    use, sink = graph.add("paletteuse", "dither=none:diff_mode=rectangle"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph
