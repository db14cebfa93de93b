"""What draws without a display: settings of SDL and MuJoCo, made before they are loaded."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_HIDDEN = (("egl", "libEGL.so.1"), ("osmesa", "libOSMesa.so.8"), ("osmesa", "libOSMesa.so"))
_TRY_S = 60.0
# A picture of a white box: whoever draws it has an OpenGL that works.
_TRY = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    "<mujoco><worldbody><light pos='0 0 3'/><geom type='box' size='1 1 1'/></worldbody></mujoco>"
)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
context = mujoco.GLContext(64, 64)
context.make_current()
drawer = mujoco.Renderer(model, 64, 64)
drawer.update_scene(data)
picture = drawer.render()
print("drawn" if picture.max() > picture.min() else "blank", flush=True)
import os
os._exit(0)
"""


class MujocoDrawing(NamedTuple):
    """How MuJoCo can draw here.

    Attributes:
        backend: value of MUJOCO_GL that works, "" where none does.
        chosen: "set" by the environment, "found" by trying.
        why: where none works, what was tried and what it said.
    """

    backend: str
    chosen: str
    why: str


def ready_to_draw() -> None:
    """Sets what is unset, for this process, so that pictures are drawn into memory; before an environment is opened.

    SDL (pygame) is to look for no display. MuJoCo is to use EGL, else OSMesa, where there is no display and one of
    these libraries is there.
    """
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if "MUJOCO_GL" not in os.environ and not any(os.environ.get(name) for name in _DISPLAYS):
        for backend, library in _HIDDEN:
            if _loads(library):
                os.environ["MUJOCO_GL"] = backend
                return


def mujoco_drawing(environ: Mapping[str, str] | None = None) -> MujocoDrawing:
    """Tries, in processes of their own, how MuJoCo can draw here: what is set, or a display's, EGL, OSMesa."""
    environ = os.environ if environ is None else environ
    if environ.get("MUJOCO_GL"):
        backend = environ["MUJOCO_GL"]
        said = _try(backend, environ)
        return MujocoDrawing("" if said else backend, "set", f"{backend}: {said}" if said else "")
    display = any(environ.get(name) for name in _DISPLAYS)
    tried = []
    for backend in (*(("glfw",) if display else ()), "egl", "osmesa"):
        said = _try(backend, environ)
        if not said:
            return MujocoDrawing(backend, "found", "")
        tried.append(f"{backend}: {said}")
    return MujocoDrawing("", "found", "; ".join(tried))


def mujoco_advice(*, drawing: MujocoDrawing | None = None) -> str:
    """What to do where MuJoCo draws nothing, in one sentence."""
    drawing = drawing or mujoco_drawing({k: v for k, v in os.environ.items() if k != "MUJOCO_GL"})
    if drawing.backend:
        return f"set MUJOCO_GL={drawing.backend}, which works here"
    return (
        f"MuJoCo needs an OpenGL that draws without a display, and none works here ({drawing.why}): install one "
        "(apt-get install libegl1 libgl1, or libosmesa6) and set MUJOCO_GL=egl or osmesa"
    )


def _try(backend: str, environ: Mapping[str, str]) -> str:
    """Returns "" where MuJoCo draws with that backend, else what went wrong."""
    env = dict(environ) | {"MUJOCO_GL": backend}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {_TRY_S:g} s"
    if b"drawn" in done.stdout:
        return ""
    if b"blank" in done.stdout:
        return "draws blank pictures"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:160] if lines else f"its process ended with status {done.returncode}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
