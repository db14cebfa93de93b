"""Made-up things to see, and one of every kind of behaviour about them."""

from __future__ import annotations

from dataclasses import replace

from hlearn.editors.search.arcade import avoidance, hypotheses
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, STEERING, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import shot
from hlearn.editors.search.arcade.lanes import Lanes
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.meetings import EventAssociation
from hlearn.editors.search.arcade.omens import Precursor
from hlearn.editors.search.arcade.outlook import Outlook, Role, WorldModel, knobs
from hlearn.editors.search.arcade.relations import DistanceAssociation
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.editors.search.arcade.vary import Pool
from hlearn.probe.player import PlayerFound
from hlearn.probe.scene import Axis
from hlearn.probe.things import Coordinate, SlotFound

FIND = (
    "spots = np.argwhere(obs[{rows}, 8:152:2, 0])",
    "return None if not len(spots) else Moving(8 + 2.0 * spots[0][1], 2.0 * spots[0][0], 0.0, 0.0)",
)
IMPORTS = ("import numpy as np", "from hlearn.parts import Moving")


def byte(index: int, drive: Axis | None = None) -> Signal:
    pending = (-4.0, -2.0) if drive is Axis.Y else (4.0, 2.0) if drive else ()
    return Signal(
        sight=byte_sight(index, coded=index == 90),
        low=50,
        high=200,
        turns=None if drive else (52.0, 198.0),
        moving=0.9,
        drive=drive,
        pending=pending,
    )


def thing(key: str, rows: str, field: str, drive: Axis | None = None) -> Signal:
    body = tuple(line.replace("{rows}", rows) for line in FIND)
    return Signal(
        sight=DetectorTemplate(key=key, imports=IMPORTS, body=body, optional=True),
        field=field,
        low=8,
        high=152,
        turns=None if drive else (10.0, 150.0),
        moving=0.9,
        axis=Axis.X if field == "x" else Axis.Y,
        drive=drive,
        pending=(3.0, 1.0) if drive else (),
    )


def ram_pool() -> tuple[Genome, Pool]:
    across, down = byte(72, Axis.X), byte(73, Axis.Y)
    movers = [byte(90), byte(99), byte(101)]
    row = Signal(
        sight=DetectorTemplate(key="ram[20:26]", body=("return [int(b) for b in obs[20:26]]",)),
        low=0,
        high=255,
    )
    lanes = Lanes(row=row, count=6, origin=30.0, height=-16.0, place=44.0, explained=0.9, events=12)
    score = Signal(sight=byte_sight(77), low=0, high=255)
    home, pool = _pool(across, down, movers, [lanes], score)
    steers = {c: (Behavior(kind="foresee", channel=c),) for c in STEERING}
    ahead = Outlook(
        world=WORLD, roles=tuple(zip(WORLD.names, list(Role)[1:], strict=True)), knobs=knobs(WORLD)
    )
    further = {**steers, PRESS: (shot(),)}
    behaviors = {c: (*further.get(c, ()), *known) for c, known in pool.behaviors.items()}
    return replace(home, outlook=ahead), replace(pool, behaviors=behaviors)


def _slot(byte: int, kinds: dict[int, int], teller: int | None) -> SlotFound:
    x, y = Coordinate(byte=byte, plus=2.0, code="fine_coarse"), Coordinate(byte=None, plus=90.0)
    return SlotFound(x=x, y=y, teller=teller, kinds=kinds, recall=0.9, chance=0.1, size=(8.0, 6.0))


WORLD = WorldModel(
    player=PlayerFound(
        x=Coordinate(byte=72, plus=-4.0),
        y=Coordinate(byte=73, plus=4.0, code="half"),
        size=(8.0, 10.0),
        speed=(1.0, 0.5),
        low=(8.0, 20.0),
        high=(150.0, 180.0),
        colour=1,
        sure=0.9,
    ),
    slots=(_slot(90, {-1: 2}, None), _slot(99, {0: 3, 7: 4}, 20), _slot(101, {1: 5}, 21)),
    names={2: "red", 3: "blue", 4: "red 2", 5: "white"},
    boxes=dict.fromkeys((2, 3, 4, 5), (8.0, 6.0)),
    effects=(),
    recall=0.9,
    chance=0.1,
)


