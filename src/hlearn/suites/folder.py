"""A suite's folder: its tracks' systems, and what became of each.

::

    DIR/suite.toml          the file that it was made from
    DIR/suite.json          what decides its tracks (a digest), the versions that measure, the id of its key
    DIR/tracks/NAME/        the system of a track, as hl learn leaves it
    DIR/state/NAME.json     what became of a track; written whole or not at all
    DIR/progress/NAME.json  where a running track stands
    DIR/logs/NAME.txt       what its last sitting said
    DIR/driver.lock         held while a driver works on it

The folder may lie on a file system that several machines share: it needs atomic renames within a folder, locks
(flock) for
the ledgers and the driver, and that a file that was synced is seen by the others.
"""

from __future__ import annotations

import json
import os
import platform
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hlearn import __version__
from hlearn.errors import OutputExists, SchemaTooNew, UsageError
from hlearn.ledger.locking import lock
from hlearn.suites.suite import SCHEMA, Suite, Track, read_suite
from hlearn.trust import Key
from hlearn.trust.store import KeyStore, fresh_key

_DECIDING = ("ale-py", "gymnasium", "mujoco", "numpy")  # packages whose versions decide an episode's bits


class TrackStatus(StrEnum):
    """Where a track stands."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"  # begun, not ended, and nobody works on it
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackState:
    """What became of a track so far.

    Attributes:
        result: the object of ``hl learn --json``, None before its end.
        reason: why it failed, in the words of the command.
        steps: environment steps spent, as far as they are known.
        best_dev: best development episode so far.
        champion_score: the champion's mean on gate seeds.
        attempts: sittings that failed.
    """

    track: Track
    status: TrackStatus
    result: Mapping[str, Any] | None = None
    reason: str | None = None
    steps: int = 0
    best_dev: float | None = None
    champion_score: float | None = None
    attempts: int = 0


def versions() -> dict[str, str]:
    """The versions that decide an episode's bits on this machine."""
    return {"hlearn": __version__, "python": platform.python_version(), **{n: version(n) for n in _DECIDING}}


