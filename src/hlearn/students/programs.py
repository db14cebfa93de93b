"""Programs around a student's network: the student itself, and the teacher that watches it."""

from __future__ import annotations

from hlearn.program import Program, ProgramFile

GRAPH = "student.onnx"

_STUDENT = '''"""A network, taught by the program {teacher}.

It sees the last {frames} observation(s); its graph is the asset {graph}. Written by hlearn.
"""

from hlearn.parts.network import Network
from hlearn.policy import asset


class Student:
    """Does what the network says."""

    def __init__(self):
        self.network = Network(asset("{graph}"), frames={frames})
        self.said = {{}}

    def reset(self, seed):
        self.network.clear()

    def act(self, observation):
        self.said = self.network.all(observation)
        return {action}

    def trace(self):
        return {{"rule": "network", **self.said}}
'''
_TAUGHT = '''

# Added by hlearn to teach a network: the policy above says what it would do, the network acts.
from hlearn.parts.network import Network as _Network
from hlearn.policy import asset as _asset
from hlearn.policy import find_policy as _find_policy
from hlearn.policy.imitation import Taught as _Taught

_TEACHER = _find_policy(dict(globals()), "policy")


class Policy(_Taught):
    """The network acts; the policy above is asked at every step."""

    def __init__(self):
        network = {network}
        super().__init__(_TEACHER(), network, share={share!r}, discrete={discrete!r})
'''


def student_program(graph: bytes, teacher: Program, *, frames: int, discrete: bool) -> Program:
    """The student as a program.

    Args:
        graph: its network, ONNX.
        teacher: named in its docstring, and its parent.
        frames: observations that it sees at once.
        discrete: whether the network scores discrete actions.
    """
    first = "next(iter(self.said.values()))"
    action = f"int({first}.argmax())" if discrete else first
    source = _STUDENT.format(teacher=teacher.sha256[:12], frames=frames, graph=GRAPH, action=action)
    return Program(source=source, parent=teacher.sha256, files=(ProgramFile(path=GRAPH, data=graph),))


def taught(teacher: Program, graph: bytes | None, *, frames: int, share: float, discrete: bool) -> Program:
    """The teacher with a network that acts in all but ``share`` of the decisions; alone without a network."""
    network = "None" if graph is None else f'_Network(_asset("{GRAPH}"), frames={frames})'
    source = teacher.source.rstrip() + "\n" + _TAUGHT.format(network=network, share=share, discrete=discrete)
    own = () if graph is None else (ProgramFile(path=GRAPH, data=graph),)
    return Program(source=source, parent=teacher.sha256, files=(*teacher.files, *own))
