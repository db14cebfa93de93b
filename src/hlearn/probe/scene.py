"""What is on the screen, as far as a probe can tell: a player, movers, things that stay, what is counted.

What is found in RAM is none of this: numbers (:mod:`hlearn.probe.ram`) and slots (:mod:`hlearn.probe.things`). The
search makes signals of either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

Box = tuple[float, float, float, float]


class ObjectKind(StrEnum):
    """What a thing does."""

    PLAYER = "player"  # actions move it
    MOVER = "mover"  # moves by itself
    STATIC = "static"  # stays; may vanish piece by piece (bricks, dots)
    SCORE = "score"  # changes shape in one place, moves nowhere


class Axis(StrEnum):
    """A direction on the screen: x to the right, y downward."""

    X = "x"
    Y = "y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """How actions move a player along one axis.

    Attributes:
        axis: the direction.
        speed: for each action index the mean velocity while it is held (pixels per frame; right and down positive).
        lag: frames between an action and the first movement it causes.
        explained: share of the variance of the velocity that the action held explains (0 to 1); walls and momentum
            lower it.
        agreement: of the times it moved under a command along this axis, the share in which it went the way
            that the action's name says (0 to 1, chance 0.5).
    """

    axis: Axis
    speed: tuple[float, ...]
    lag: int
    explained: float
    agreement: float = 0.5

    @property
    def positive(self) -> tuple[int, ...]:
        """Actions that move right or down, the fastest first."""
        return self._actions(1)

    @property
    def negative(self) -> tuple[int, ...]:
        """Actions that move left or up, the fastest first."""
        return self._actions(-1)

    def _actions(self, sign: int) -> tuple[int, ...]:
        top = max((abs(v) for v in self.speed), default=0.0)
        found = [a for a, v in enumerate(self.speed) if v * sign > 0.4 * top]
        return tuple(sorted(found, key=lambda a: -abs(self.speed[a])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """Python source that finds a thing.

    Attributes:
        imports: import lines it needs.
        constant: an expression for a module constant, "" if none is needed.
        expression: an expression for the value, something with ``x`` and ``y`` or None. ``{const}`` stands for
            the constant's name, ``{player}`` for the player's value ("self.s.player", "None"), ``obs`` for the
            observation.
        expression_all: an expression for a list of everything of this kind, "" where there is only one.
        state: an expression for what the detector remembers, to be made in ``setup``; "" where it remembers
            nothing. Where it remembers, ask for the value once per step, by one of the two expressions.
    """

    imports: tuple[str, ...]
    constant: str
    expression: str
    expression_all: str = ""
    state: str = ""

    def value(self, const: str, player: str = "None", state: str = "") -> str:
        """The expression for one value, given the names of the constant, the player and the state."""
        text = self.expression.replace("{const}", const).replace("{player}", player)
        return text.replace("{state}", state)

    def memory(self, const: str) -> str:
        """The expression for the state, given the constant's name; "" where there is none."""
        return self.state.replace("{const}", const)

    def values(self, const: str, state: str = "") -> str:
        """The expression for the list, given the names of the constant and the state."""
        return self.expression_all.replace("{const}", const).replace("{state}", state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenObject:
    """Something with a position.

    Attributes:
        name: a Python identifier, unique in its scene ("player", "mover_1").
        kind: what it does.
        detector: how a program finds it.
        axes: which coordinates the detector gives.
        drives: for players, one entry per axis that actions move.
        region: smallest box that holds its centre: left, top, right, bottom (pixels).
        bounds: for bouncing movers, where the centre turned round: left, top, right, bottom; an entry is nan
            where it never did. None where it does not bounce.
        bounces: how often it turned round along x and along y.
        speed: median absolute velocity along x and y while it moves (pixels per frame).
        width: smallest and largest width (pixels; 5th and 95th percentile).
        height: the same for the height.
        colors: RGB colours it was seen in, most common first.
        visible: share of frames in which at least one was found.
        count: median and largest number at once.
        longest_gap: most frames in a row without it between two sightings (blinking things have small ones).
        origin: "player" if most appear beside the player (its shots), "elsewhere" if most do not, "" if unknown.
        size_px: pixels of its bounding box in the median.
        evidence: one line for people: in how many frames it was seen, what was measured.
    """

    name: str
    kind: ObjectKind
    detector: Detector
    axes: tuple[Axis, ...] = (Axis.X, Axis.Y)
    drives: tuple[Drive, ...] = ()
    region: Box = (0.0, 0.0, 0.0, 0.0)
    bounds: Box | None = None
    bounces: tuple[int, int] = (0, 0)
    speed: tuple[float, float] = (0.0, 0.0)
    width: tuple[int, int] = (0, 0)
    height: tuple[int, int] = (0, 0)
    colors: tuple[tuple[int, int, int], ...] = ()
    visible: float = 0.0
    count: tuple[int, int] = (1, 1)
    longest_gap: int = 0
    origin: str = ""
    size_px: int = 0
    evidence: str = ""

    def drive(self, axis: Axis) -> Drive | None:
        """How actions move it along ``axis``, or None where they do not."""
        return next((d for d in self.drives if d.axis == axis), None)

    def named(self, name: str) -> ScreenObject:
        """The same thing under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a probe found in one game, most useful first.

    Attributes:
        things: players first, then movers, then what stays.
        frames: environment frames the probe used.
        actions: the names of the actions, by index.
        perils: detectors of everything in bands before a player who walks along an edge.
    """

    things: tuple[ScreenObject, ...]
    frames: int
    actions: tuple[str, ...]
    perils: tuple[Detector, ...] = ()

    @property
    def players(self) -> tuple[ScreenObject, ...]:
        """Things that actions move, the best explained first."""
        return self.of(ObjectKind.PLAYER)

    @property
    def movers(self) -> tuple[ScreenObject, ...]:
        """Things that move by themselves."""
        return self.of(ObjectKind.MOVER)

    def of(self, kind: ObjectKind) -> tuple[ScreenObject, ...]:
        """The things of one kind, in order."""
        return tuple(t for t in self.things if t.kind is kind)

    def __str__(self) -> str:
        return "\n".join(f"{t.name:12s} {t.kind:7s} {t.evidence}" for t in self.things)
