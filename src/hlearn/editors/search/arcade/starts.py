"""Constants to start from, with the range and the step in which they may be turned."""

from __future__ import annotations

from hlearn.editors.search.arcade.behaviors import BehaviorKnob
from hlearn.editors.search.arcade.signals import Signal

CALM = 0.7  # of a step: half a step would do if commands were carried out when given; what sticks needs calm
SWELL = (0.65, 1.0)  # deadbands: those aim about as far to the side as is still met
BRISK = 0.51  # of a step: nearer than another one would bring it


def deadband_knob(own: Signal) -> BehaviorKnob:
    """A band in which to rest, as wide as one step of the own thing."""
    step = abs(own.reach) if own.coasting else abs(own.pending[0]) if own.pending else 2.0
    near = CALM if own.coasting else 0.6
    return pixel_knob(round(max(1.0, near * step), 1), 0, max(8.0, 3 * step), 0.7, "probe")


def swell_knob(own: Signal, *, seen: bool) -> BehaviorKnob:
    """How much more widely to aim where nothing is gained; less where no score is seen, only that a ball was lost."""
    calm = deadband_knob(own).value
    return pixel_knob(round(SWELL[seen] * calm, 1), 0, 0.2 * own.span, 1.0)


def offset_knob(value: float, own: Signal) -> BehaviorKnob:
    """A shift between the own thing and another, a quarter of the own range either way."""
    wide = max(8.0, 0.25 * own.span)
    return pixel_knob(round(value, 1), round(value - wide, 1), round(value + wide, 1), wide / 10)


def place_knob(value: float, own: Signal) -> BehaviorKnob:
    """A place within the own range."""
    return pixel_knob(round(value, 1), own.low, own.high, 0.1 * own.span)


def pixel_knob(value: float, low: float, high: float, step: float, source: str = "search") -> BehaviorKnob:
    """A length or place in pixels, or counts of a byte."""
    return BehaviorKnob(value=value, low=low, high=high, unit="px", step=step, source=source)


def fixed_knob(value: float, source: str) -> BehaviorKnob:
    """A constant that is not to be turned."""
    return BehaviorKnob(value=value, low=value, high=value, step=0, source=source)
