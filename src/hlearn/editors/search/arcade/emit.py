"""From a genome to the source of a program that a person can read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import hlearn.parts
from hlearn.editors.search.arcade import outlook as ahead
from hlearn.editors.search.arcade.behaviors import ACROSS, STEERING, Behavior, BehaviorKnob
from hlearn.editors.search.arcade.captions import Caption
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.outlook import Outlook
from hlearn.editors.search.arcade.prose import summary
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.editors.search.arcade.skills import KINDS
from hlearn.editors.search.arcade.writing import Writing

_INDENT = "    "
STANDS_PX = 0.3  # what is still to come after a command: less is none


def emit(
    genome: Genome,
    *,
    title: str,
    buttons: tuple[str, ...],
    name: str = "Player",
    carried: Sequence[DetectorTemplate] = (),
    captions: Mapping[str, Caption] | None = None,
) -> str:
    """Writes a genome as one module with one policy class.

    Args:
        genome: what to write.
        title: first line of the module's docstring.
        buttons: the environment's action names, in its order.
        name: the class's name.
        carried: detectors that no rule needs, for the trace alone; called ``sight_0``, ``sight_1`` ...
        captions: what is known of detectors, by the key of their templates.

    Returns:
        Python source. Equal genomes give equal source.
    """
    page = _Page(genome, captions or {})
    for index, sight in enumerate(carried):
        page.carry(sight, index)
    if genome.looks_ahead and genome.outlook is not None:
        page.look_ahead(genome.outlook, buttons)
    for behavior in genome.behaviors:
        page.write(behavior)
    return page.source(title, buttons, name)


def trace_names(genome: Genome) -> dict[str, str]:
    """Where the trace of a genome's program shows what each sight saw: sight key -> name of its detector."""
    page = _Page(genome)
    for behavior in genome.behaviors:
        page.write(behavior)
    return dict(page.names)


