"""What is known of bytes stands in programs, and films draw it."""

from __future__ import annotations

from dataclasses import replace

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, Behavior, BehaviorKnob
from hlearn.editors.search.arcade.captions import captions
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.signals import Signal
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.source import check_source
from hlearn.records import Program
from hlearn.tasks import resolve_task
from tests.editors.search.arcade.guesses import WORLD, pixel_pool


def test_bytes_are_told_in_words_and_drawn_in_pixels() -> None:
    known = captions(WORLD)
    assert known["ram[72]"].doc == "Where the player is, across."
    assert known["ram[72]"].drawn == 'Drawn("column", offset=(-4, 0))'
    assert known["ram[73]"].drawn == 'Drawn("row", scale=(0.5, 0.5), offset=(0, 4))'
    assert known["ram[90] decoded"].doc == "Where red is, across."
    assert "ram[90]" not in known, "as it stands in memory it is no place"
    assert known["ram[20]"].doc == "Which of blue or red 2 is there."
    assert captions(None) == {}


def test_a_program_says_what_it_reads_and_its_trace_carries_the_places() -> None:
    own, other = (Signal(sight=byte_sight(b, coded=c), low=0, high=160) for b, c in ((72, False), (90, True)))
    follow = Behavior(
        kind="follow",
        channel=ACROSS,
        roles=(("target", other),),
        knobs=tuple((n, BehaviorKnob(value=2.0, low=0, high=9)) for n in ("offset", "deadband")),
    )
    genome = Genome(across=replace(own, reach=1.0), behaviors=(follow,))
    buttons = ("NOOP", "FIRE", "RIGHT", "LEFT")
    source = emit(genome, title="A test.", buttons=buttons, captions=captions(WORLD))
    assert check_source(source) == []
    assert "Across: stay level with red." in source
    assert '"""Where red is, across."""' in source
    assert "from hlearn.policy import Drawn, JoystickPolicy" in source
    assert "ram[90]" in emit(genome, title="A test.", buttons=buttons), "unknown, it is called by its place"
    with InProcessEvaluator(resolve_task("ALE/Breakout-v5")) as evaluator:
        job = Job(program=Program(source=source), seed=1, max_steps=60, record=Record.TRACES)
        (result,) = evaluator.run([job])
    assert result.recording is not None
    drawn = str(result.recording.traces[-1])
    assert "column" in drawn


def test_what_is_seen_on_the_screen_needs_no_caption() -> None:
    home, pool = pixel_pool()
    genome = replace(home, behaviors=pool.behaviors[DOWN][:1])
    buttons = ("NOOP", "FIRE", "UP", "DOWN")
    assert emit(genome, title="t", buttons=buttons) == emit(
        genome, title="t", buttons=buttons, captions=captions(WORLD)
    )
