"""How a program looks: the policy interface, the structured base class, and reading programs as source.

Comes in: programs, parts, the sandbox's child. Imports nothing of hlearn but errors and records.
"""

from hlearn.policy.assets import asset
from hlearn.policy.base import Policy, find_policy
from hlearn.policy.dispatch import DispatchPolicy
from hlearn.policy.drawing import Drawn
from hlearn.policy.joystick import JoystickPolicy, horizontal, trigger, vertical
from hlearn.policy.model import simulator
from hlearn.policy.rules import ComposedPolicy, Param, RulePolicy, State, controller, detect, reflex, rule

__all__ = [
    "ComposedPolicy",
    "DispatchPolicy",
    "Drawn",
    "JoystickPolicy",
    "Param",
    "Policy",
    "RulePolicy",
    "State",
    "asset",
    "controller",
    "detect",
    "find_policy",
    "horizontal",
    "reflex",
    "rule",
    "simulator",
    "trigger",
    "vertical",
]