class SuiteFolder:
    """A folder that holds a suite.

    Args:
        path: where.

    Attributes:
        suite: what it holds.
        key: decides, with a track's seed, what every episode is really seeded with.
    """

    def __init__(self, path: Path, suite: Suite, key: Key) -> None:
        self.path, self.suite, self.key = path, suite, key

    @classmethod
    def create(cls, path: Path, suite: Suite, *, key: Key | None = None) -> SuiteFolder:
        """Makes a new folder, or opens the one that holds this very suite already.

        Raises:
            OutputExists: the folder holds something else.
            UsageError: it holds another suite, was measured with other versions, or its key is not on this machine.
        """
        if (path / "suite.json").exists():
            return cls.open(path, suite=suite)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise OutputExists(f"{path} exists and holds no suite; choose another folder by --out")
        key = key or fresh_key()
        KeyStore().keep(key)
        for name in ("tracks", "state", "progress", "logs"):
            (path / name).mkdir(parents=True, exist_ok=True)
        (path / "suite.toml").write_text(suite.text, encoding="utf-8")
        about = {"schema": SCHEMA, "name": suite.name, "digest": suite.digest, "key": key.id}
        about |= {"title": suite.title, "steps": suite.steps, "versions": versions()}
        about["tracks"] = [track.as_json() for track in suite.tracks]
        write_whole(path / "suite.json", about)
        return cls(path, suite, key)

    @classmethod
    def open(cls, path: Path, *, suite: Suite | None = None, reading: bool = False) -> SuiteFolder:
        """Opens a folder.

        Args:
            path: where.
            suite: what it must hold; None for whatever it holds.
            reading: only look: neither key nor versions matter.

        Raises:
            UsageError: there is none, or as :meth:`create`.
        """
        about = _about(path)
        held = suite or (_as_created(path, about) if reading else None)
        held = held or read_suite(path / "suite.toml", steps=about.get("steps"))
        if held.digest != about["digest"]:
            raise UsageError(
                f"{path} holds the suite {about['name']} with other tracks than {held.name}; choose another --out"
            )
        if reading:
            return cls(path, held, Key(bytes(32)))
        if (before := about["versions"]) != (now := versions()):
            other = ", ".join(
                f"{n} {before.get(n)} then, {v} now" for n, v in now.items() if before.get(n) != v
            )
            raise UsageError(
                f"{path} was measured with other versions, which do not mix: {other}; "
                "install those, or start a new --out"
            )
        key = KeyStore().find(about["key"])
        if key is None:
            raise UsageError(
                f"the key {about['key']} of {path} is not on this machine; copy its file into {KeyStore().folder}"
            )
        return cls(path, held, key)

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Holds the folder for one driver.

        Raises:
            UsageError: another one works on it.
        """
        where = self.path / "driver.lock"
        fd = os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not lock(fd, where, wait_s=0.0):
                who = os.pread(fd, 200, 0).decode("utf-8", "replace").strip()
                raise UsageError(
                    f"another driver ({who or 'unknown'}) runs {self.path}; watch it with: hl suite status"
                )
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{socket.gethostname()}, process {os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(fd)

    @property
    def measured_with(self) -> dict[str, str]:
        """The versions that its tracks are measured with."""
        return {str(k): str(v) for k, v in _about(self.path)["versions"].items()}

    @property
    def is_driven(self) -> bool:
        """Whether a driver works on it now."""
        try:
            fd = os.open(self.path / "driver.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not lock(fd, self.path / "driver.lock", wait_s=0.0)
        finally:
            os.close(fd)

    def system(self, track: Track) -> Path:
        """The folder of a track's system."""
        return self.path / "tracks" / track.name

    def log(self, track: Track) -> Path:
        """What a track's last sitting said."""
        return self.path / "logs" / f"{track.name}.txt"

    def progress(self, track: Track) -> Path:
        """Where a running track says how far it is."""
        return self.path / "progress" / f"{track.name}.json"

    def states(self) -> list[TrackState]:
        """What became of every track, in the suite's order."""
        driven = self.is_driven
        return [self._state(track, driven) for track in self.suite.tracks]

    def state(self, track: Track) -> TrackState:
        """What became of a track."""
        return self._state(track, self.is_driven)

    def note(
        self, track: Track, status: TrackStatus, *, result: Any = None, reason: str | None = None
    ) -> None:
        """Writes down what became of a track.

        Raises:
            OSError: it cannot be written; what stood there before is intact.
        """
        path = self.path / "state" / f"{track.name}.json"
        if isinstance(result, Mapping) and "system" in result:  # the folder may be copied to another machine
            result = {**result, "system": os.path.relpath(result["system"], self.path)}
        attempts = _read(path).get("attempts", 0) + (status is TrackStatus.FAILED)
        write_whole(path, {"status": status.value, "result": result, "reason": reason, "attempts": attempts})

    def _state(self, track: Track, driven: bool) -> TrackState:
        noted = _read(self.path / "state" / f"{track.name}.json")
        status = TrackStatus(noted.get("status", "waiting"))
        if status is TrackStatus.RUNNING and not driven:
            status = TrackStatus.STOPPED
        result, seen = noted.get("result"), _read(self.progress(track))
        told = result or {}
        return TrackState(
            track=track,
            status=status,
            result=result,
            reason=noted.get("reason"),
            steps=told.get("env_steps", seen.get("env_steps", 0)),
            best_dev=told.get("best_dev", seen.get("best_dev")),
            champion_score=seen.get("champion_score"),
            attempts=noted.get("attempts", 0),
        )


def asked_steps(path: Path) -> int | None:
    """The steps that a suite's folder was started with instead of its file's; None where there is no such folder."""
    steps = _read(path / "suite.json").get("steps")
    return steps if isinstance(steps, int) else None


def write_whole(path: Path, data: Mapping[str, Any]) -> None:
    """Writes a JSON file whole or not at all, and onto the disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _as_created(path: Path, about: Mapping[str, Any]) -> Suite | None:
    """The suite as its folder was made, without a look at the environments; None in folders of an older hlearn."""
    if "tracks" not in about:
        return None
    try:
        tracks = tuple(Track.from_json(data) for data in about["tracks"])
        text = (path / "suite.toml").read_text(encoding="utf-8")
        name, title = str(about["name"]), str(about["title"])
    except (KeyError, TypeError, ValueError, OSError):
        return None
    return Suite(name=name, title=title, tracks=tracks, text=text, steps=about.get("steps"))


def _about(path: Path) -> dict[str, Any]:
    if not (path / "suite.json").exists():
        raise UsageError(
            f"{path} holds no suite (no suite.json); start one with: hl suite run NAME --out {path}"
        )
    about = _read(path / "suite.json")
    if about.get("schema", 0) > SCHEMA:
        raise SchemaTooNew(
            f"{path} is of schema {about['schema']}, this hlearn knows {SCHEMA}; upgrade hlearn"
        )
    if not {"name", "digest", "key", "versions"} <= about.keys():
        raise UsageError(f"{path / 'suite.json'} is damaged; restore it, or start a new folder")
    return about


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
