"""A skill as one file, NAME.hlskill: a zip archive with a manifest, the module, its assets, tests and cases."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hlearn import __version__
from hlearn.errors import OutputExists, SchemaTooNew, UsageError
from hlearn.foreign_text import safe_line
from hlearn.policy.skills import Skill, read_skill
from hlearn.program import MOST_BYTES, Program, ProgramFile
from hlearn.system import System
from hlearn.system.cases import parse_case
from hlearn.tasks.environment import Description, Discrete
from hlearn.tasks.registry import describe
from hlearn.tasks.task import Task

SUFFIX = ".hlskill"
SCHEMA = 1
_MANIFEST = "manifest.json"
_MOST_FILES = 64
_MOST_PACKED = 4 * MOST_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a skill needs and where it comes from.

    Attributes:
        name: of the skill.
        shape: of the observation.
        dtype: of the observation.
        access: what is observed.
        actions: discrete actions, 0 where actions are vectors.
        components: of an action that is a vector, 0 where actions are discrete.
        parts: named stretches of the observation, as ``name:start:size``.
        achieves: in words.
        expects: in words.
        env_id: where it was learnt.
        protocol: how episodes were run there.
        program: SHA-256 of the program that it comes from.
        trials: from which trials.
        version: of hlearn.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    access: str
    actions: int
    components: int
    parts: tuple[str, ...]
    achieves: str
    expects: str
    env_id: str
    protocol: str
    program: str
    trials: tuple[int, ...]
    version: str

    def misfits(self, task: Task, description: Description) -> list[str]:
        """Why the skill cannot act in a task, one line each."""
        seen, acts = description.observation, description.actions
        found = []
        if (self.access, self.shape, self.dtype) != (task.access.value, seen.shape, seen.dtype):
            found.append(
                f"it sees {self.dtype}{list(self.shape)} (access {self.access}), {task.env_id} shows "
                f"{seen.dtype}{list(seen.shape)} (access {task.access.value})"
            )
        n = acts.n if isinstance(acts, Discrete) else 0
        size = 0 if isinstance(acts, Discrete) else len(acts.low)
        if (self.actions, self.components) != (n, size):
            found.append(
                f"it gives {_actions(self.actions, self.components)}, {task.env_id} takes {_actions(n, size)}"
            )
        named = parts_of_observation(description)
        if self.parts and named and self.parts != named:
            found.append(f"it knows {', '.join(self.parts[:8])}, {task.env_id} has {', '.join(named[:8])}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A skill file that was read.

    Attributes:
        manifest: what it says of itself.
        skill: its module and assets.
        tests: text by file name.
        cases: text by file name.
        sha256: of the file.
    """

    manifest: Manifest
    skill: Skill
    tests: Mapping[str, str]
    cases: Mapping[str, str]
    sha256: str


def _actions(discrete: int, components: int) -> str:
    return f"one of {discrete} discrete actions" if discrete else f"{components} floats"


def parts_of_observation(description: Description) -> tuple[str, ...]:
    """Named stretches of an observation as a manifest has them."""
    return tuple(f"{p.name}:{p.start}:{p.size}" for p in description.observation.parts)


def export_skill(system: System, program: Program, skill: Skill, path: Path) -> Packed:
    """Writes a skill with its tests (``tests/test_skill_NAME*.py``) and cases (``cases/skill-NAME-*.json``).

    Args:
        system: where the tests and cases lie.
        program: whose skill it is.
        skill: what is written.
        path: the file; it appears whole or not at all.

    Raises:
        OutputExists: something is there.
        UsageError: it cannot be written there.
    """
    if os.path.lexists(path):
        raise OutputExists(f"{path} exists; name another file, or remove it")
    task, description = system.task, describe(system.task)
    acts, seen = description.actions, description.observation
    manifest = Manifest(
        name=skill.name,
        shape=seen.shape,
        dtype=seen.dtype,
        access=task.access.value,
        actions=acts.n if isinstance(acts, Discrete) else 0,
        components=0 if isinstance(acts, Discrete) else len(acts.low),
        parts=parts_of_observation(description),
        achieves=skill.achieves,
        expects=skill.expects,
        env_id=task.env_id,
        protocol=task.protocol.value,
        program=program.sha256,
        trials=skill.trials,
        version=__version__,
    )
    judged = system.judged.committed() | system.judged.added()
    files = {f"skill/{f.path.partition('/')[2]}": f.data for f in skill.files}
    for name, data in judged.items():
        folder, _, file = name.partition("/")
        if folder == "tests" and is_test_of(file, skill.name):
            files[f"tests/{file}"] = data
        elif folder == "cases" and file.startswith(f"skill-{skill.name}-"):
            files[f"cases/{file}"] = _portable(data)
    packed = _pack(manifest, files)
    _write_whole(path, packed)
    return _unpack(path, packed)


