"""``hl doctor``: is this machine fit for it?"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.surroundings import MachineCheck, allowed, folders, kernel, limits, start
from hlearn.cli.words import count

_PACKAGES = {
    "gymnasium": "environments",
    "ale-py": "Atari",
    "mujoco": "MuJoCo environments",
    "numpy": "arrays",
    "opencv-python-headless": "pictures",
    "cmaes": "tuning",
    "av": "films",
    "matplotlib": "figures",
    "pytest": "tests of a system",
}
_OPTIONAL = {
    "Box2D": "Box2D environments (pip install box2d)",
    "pygame": "films of classic control (pip install pygame-ce)",
}
_SPEED_LOW = 5_000  # frames per second
_TEST_S = 1.0


@verb
def doctor(as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Check this machine: packages, ROMs, sandbox, git, limits, folders, kernel, cores, memory, disk, films, speed.

    Exit code 1 if something that hlearn needs is broken.
    """
    screen = console(as_json)
    marks = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "[yellow]note[/yellow]"}
    findings = []
    for finding in _look():
        findings.append(finding)
        screen.print(f"{marks[finding.ok]} {finding.name:<10} ", end="")
        screen.print(finding.detail, markup=False, soft_wrap=True)
    broken = [f for f in findings if f.ok is False]
    screen.print(
        f"{len(broken)} problem{'' if len(broken) == 1 else 's'}."
        if broken
        else "Everything that hlearn needs works."
    )
    data = {
        "ok": not broken,
        "checks": [{"name": f.name, "ok": f.ok, "detail": f.detail, "value": f.value} for f in findings],
    }
    return Answer(data=data, code=NO if broken else DONE)


def _look() -> Iterator[MachineCheck]:
    from hlearn import __version__

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    new_enough = sys.version_info >= (3, 11)
    yield MachineCheck(
        "python",
        new_enough,
        f"{platform.python_version()}, hlearn {__version__}, {system}",
        platform.python_version(),
    )
    checks: tuple[Callable[[], Iterator[MachineCheck]], ...] = (
        *(_packages, _roms, _sandbox, _editors, _clients, _git),
        *(start, limits, folders, kernel, allowed, _films, _speed),
    )
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - a broken machine is what this command is there to describe
            yield MachineCheck(check.__name__.strip("_"), False, f"{type(error).__name__}: {error}")


def _packages() -> Iterator[MachineCheck]:
    import importlib.metadata
    import importlib.util

    found, missing = {}, []
    for name, what in _PACKAGES.items():
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{name} ({what})")
    detail = ", ".join(f"{n} {v}" for n, v in found.items())
    yield MachineCheck(
        "packages", not missing, detail + (f"; MISSING: {', '.join(missing)}" if missing else ""), found
    )
    absent = [what for module, what in _OPTIONAL.items() if importlib.util.find_spec(module) is None]
    if absent:
        yield MachineCheck("optional", None, f"not installed: {', '.join(absent)}", absent)


def _roms() -> Iterator[MachineCheck]:
    from ale_py import roms

    from hlearn.tasks.atari_scores import reference_scores

    present = set(roms.get_all_rom_ids())
    games = reference_scores()
    missing = sorted(set(games) - present)
    detail = f"{len(games) - len(missing)} of the {len(games)} Atari games with reference scores, {len(present)} in all"
    yield MachineCheck(
        "ROMs", not missing, detail + (f"; missing: {', '.join(missing)}" if missing else ""), len(present)
    )


def _sandbox() -> Iterator[MachineCheck]:
    from hlearn.evaluate.sandbox import sandbox_report

    report = sandbox_report()
    layers = [
        "own process and session, resource limits",
        *(["seccomp"] if report.seccomp else []),
        *([f"Landlock {report.landlock}"] if report.landlock else []),
    ]
    detail = ", ".join(layers) + "".join(f"; {note}" for note in report.notes)
    if not report.complete:
        detail += "; programs could reach files or the network here: run only programs that you trust"
    value = {"seccomp": report.seccomp, "landlock": report.landlock, "complete": report.complete}
    yield MachineCheck("sandbox", True if report.complete else None, detail, value)


