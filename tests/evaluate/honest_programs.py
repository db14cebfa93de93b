# ruff: noqa: E501, RUF001
"""Honest programs of unusual style, all of which walk the corridor: none may be refused.

Each is what a person or an agent may well write; ``obs`` is position and goal, 2 walks right and 1 left.
"""

from __future__ import annotations

import textwrap

_DECIDE = "return 2 if obs[1] > obs[0] else 1"


def _plain(body: str = "pass", top: str = "", end: str = "", returns: str = _DECIDE) -> str:
    lines = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    return (
        f"{textwrap.dedent(top)}\nclass Walk:\n    def reset(self, seed):\n        self.t = 0\n\n"
        f"    def act(self, obs):\n{lines}\n        {returns}\n\n{textwrap.dedent(end)}"
    )


HONEST = {
    "two names for one class": _plain(end="Policy = Walk\nAgent = Policy\n"),
    "byte order mark": "\ufeff" + _plain(),
    "byte order mark and Windows line ends": "\ufeff" + _plain().replace("\n", "\r\n"),
    "old Macintosh line ends": _plain().replace("\n", "\r"),
    "np.char": _plain("np.char.upper(np.array(['a']))", "import numpy as np\n"),
    "np.strings": _plain("np.strings.upper(np.array(['a']))", "import numpy as np\n"),
    "np.rec": _plain("np.rec.array([(1, 2.0)])", "import numpy as np\n"),
    "np.typing": _plain("x: np.typing.NDArray = obs", "import numpy as np\n"),
    "np.ma, np.fft and friends": _plain(
        "np.ma.masked_less(obs, 0).mean(); np.fft.rfft(obs); np.linalg.norm(obs); np.polynomial.Polynomial([1, 2])(1); "
        "np.emath.sqrt(-1); np.random.default_rng(1).normal(); np.exceptions.AxisError; np.dtypes.Float64DType",
        "import numpy as np\n",
    ),
    "a variable named input": _plain("input = obs\ninput[0]"),
    "a parameter named open": _plain(top="def door(open=False):\n    return open\n\n", body="door(open=True)"),
    "a function named eval": _plain(top="def eval(board):\n    return len(board)\n\n", body="eval([1, 2])"),
    "methods named open, compile and exec": (
        "class Walk:\n    def reset(self, seed):\n        self.compile()\n    def compile(self): pass\n"
        "    def exec(self, obs): return obs[1] > obs[0]\n    def open(self, obs): return self.exec(obs)\n"
        "    def act(self, obs):\n        return 2 if self.open(obs) else 1\n"
    ),
    "a 0-d array": _plain(top="import numpy as np\n", returns="return np.where(obs[1] > obs[0], 2, 1)"),
    "numpy integers": _plain(top="import numpy as np\n", returns="return np.argmax([0, obs[0] > obs[1], obs[1] > obs[0]])"),
    "an IntEnum": _plain(
        top="import enum\n\n\nclass Move(enum.IntEnum):\n    STAY = 0\n    LEFT = 1\n    RIGHT = 2\n\n",
        returns="return Move.RIGHT if obs[1] > obs[0] else Move.LEFT",
    ),
    "enum, auto and Flag": _plain(
        "Mode.SEEK | Mode.HOLD",
        top="from enum import Flag, auto\n\n\nclass Mode(Flag):\n    SEEK = auto()\n    HOLD = auto()\n\n",
    ),
    "slots": "class Walk:\n    __slots__ = ('t',)\n    def __init__(self):\n        self.t = 0\n"
    f"    def reset(self, seed):\n        self.t = 0\n    def act(self, obs):\n        self.t += 1\n        {_DECIDE}\n",
    "the policy is a dataclass with slots": (
        "from __future__ import annotations\nfrom dataclasses import dataclass, field\n\n\n"
        "@dataclass(slots=True)\nclass Walk:\n    seen: list[float] = field(default_factory=list)\n"
        f"    def reset(self, seed: int) -> None:\n        self.seen.clear()\n    def act(self, obs):\n        {_DECIDE}\n"
    ),
    "frozen dataclasses, replace and ordering": _plain(
        "replace(State(1, 2), x=3) < State(4, 5)",
        "from dataclasses import dataclass, replace\n\n\n@dataclass(frozen=True, order=True, kw_only=False)\n"
        "class State:\n    x: int\n    y: int = 0\n\n",
    ),
    "a match statement": _plain(
        top="from typing import NamedTuple\n\n\nclass Seen(NamedTuple):\n    at: float\n    goal: float\n\n",
        body="""
        match Seen(*obs):
            case Seen(at=at, goal=goal) if goal > at:
                return 2
            case Seen(at=_) | {'goal': _}:
                return 1
            case [_, *rest]:
                return 1
            case input:
                return 0
        """,
    ),
    "a script below the class": _plain(
        end="""
        if __name__ == "__main__":
            import gymnasium as gym
            env = gym.make("hlearn.testing.toys:Corridor-v0")
            print(open("notes.txt").read(), eval("1"))
        """
    ),
    "imports for type checkers": _plain(
        top="from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from gymnasium import Env\n    import torch\n\n",
    ),
    "imports that may fail": _plain(
        top="try:\n    from numba import njit\nexcept ImportError:\n    njit = lambda f: f\n"
        "try:\n    import scipy.signal\nexcept Exception as error:\n    assert 'scipy' in str(error)\n    scipy = None\n",
        body="njit(abs)(1)\nassert scipy is None",
    ),
    "a protocol of its own": _plain(
        top="from typing import Protocol\n\n\nclass Policy(Protocol):\n    def reset(self, seed): ...\n"
        "    def act(self, obs): ...\n\n",
    ),
    "an abstract base that nobody inherits": _plain(
        top="from abc import ABC, abstractmethod\n\n\nclass Player(ABC):\n    @abstractmethod\n"
        "    def reset(self, seed): ...\n    @abstractmethod\n    def act(self, obs): ...\n\n",
    ),
    "generics and type aliases": _plain(
        top="from typing import Generic, TypeAlias, TypeVar\nfrom collections.abc import Callable, Iterator\n"
        "T = TypeVar('T')\nRule: TypeAlias = Callable[[list[float]], int | None]\n\n\n"
        "class Ring(Generic[T]):\n    def __init__(self, n: int) -> None:\n        self.items: list[T] = []\n\n",
        body="Ring[int](3)",
    ),
    "several policies, the last one chosen": (
        "class Left:\n    def reset(self, seed): pass\n    def act(self, obs): return 1\n\n\n"
        "class Right:\n    def reset(self, seed): pass\n    def act(self, obs): return 2\n\n\n"
        "class Both:\n    def __init__(self):\n        self.left, self.right = Left(), Right()\n"
        "    def reset(self, seed):\n        self.left.reset(seed), self.right.reset(seed)\n"
        "    def act(self, obs):\n        return (self.right if obs[1] > obs[0] else self.left).act(obs)\n\n\n"
        "Policy = Both\n"
    ),
    "nested classes": (
        "class Walk:\n    class State:\n        x = 0\n        class Deeper:\n            y = 1\n"
        f"    def reset(self, seed):\n        self.s = self.State()\n    def act(self, obs):\n        {_DECIDE}\n"
    ),
    "a generator that plays": (
        "class Walk:\n    def reset(self, seed):\n        self.play = self.plan()\n        next(self.play)\n"
        "    def plan(self):\n        obs = yield\n        while True:\n"
        "            obs = yield (2 if obs[1] > obs[0] else 1)\n"
        "    def act(self, obs):\n        return self.play.send(obs)\n"
    ),
    "walrus, stars and lambdas": _plain(
        """
        first, *rest = obs
        if (gap := rest[-1] - first) > 0:
            return (lambda *a, **k: a[0])(2, *rest, **{'x': 1})
        """
    ),
    "letters of all kinds": _plain(
        top="# Grüße, 世界 🎮\nGRÖSSE = 'naïve – “quoted”'\nπ = 3.14159\n\n",
        body="weg = obs[1] - obs[0]; größe = abs(weg) * π; f'{größe:.2f} → {GRÖSSE!r}'",
    ),
    "tables of constants": _plain(
        top="TABLE = {(a, b): 2 if b > a else 1 for a in range(21) for b in range(21)}\nW = [[0.1] * 64 for _ in range(64)]\n\n",
        returns="return TABLE[int(obs[0]), int(obs[1])]",
    ),
    "much of the standard library": _plain(
        top="""
        import abc, array, base64, bisect, cmath, collections, contextlib, copy, decimal, difflib, fractions, functools
        import graphlib, heapq, itertools, json, math, numbers, operator, pprint, random, re, statistics, string, struct
        import textwrap, types, typing, unicodedata, warnings, weakref, zlib
        from string import Template
        from functools import cached_property, lru_cache, partial, singledispatch, total_ordering
        from itertools import pairwise, starmap, zip_longest

        @singledispatch
        def show(x): return str(x)
        @show.register
        def _(x: int): return f"int {x}"
        @lru_cache(maxsize=None)
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        """,
        body="""
        statistics.NormalDist(0, 1).inv_cdf(0.3); statistics.quantiles([1, 2, 3, 4]); decimal.Decimal("1.1").sqrt()
        fractions.Fraction(1, 3) + 1; Template("$x").substitute(x=1); re.sub(r"(?P<n>\\d+)", r"<\\g<n>>", "a1")
        textwrap.fill("word " * 30, 20); heapq.nsmallest(2, [3, 1, 2]); bisect.bisect_left([1, 2, 3], 2); show(1); fib(20)
        json.loads(json.dumps({"a": [1, 2.5, None]})); collections.Counter("aab").most_common(1); pprint.pformat({1: 2})
        collections.ChainMap({}, {}); list(pairwise([1, 2, 3])); copy.deepcopy({"a": [1]}); zlib.decompress(zlib.compress(b"a"))
        struct.unpack("<f", struct.pack("<f", 1.0)); base64.b64decode(b"AAAA"); unicodedata.name("a"); list(graphlib.TopologicalSorter({1: [2]}).static_order())
        warnings.warn("old"); types.SimpleNamespace(a=1); typing.get_type_hints(show); random.Random(1).choice([1, 2])
        difflib.get_close_matches("left", ["lift", "right"]); weakref.WeakValueDictionary(); "straße".encode("latin-1"); "a".encode("utf-16")
        with contextlib.suppress(KeyError): {}["x"]
        """,
    ),
    "decorators, closures and nonlocal": _plain(
        top="def counted(f):\n    n = 0\n    def g(*a):\n        nonlocal n\n        n += 1\n        return f(*a)\n    return g\n\n",
        body="counted(abs)(-1)",
    ),
    "a metaclass and descriptors": _plain(
        top="class Meta(type):\n    def __new__(m, name, bases, ns):\n        return super().__new__(m, name, bases, ns)\n\n\n"
        "class Knob(metaclass=Meta):\n    def __set_name__(self, owner, name): self.name = name\n"
        "    def __get__(self, obj, owner=None): return 1.0\n\n",
        body="type(Knob())",
    ),
    "exceptions and finally": _plain(
        "try:\n    [][1]\nexcept* IndexError as group:\n    str(group)\nfinally:\n    self.t += 1"
    ),
    "prints and tracebacks of its own": _plain("print('seen', obs)\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(repr(e))"),
    "the module looks itself up": _plain("globals()['Walk'].__name__; __name__; vars(self)"),
    "arguments of other names, and a default": (
        "class Walk:\n    def __init__(self, gain=1.0):\n        self.gain = gain\n    def reset(self, s=None):\n        pass\n"
        "    def act(self, o, /, *_):\n        return 2 if o[1] > o[0] else 1\n"
    ),
    "static and class methods": (
        "class Walk:\n    @classmethod\n    def make(cls): return cls()\n    @staticmethod\n    def reset(seed): pass\n"
        "    @staticmethod\n    def act(obs):\n        return 2 if obs[1] > obs[0] else 1\n"
    ),
    "async code that it drives itself": _plain(
        top="async def think(x):\n    return x + 1\n\n\n",
        body="try:\n    think(1).send(None)\nexcept StopIteration as done:\n    done.value",
    ),
    "tabs and form feeds": "class Walk:\n\tdef reset(self, seed):\n\t\tpass\n\x0c\n\tdef act(self, obs):\n\t\t" + _DECIDE + "\n",
    "no newline at its end": _plain().rstrip() ,
}  # fmt: skip
"""Programs by what is unusual about them."""