def is_test_of(file: str, name: str) -> bool:
    """Whether a file below ``tests/`` belongs to a skill."""
    return file == f"test_skill_{name}.py" or (
        file.startswith(f"test_skill_{name}_") and file.endswith(".py")
    )


def read_packed(path: Path) -> Packed:
    """Reads a skill file.

    Raises:
        UsageError: it is none, or is damaged: a file does not match its hash.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        if path.stat().st_size > _MOST_PACKED:
            raise UsageError(f"{path} has more than {_MOST_PACKED} bytes; that is no skill")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}); name a file that hl skill export wrote"
        ) from None
    return _unpack(path, data)


def _portable(case: bytes) -> bytes:
    """A case without the key of the system that it comes from; labels mean other episodes elsewhere."""
    data = json.loads(case)
    return json.dumps({k: v for k, v in data.items() if k not in ("key", "trial")}, indent=2).encode()


def _pack(manifest: Manifest, files: Mapping[str, bytes]) -> bytes:
    told = {name: getattr(manifest, name) for name in Manifest.__slots__}
    told |= {"schema": SCHEMA, "files": {n: hashlib.sha256(d).hexdigest() for n, d in sorted(files.items())}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            (_MANIFEST, json.dumps(told, indent=2).encode()),
            *sorted(files.items()),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)  # the same bytes whenever it is written
    return buffer.getvalue()


def _unpack(path: Path, packed: bytes) -> Packed:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            infos = archive.infolist()
            if len(infos) > _MOST_FILES or sum(i.file_size for i in infos) > _MOST_PACKED:
                raise UsageError(f"{path} holds too much for a skill")
            files = {i.filename: archive.read(i) for i in infos}
        told = json.loads(files.pop(_MANIFEST))
        schema, hashes = int(told.pop("schema")), dict(told.pop("files"))
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise UsageError(
            f"{path} is no skill ({safe_line(str(error), 100)}); name a file that hl skill export wrote"
        ) from None
    if schema > SCHEMA:
        raise SchemaTooNew(f"{path} has schema {schema}, this hlearn reads up to {SCHEMA}: upgrade hlearn")
    for name, data in files.items():
        if hashes.get(name) != hashlib.sha256(data).hexdigest():
            raise UsageError(
                f"{path}: {safe_line(name, 80)} does not match its hash; the file is damaged, export it again"
            )
    if missing := sorted(set(hashes) - set(files)):
        raise UsageError(f"{path} lacks {safe_line(missing[0], 80)}; the file is damaged, export it again")
    try:
        manifest = _manifest(told)
        skill = _skill(manifest.name, files)
        tests = {n.partition("/")[2]: d.decode() for n, d in files.items() if n.startswith("tests/")}
        cases = {n.partition("/")[2]: d.decode() for n, d in files.items() if n.startswith("cases/")}
        for name, text in cases.items():
            parse_case(name, text.encode())
        wrong = [n for n in tests if not is_test_of(n, manifest.name)]
        wrong += [n for n in cases if "/" in n or not n.startswith(f"skill-{manifest.name}-")]
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"{path} is no skill: {safe_line(str(error), 300)}") from None
    if wrong:
        raise UsageError(f"{path}: {safe_line(wrong[0], 80)} is not named after the skill {manifest.name}")
    return Packed(
        manifest=manifest, skill=skill, tests=tests, cases=cases, sha256=hashlib.sha256(packed).hexdigest()
    )


def _manifest(told: Mapping[str, object]) -> Manifest:
    values = {name: told[name] for name in Manifest.__slots__}
    texts = ("name", "dtype", "access", "achieves", "expects", "env_id", "protocol", "program", "version")
    for name in texts:
        if not isinstance(values[name], str):
            raise TypeError(f"{name} of the manifest is no text")
        values[name] = safe_line(str(values[name]), 500)
    for name, kind in (("shape", int), ("trials", int), ("parts", str)):
        value = values[name]
        if not isinstance(value, list) or not all(type(v) is kind for v in value):
            raise TypeError(f"{name} of the manifest is no list of the right kind")
        values[name] = tuple(value)
    for name in ("actions", "components"):
        if type(values[name]) is not int:
            raise TypeError(f"{name} of the manifest is no number")
    return Manifest(**values)  # type: ignore[arg-type]


def _skill(name: str, files: Mapping[str, bytes]) -> Skill:
    own = {n.partition("/")[2]: d for n, d in files.items() if n.startswith("skill/")}
    source = own.pop(f"{name}.py").decode()
    others = tuple(ProgramFile(path=f"skills/{n}", data=d) for n, d in own.items())
    if any(f.is_module for f in others):
        raise ValueError(f"skill {name} brings other modules; it must stand alone")
    whole = Program(source="", files=(ProgramFile(path=f"skills/{name}.py", data=source.encode()), *others))
    return read_skill(name, source, whole)


def _write_whole(path: Path, data: bytes) -> None:
    try:
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.part-", dir=path.absolute().parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot write there ({error.strerror}); choose another place") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