def _editors() -> Iterator[MachineCheck]:
    from hlearn.system.commands import protection

    report = protection()
    if report.pids:
        detail = "an editor's command sees neither keys, nor the system's own folder, nor other processes"
    elif report.mounts:
        detail = (
            "an editor's command sees neither keys nor the system's own folder, but other processes of yours"
        )
    elif report.fence:
        detail = (
            f"no namespaces, Landlock {report.fence} instead: an editor's command writes into its copy and temporary "
            "files alone, and can read neither keys nor the system's own folder"
        )
    else:
        detail = (
            "no namespaces and no Landlock: an editor's command could read your keys and change the system's own "
            "folder (which is noticed and put back); run only editors that you trust"
        )
    if report.fixed:
        detail += "; it cannot write into hlearn or its Python"
    detail += f"; {report.note}" if report.note else ""
    value = {"mounts": report.mounts, "pids": report.pids, "fixed": report.fixed, "fence": report.fence}
    yield MachineCheck("editors", True if report.mounts or report.fence else None, detail, value)


def _clients() -> Iterator[MachineCheck]:
    """Which clients of coding agents are here; none is needed."""
    from hlearn.editors.agents import CLIENTS

    found = [name for name, client in CLIENTS.items() if client.find() is not None]
    missing = [name for name in CLIENTS if name not in found]
    detail = f"{', '.join(found) or 'none'} here; not installed: {', '.join(missing) or 'none'}"
    yield MachineCheck("agents", True if found else None, detail, found)


def _git() -> Iterator[MachineCheck]:
    binary = shutil.which("git")
    if binary is None:
        yield MachineCheck(
            "git", False, "not installed; hlearn keeps a system's history in it: apt-get install git"
        )
        return
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    yield MachineCheck("git", True, said, said.removeprefix("git version "))


def _films() -> Iterator[MachineCheck]:
    """Which films can be written, and whether MuJoCo can draw for them here."""
    from hlearn.evidence.renderers import mujoco_advice, mujoco_drawing

    films = _encoders()
    drawing = mujoco_drawing()
    how = f"yes (MUJOCO_GL={drawing.backend}, {drawing.chosen})" if drawing.backend else "NO"
    said = ", ".join([*(f"{n} {'yes' if ok else 'NO'}" for n, ok in films.items()), f"of MuJoCo {how}"])
    if not drawing.backend:
        said += f"; {mujoco_advice(drawing=drawing)}"
    fine = all(films.values()) and bool(drawing.backend)
    yield MachineCheck("films", True if fine else None, said, films | {"mujoco": drawing.backend or False})


def _encoders() -> dict[str, bool]:
    import av

    return {name: codec in av.codecs_available for name, codec in (("mp4", "libx264"), ("gif", "gif"))}


_IDLE = """
class Idle:
    def reset(self, seed):
        self.n = 0

    def act(self, observation):
        self.n += 1
        return int(observation[99] > observation[72]) + self.n % 2
"""


def _speed() -> Iterator[MachineCheck]:
    """Frames per second of isolated evaluation on one core, and of the bare emulator beside it."""
    import numpy as np

    from hlearn.evaluate.api import Job
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.records import Program
    from hlearn.tasks import open_environment, resolve_task

    task = resolve_task("ALE/Breakout-v5", protocol="article")
    program = Program(source=_IDLE)
    environment = open_environment(task)
    out = np.zeros(environment.observation.shape, environment.observation.dtype)
    environment.reset(0, out)
    bare, began = 0, time.perf_counter()
    while time.perf_counter() - began < _TEST_S / 2:
        for step in range(100):
            if environment.step(step % 2, out)[1]:
                environment.reset(0, out)
        bare += 100
    bare_rate = bare / (time.perf_counter() - began)
    environment.close()
    with IsolatedEvaluator(task) as evaluator:
        evaluator.run([Job(program=program, seed=0, max_steps=100)])
        frames, began = 0, time.perf_counter()
        while time.perf_counter() - began < _TEST_S / 2:
            outcome = evaluator.run([Job(program=program, seed=0, max_steps=5_000)])[0].outcome
            frames += outcome.env_steps
        rate = frames / (time.perf_counter() - began)
    yield MachineCheck(
        "speed",
        True if rate >= _SPEED_LOW else None,
        f"{count(round(rate))} Breakout frames per second in the sandbox on one core, {count(round(bare_rate))} bare",
        {"isolated": round(rate), "bare": round(bare_rate)},
    )