def pixel_pool(*, dark: bool = False) -> tuple[Genome, Pool]:
    """What may be seen on the screen; in the dark nothing is ever seen."""
    rows = ("0:0",) * 3 if dark else ("189:193:2", "93:189:2", "57:93:2")
    across, down = thing("paddle", rows[0], "x", Axis.X), thing("paddle", rows[0], "y", Axis.Y)
    movers = [thing(k, r, f) for k, r in zip(("ball", "bricks"), rows[1:], strict=True) for f in ("x", "y")]
    patch = DetectorTemplate(key="patch36_5", body=("return int(obs[5:15, 36:80, 0].sum())",))
    return _pool(across, down, movers, [], Signal(sight=patch, low=0, high=1e6), (PERILS,))


PERILS = Signal(
    sight=DetectorTemplate(
        key="band0",
        imports=("from hlearn.parts.blobs import BlobDetector",),
        constants=(
            "{NAME} = BlobDetector(background=(0, 0, 0), box=(8, 150, 152, 188), width=(1, 48), height=(1, 38))",
        ),
        body=("return {NAME}.all(obs)",),
    ),
    low=0,
    high=1,
)


def _pool(
    across: Signal,
    down: Signal,
    movers: list[Signal],
    lanes: list[Lanes],
    tally: Signal,
    perils: tuple[Signal, ...] = (),
) -> tuple[Genome, Pool]:
    behaviors: dict[str, tuple[Behavior, ...]] = {}
    for channel, own in ((ACROSS, across), (DOWN, down)):
        found = [*hypotheses.blind(channel), Behavior(kind="rest", channel=channel)]
        found += hypotheses.steering(own, movers, channel)
        found += hypotheses.interceptions(own, movers, channel, tally)
        found += hypotheses.weaves(own, movers, channel)
        found += [hypotheses.pursuit(own, m, channel) for m in movers]
        found += avoidance.shelters(own, perils, channel)
        found += [b for lane in lanes for b in hypotheses.crossings(lane, own, channel)]
        for event in ("gain", "loss"):
            relation = DistanceAssociation(
                event=event, own=own, other=movers[-1], gap=4.0, width=6.0, strength=9.0, events=8
            )
            found += hypotheses.from_relation(relation, channel)
        other = down if channel == ACROSS else across
        found += avoiding(own, other, movers, channel)
        behaviors[channel] = tuple(found)
    presses = hypotheses.presses(movers, has_button=True)
    omen = Precursor(sign=tally, high=True, level=40.0, early=20.0, explained=8, events=9, evidence=20.0)
    behaviors[PRESS] = (
        *presses,
        *hypotheses.aims(across, movers),
        *hypotheses.aims(down, movers),
        *(avoidance.idling(o, PRESS, 40.0) for o in (omen, replace(omen, high=False))),
    )
    behaviors[ACROSS] += (avoidance.idling(omen, ACROSS, 40.0),)
    home = Genome(across=across, down=down)
    return home, Pool(behaviors=behaviors, signals=(*movers, across, down))


def avoiding(own: Signal, other: Signal, movers: list[Signal], channel: str) -> list[Behavior]:
    """Every way in which a hazard's height may be told: not, as it is from either side, beside the player."""
    hazard, depth = (movers[0], movers[1])
    bare = EventAssociation(
        own=own, thing=hazard, gap=3.0, width=5.0, closing=-0.5, explained=8, events=9, evidence=20.0
    )
    falling = replace(bare, depth=depth, level=150.0, approach=1.5)
    rising = replace(falling, approach=-1.5)
    level = replace(falling, beside=other, level=6.0)
    found = [avoidance.dodging([m], own, channel) for m in (bare, falling, rising, level)]
    found.append(avoidance.dodging([bare, falling, level], own, channel, wide=1.6, early=3.0))
    return [*found, *(r for m in (bare, falling, level) for r in avoidance.reflexes(m, channel))]


def kinds(pool: Pool) -> dict[str, list[Behavior]]:
    found: dict[str, list[Behavior]] = {}
    for channel in (*STEERING, PRESS):
        for behavior in pool.behaviors[channel]:
            found.setdefault(behavior.kind, []).append(behavior)
    return found
