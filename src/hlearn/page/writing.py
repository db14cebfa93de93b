"""Gathers everything and writes the page, whole or not at all."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import StorageFull, UsageError, is_full
from hlearn.evidence.renderers import ready_to_draw
from hlearn.failures import mine, play_mined
from hlearn.failures.detectors import check_detectors
from hlearn.failures.episodes import MinedEpisode, usual_of
from hlearn.failures.mining import FailureGroup
from hlearn.failures.showing import changed_words, failure_lines, show_failure
from hlearn.page.episode import episode_data
from hlearn.page.facts import system_facts
from hlearn.policy.modules import parts_of
from hlearn.records import Program, Split
from hlearn.system import System
from hlearn.tasks.seeds import split_seeds

MOST_BYTES = 20 << 20
_EPISODES = 2
_STEPS = 12_000  # environment steps of each at most
_CLIPS = 3
_FAILURES = 8


class WrittenPage(NamedTuple):
    """What was written."""

    bytes: int
    failures: int
    episodes: int


def check_page(path: Path) -> None:
    """Checks the page's name before anything is played for it.

    Raises:
        UsageError: another suffix, a folder has that name, or its folder does not exist.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path}: the page is written as .html; give its name such an ending")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the page in it, such as {path / 'report.html'}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")


def write_page(
    system: System,
    path: Path,
    *,
    program: Program | None = None,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> WrittenPage:
    """Writes the page of a system.

    Development episodes of its program are played again with traces; nothing of that is charged.

    Args:
        system: which.
        path: the file, .html.
        program: whose failures and episode are shown; the champion where None.
        workers: episodes side by side.
        say: told what is being done.

    Raises:
        UsageError: it cannot be written there.
        StorageFull: the disk is full; nothing is left half written.
    """
    check_page(path)
    program = program or system.working() or system.champion()
    data: dict[str, object] = {"system": system_facts(system), "failures": [], "episodes": [], "source": []}
    episodes: tuple[MinedEpisode, ...] = ()
    groups: tuple[FailureGroup, ...] = ()
    if program is not None:
        say("playing episodes")
        ready_to_draw()
        seeds = split_seeds(Split.DEV, system.config.seed, 0, _EPISODES)
        episodes = play_mined(system.task, program, seeds, system.worlds, max_steps=_STEPS, workers=workers)
        groups = mine(episodes, program, most=_FAILURES)
        say("filming failures")
        data["failures"] = _failures(system, groups, episodes)
        data["detectors"] = _detectors(episodes)
        data["parts"] = _parts(program, episodes)
        data["source"] = [{"path": m.path, "text": m.source} for m in program.modules]
        say("drawing episodes")
        shown = sorted(episodes, key=lambda e: not (groups and e.seed == groups[0].worst.seed))
        data["episodes"] = [episode_data(system.task, e, groups) for e in shown]
    text = _filled(data)
    if len(text) > MOST_BYTES:  # pictures are what is large
        data["episodes"] = data["episodes"][:1]  # type: ignore[index]
        text = _filled(data)
    _write(path, text)
    return WrittenPage(len(text), len(groups), len(episodes))


def _filled(data: dict[str, object]) -> bytes:
    template = files("hlearn.page").joinpath("page.html").read_text(encoding="utf-8")
    packed = json.dumps(data, allow_nan=False, default=str).replace("<", "\\u003c")
    return template.replace("/*DATA*/", packed, 1).encode()


def _failures(
    system: System, groups: tuple[FailureGroup, ...], episodes: tuple[MinedEpisode, ...]
) -> list[dict[str, object]]:
    by_seed = {e.seed: e for e in episodes}
    rows = []
    with tempfile.TemporaryDirectory(prefix="hl-page-") as folder:
        for rank, group in enumerate(groups):
            episode = by_seed[group.worst.seed]
            clip = sheet = None
            if rank < _CLIPS:
                shown = show_failure(
                    Path(folder) / str(rank), system.task, group, episode, system.worlds.current
                )
                clip, sheet = (_data_url(shown.clip, "video/mp4"), _data_url(shown.sheet, "image/png"))
            rows.append(
                {
                    "title": group.title,
                    "said": group.worst.said,
                    "loss": group.loss,
                    "count": group.count,
                    "seed": group.worst.seed,
                    "step": group.worst.step,
                    "changed": [changed_words(c) for c in group.changed],
                    "text": "\n".join(failure_lines(group, episode)),
                    "clip": clip,
                    "sheet": sheet if clip is None else None,
                    "why": f"hl why {system.path} --seed {group.worst.seed} --step {group.worst.step}",
                }
            )
    return rows


def _data_url(path: Path | None, kind: str) -> str | None:
    if path is None or not path.exists():
        return None
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _detectors(episodes: tuple[MinedEpisode, ...]) -> list[list[object]]:
    return [
        [
            c.name,
            round(c.seen, 3),
            c.values,
            c.explained or "-",
            round(c.agreement, 3),
            c.relation.lag,
            c.finding or "ok",
        ]
        for c in check_detectors(episodes, usual_of(episodes))
    ]


def _parts(program: Program, episodes: tuple[MinedEpisode, ...]) -> list[list[object]]:
    counts: dict[str, int] = {}
    for episode in episodes:
        for rule in episode.rules:
            for name in rule.split("+"):
                counts[name] = counts.get(name, 0) + 1
    total = max(sum(e.length for e in episodes), 1)
    try:
        parts = parts_of(program)
    except SyntaxError:
        return []
    return [
        [key.rpartition(".")[2], s.role, counts.get(s.name, 0) / total, s.summary, s.first_line, s.last_line]
        for key, s in parts.items()
    ]


def _write(path: Path, text: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(text)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if is_full(error):
            raise StorageFull(f"{path}: no space for the page; everything else is intact") from error
        raise UsageError(f"{path}: cannot write the page ({error.strerror}); choose another place") from error
