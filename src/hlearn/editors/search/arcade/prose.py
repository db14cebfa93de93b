"""What a program does, told in the docstring that stands at its top."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.captions import Caption
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.outlook import told as told_ahead
from hlearn.editors.search.arcade.signals import Signal
from hlearn.editors.search.arcade.skills import KINDS


def summary(genome: Genome, captions: Mapping[str, Caption]) -> list[str]:
    """What the program does, in a few lines of prose for its docstring; numbers by what is known of them."""
    lines = textwrap.wrap(told_ahead(genome.outlook), 100) if genome.outlook and genome.looks_ahead else []
    for channel, verb in ((ACROSS, "Across"), (DOWN, "Up and down"), (PRESS, "Button")):
        told = [_tell(b, captions) for b in genome.on(channel)]
        if told:
            lines += textwrap.wrap(f"{verb}: {'; else '.join(told)}.", 100)
    return lines or ["Does nothing."]


def _tell(behavior: Behavior, captions: Mapping[str, Caption]) -> str:
    told = [
        captions[s.sight.key].what if s.sight.key in captions else s.key
        for r, s in behavior.roles
        if r.rstrip("0123456789") in ("target", "ball", "hazard", "lane", "sign")
    ]
    about = " and ".join(dict.fromkeys(told))
    text = KINDS[behavior.kind].told.format(about, way=behavior.way)
    guard = behavior.guard
    return f"{text} (if {_number(guard.signal, captions)} is {guard.test} its level)" if guard else text


def _number(signal: Signal, captions: Mapping[str, Caption]) -> str:
    """What a number is called that is compared: by what it tells, where that is known, else by where it is read."""
    caption = captions.get(signal.sight.key)
    if caption is None:
        return signal.key
    return f"the {caption.axis} of {caption.what}" if caption.axis else f"the kind of {caption.what}"
