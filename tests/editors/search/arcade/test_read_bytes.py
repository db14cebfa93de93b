"""What stands in a system's memory of the bytes that its program reads, and how rules tell directions."""

from __future__ import annotations

from dataclasses import replace

from hlearn.editors.search.arcade import hypotheses
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, Behavior
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.read_bytes import read_bytes
from hlearn.editors.search.arcade.signals import DetectorTemplate
from tests.editors.search.arcade.guesses import WORLD, ram_pool

BUTTONS = ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN")


def test_every_byte_of_a_program_is_told_and_what_is_unknown_is_said() -> None:
    home, pool = ram_pool()
    assert home.across is not None
    target = next(s for s in pool.signals if s.key != home.across.key)
    follow = Behavior(kind="follow", channel=ACROSS, roles=(("target", target),))
    genome = replace(home, behaviors=(follow,))
    told = list(read_bytes(genome, None))
    for key in (home.across.key, target.key):
        assert [line for line in told if f"reads {key}:" in line and "nothing on the screen" in line]
    slot = WORLD.slots[0]
    assert slot.x.byte is not None
    seen = replace(follow, roles=(("target", replace(target, sight=byte_sight(slot.x.byte))),))
    (line,) = [t for t in read_bytes(replace(genome, behaviors=(seen,)), WORLD) if f"ram[{slot.x.byte}]" in t]
    assert "where " in line and line.endswith("is, across")


def test_rules_say_which_way_they_push() -> None:
    swing = next(b for b in hypotheses.blind(DOWN) if b.kind == "swing")
    push = Behavior(kind="push", channel=ACROSS, option=-1)
    source = emit(Genome(behaviors=(push, swing)), title="t", buttons=BUTTONS)
    assert "Across: keep pushing left." in source
    assert '"""Keeps pushing left."""' in source
    first = "down" if swing.option > 0 else "up"
    assert f'"""Pushes {first}, then the other way, in a rhythm."""' in source


def test_what_hardly_moves_on_is_not_written_as_such() -> None:
    home, _ = ram_pool()
    assert home.across is not None
    (hold, *_) = hypotheses.steering(home.across, (), ACROSS)
    for pending, coasting, written in (
        ((0.1, 0.0, -0.05), (), False),
        ((1.1, 0.4), (), True),
        ((0.1,), (0.9,), True),
    ):
        own = replace(home.across, pending=pending, coasting=coasting)
        source = emit(Genome(across=own, behaviors=(hold,)), title="t", buttons=BUTTONS)
        assert ("Reach" in source) == written


def test_a_row_of_bytes_is_told_as_well() -> None:
    home, pool = ram_pool()
    byte = WORLD.slots[0].x.byte
    assert byte is not None
    row = replace(
        pool.signals[0],
        sight=DetectorTemplate(
            key=f"ram[{byte}:{byte + 4}]", body=(f"return [int(b) for b in obs[{byte}:{byte + 4}]]",)
        ),
    )
    cross = Behavior(kind="cross", channel=DOWN, roles=(("lanes", row),))
    told = list(read_bytes(replace(home, behaviors=(cross,)), WORLD))
    (line,) = [t for t in told if f"reads ram[{byte}:{byte + 4}]:" in t]
    assert "where " in line
