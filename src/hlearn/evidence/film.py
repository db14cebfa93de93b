"""Pictures into a film: MP4 (H.264) or GIF, by the file's suffix; with PyAV, which brings its own encoders."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hlearn.errors import HarnessError, StorageFull, UsageError

if TYPE_CHECKING:
    import av.container

SUFFIXES = (".mp4", ".gif")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_film(path: Path, pictures: Iterable[np.ndarray], *, per_second: int) -> int:
    """Writes pictures as a film; the file appears whole or not at all.

    Args:
        path: ends in .mp4 or .gif.
        pictures: uint8[height, width, 3] each, RGB, all of one size with even sides.
        per_second: pictures per second (GIF players honour at most 50).

    Returns:
        The number of pictures.

    Raises:
        UsageError: another suffix, or it cannot be written there.
        StorageFull: the disk is full.
    """
    check_film(path)
    import av

    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        with av.open(str(part), "w") as container:
            number = (_write_gif if path.suffix.lower() == ".gif" else _write_mp4)(
                container, pictures, per_second
            )
        os.replace(part, path)
    except OSError as error:
        if error.errno in _FULL:
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