@dataclass(slots=True)
class _Page:
    """A program while it is being written."""

    genome: Genome
    captions: Mapping[str, Caption] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # sight key -> detector name
    taken: set[str] = field(default_factory=set)
    params: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    detectors: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=lambda: {"detect"})
    rests: dict[str, str] = field(default_factory=dict)

    def fresh(self, word: str) -> str:
        """A name not used before: ``word``, else ``word_2``, ``word_3`` ..."""
        name, count = word, 1
        while name in self.taken:
            count += 1
            name = f"{word}_{count}"
        self.taken.add(name)
        return name

    def method(self, decorator: str, name: str, argument: str, doc: str, lines: list[str]) -> list[str]:
        head = [f"@{decorator}", f"def {name}(self, {argument}):"]
        return [*head, f'{_INDENT}"""{doc}"""', *(_INDENT + line for line in lines), ""]

    def see(self, signal: Signal, noun: str) -> str:
        """The expression for a signal's present value; writes its detector the first time."""
        sight = signal.sight
        if sight.key not in self.names:
            self.names[sight.key] = self.fresh(noun)
            self._detector(sight)
        name = self.names[sight.key]
        return f"s.{name}.{signal.field}" if signal.field else f"s.{name}"

    def carry(self, sight: DetectorTemplate, index: int) -> None:
        """Writes a detector for the trace; the first one is taken for the player's."""
        name = self.fresh(f"sight_{index}")
        self._write_detector(sight, name, "sight_0" if index else "")

    def look_ahead(self, outlook: Outlook, buttons: tuple[str, ...]) -> None:
        """Writes what the program knows of things, and the detector that plans."""
        world = outlook.world
        seen: dict[int, str] = {}
        player = ""
        if isinstance(world.player, ahead.PlayerSeen):
            self.imports.add("from hlearn.parts import Foresight, Things")
            player = self.sighted(world.player.sight, "player")
            seen = {k: self.sighted(world.sights[k], "thing") for k in outlook.regarded}
        else:
            self.imports.add("from hlearn.parts import Foresight, Place, Slot, Things")
        knobs = dict(outlook.knobs)
        for name in outlook.used:
            self._param(name, knobs[name])
        self.constants += ahead.constants(outlook, buttons)
        self.setup += ahead.setup(outlook)
        self.taken.add("plan")
        doc = (
            "Where to go, and whether something stands level: the best of some ways to spend the next second."
        )
        self.detectors += self.method("detect", "plan", "obs", doc, ahead.detector(outlook, seen, player))

    def sighted(self, sight: DetectorTemplate, noun: str) -> str:
        """The name of a sight's detector; writes it the first time."""
        if sight.key not in self.names:
            self.names[sight.key] = self.fresh(noun)
            self._detector(sight)
        return self.names[sight.key]

    def _detector(self, sight: DetectorTemplate) -> None:
        name = self.names[sight.key]
        player = ""
        if sight.looks_for_player:
            own = self.genome.across or self.genome.down
            if own is not None and own.field and own.sight.key != sight.key:
                self.see(own, "player")
                player = self.names[own.sight.key]
        self._write_detector(sight, name, player)

    def _write_detector(self, sight: DetectorTemplate, name: str, player: str) -> None:
        self.imports.update(sight.imports)
        self.constants += sight.written(sight.constants, name)
        self.setup += sight.written(sight.setup, name)
        lines = sight.written(sight.body, name, player)
        caption = self.captions.get(sight.key)
        decorator = "@detect"
        if caption is not None:
            lines = [f'"""{caption.doc}"""', *lines]
            if caption.drawn:
                decorator = f"@detect(drawn={caption.drawn})"
                self.roles |= {"Drawn"} & set(caption.drawn.split("(")[:1])
        self.detectors += [decorator, f"def {name}(self, obs):", *(_INDENT + line for line in lines), ""]

    def rest(self, channel: str) -> str:
        """The expression for where the own thing comes to rest; writes its detector the first time."""
        if channel in self.rests:
            return self.rests[channel]
        own = self.genome.own(channel)
        assert own is not None
        here = self.see(own, self._noun(own))
        if max(map(abs, (*own.pending, *(own.coasting or ()))), default=0.0) < STANDS_PX:
            self.rests[channel] = here
            return here
        word = self.fresh("rest_x" if channel == ACROSS else "rest_y")
        part = f"self._{word}"
        self.parts.add("Reach")
        coasting = f", {own.coasting!r}" if own.coasting else ""
        self.setup.append(
            f"{part} = Reach({own.pending!r}{coasting})  # px still to come, by steps since; probe"
        )
        call = f"{part}.rest(self.{here}, self.went[{0 if channel == ACROSS else 1}])"
        if own.sight.optional:
            seen = f"self.s.{self.names[own.sight.key]}"
            lines = [f"if {seen} is None:", f"{_INDENT}return None", f"return {call}"]
        else:
            lines = [f"return {call}"]
        doc = "Where it comes to rest: what was steered is still to be carried out."
        self.detectors += self.method("detect", word, "obs", doc, lines)
        self.rests[channel] = f"s.{word}"
        return self.rests[channel]

    def write(self, behavior: Behavior) -> None:
        """Writes one behaviour: its method, parameters, parts and detectors."""
        kind = KINDS[behavior.kind]
        self.parts.update(kind.imports)
        self.roles.add(behavior.channel)
        name = self.fresh(behavior.kind)
        noun = {r: kind.noun.get(r, r) for r, _ in behavior.roles}
        see = {
            r: self.see(s, noun[r]) for r, s in behavior.roles if r != "own" and not r.startswith("beside")
        }
        see |= {r: self._place(s) for r, s in behavior.roles if r.startswith("beside")}
        see |= {r: v.rsplit(".", 1)[0] for r, v in see.items() if r.startswith("car")}
        steering = behavior.channel if behavior.channel in STEERING else None
        own = self.genome.own(steering) if steering else None
        if any(r == "own" for r, _ in behavior.roles):
            see["own"] = self._place(behavior.role("own"))
        used = {n for n, _ in behavior.knobs}
        lines = self._guard(behavior, name)
        lines += self._present(behavior, own, used)
        writing = Writing(
            see=see,
            rest=self.rest(steering) if steering and own is not None and kind.rests else "",
            knob=lambda knob: self._knob(behavior, name, knob),
            part=lambda word, made: self._part(f"{name}_{word}", made),
            watch=lambda word, made, call: self._watch(behavior, f"{name}_{word}", made, call),
            knobs=frozenset(used),
            sign=own.sign if own is not None else 1,
        )
        kind.write(behavior, writing)
        doc = kind.doc.format(way=behavior.way, **{r: self.names[s.sight.key] for r, s in behavior.roles})
        self.methods += self.method(behavior.channel, name, "s", doc, lines + writing.lines)

    def _place(self, own: Signal) -> str:
        """The expression for one of the player's own coordinates."""
        return self.see(own, self._noun(own))

    def _noun(self, own: Signal) -> str:
        """What the own position is called: a place has both coordinates."""
        across = self.genome.across is not None and own.key == self.genome.across.key
        return "player" if own.field else "player_x" if across else "player_y"

    def _present(self, behavior: Behavior, own: Signal | None, used: set[str]) -> list[str]:
        needed = [s for r, s in behavior.roles if not _apart(r) and behavior.kind != "serve"]
        if own is not None and KINDS[behavior.kind].rests:
            needed.append(own)
        missing = []
        for signal in needed:
            if signal.sight.optional:
                if signal.sight.key not in self.names:
                    self.see(signal, "player")
                test = f"s.{self.names[signal.sight.key]} is None"
                if test not in missing:
                    missing.append(test)
        return [f"if {' or '.join(missing)}:", f"{_INDENT}return None"] if missing else []

    def _guard(self, behavior: Behavior, name: str) -> list[str]:
        guard = behavior.guard
        if guard is None:
            return []
        value = self.see(guard.signal, "sign")
        level = self._param(f"{name}_when", guard.level)
        absent = f"s.{self.names[guard.signal.sight.key]} is None or " if guard.signal.sight.optional else ""
        if guard.test == "near":
            own = self.genome.own(behavior.channel if behavior.channel in STEERING else ACROSS)
            assert own is not None
            here = self.see(own, self._noun(own))
            if own.sight.optional:
                absent += f"s.{self.names[own.sight.key]} is None or "
            condition = f"abs({value} - {here}) > {level}"
        else:
            condition = f"{value} {'>=' if guard.test == '<' else '<='} {level}"
        return [f"if {absent}{condition}:", f"{_INDENT}return None"]

    def _knob(self, behavior: Behavior, name: str, knob: str) -> str:
        return self._param(f"{name}_{knob}", dict(behavior.knobs)[knob])

    def _param(self, word: str, knob: BehaviorKnob) -> str:
        if word not in self.taken:
            self.taken.add(word)
            value, low, high = (f"{v:g}" for v in (knob.value, knob.low, knob.high))
            tail = f', unit="{knob.unit}"' if knob.unit else ""
            self.params.append(f"{word} = Param({value}, low={low}, high={high}{tail})  # {knob.source}")
        return f"self.{word}"

    def _part(self, word: str, made: str) -> str:
        self.setup.append(f"self._{word} = {made}")
        self.parts |= {made.split("(")[0]} & set(hlearn.parts.__all__)
        return f"self._{word}"

    def _watch(self, behavior: Behavior, word: str, made: str, call: str) -> str:
        part = self._part(word, made) if made != "None" else ""
        lines = []
        for role, signal in behavior.roles:
            if role.startswith("car"):
                continue
            seen = self.names.get(signal.sight.key)
            if signal.sight.optional and seen and f"s.{seen}" in call:
                lines += [f"if self.s.{seen} is None:", f"{_INDENT}return 0.0"]
                break
        call = re.sub(r"(?<![\w.])s\.", "self.s.", call)
        lines.append(f"return {part}.{call}" if part else f"return {call}")
        self.detectors += self.method("detect", word, "obs", "Speed per step.", lines)
        return f"s.{word}"

    def source(self, title: str, buttons: tuple[str, ...], name: str) -> str:
        """The whole module."""
        told = [f"    {line}" for line in summary(self.genome, self.captions)]
        names = ", ".join(sorted({"JoystickPolicy", "Param", *self.roles}, key=lambda n: (n.islower(), n)))
        parts = {f"from hlearn.parts import {part}" for part in self.parts}
        head = [f'"""{title}', "", *told, '"""', "", *_merged(self.imports | parts)]
        head += [f"from hlearn.policy import {names}", ""]
        if self.constants:
            head += [*self.constants, ""]
        body = [f"class {name}(JoystickPolicy):", f"{_INDENT}buttons = {buttons!r}", ""]
        setup = ["def setup(self):", *(_INDENT + s for s in self.setup)] if self.setup else []
        for block in (self.params, setup):
            if block:
                body += [*(_INDENT + line for line in block), ""]
        body += [_INDENT + line if line else "" for line in self.detectors + self.methods]
        text = "\n".join(head) + "\n\n" + "\n".join(body).rstrip() + "\n"
        return text


def _merged(imports: Iterable[str]) -> list[str]:
    """Import lines sorted, one for each module."""
    plain: list[str] = []
    named: dict[str, set[str]] = {}
    for line in imports:
        module, _, names = line.partition(" import ")
        if names:
            named.setdefault(module, set()).update(names.split(", "))
        else:
            plain.append(line)
    return sorted(plain) + [f"{module} import {', '.join(sorted(named[module]))}" for module in sorted(named)]


def _apart(role: str) -> bool:
    """Whether a role is one of several ("car3"), each of which may be out of sight without the rule falling silent."""
    return role[-1].isdigit() and not role.startswith("beside")
