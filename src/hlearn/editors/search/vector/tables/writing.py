"""Programs for tasks with few states: an explorer, a map, and a few nested questions."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from hlearn.editors.search.vector.tables.factors import Factor, FactorLayout
from hlearn.editors.search.vector.tables.model import Key
from hlearn.editors.search.vector.tables.tree import TreeNode
from hlearn.probe.random_play import EXPLORING
from hlearn.records import Program

MOST_CELLS = 20_000  # of all maps together
WIDTH = 100  # characters of a plan in one line, where it is no map

_EXPLORER = (
    EXPLORING
    + ''' where it is, else goes to where something is left to try."""

import random

WANTED = {wanted}
GO = {go}


class Explorer:
    def reset(self, seed):
        self.rng = random.Random(seed)
        self.done = {{}}

    def act(self, obs):
        key = {key}
        tried = self.done.setdefault(key, [0] * {actions})
        left = [want - have for want, have in zip(WANTED.get(key, {fresh}), tried)]
        if key not in WANTED and key in GO and self.rng.random() >= {chance}:
            action = GO[key]
        elif max(left) > 0:
            action = self.rng.choice([a for a in range({actions}) if left[a] == max(left)])
        else:
            action = self.rng.randrange({actions})
        tried[action] += 1
        return action
'''
)


def explorer(
    wanted: Mapping[Key | int, Sequence[int]],
    go: Mapping[Key | int, int],
    actions: int,
    chance: float,
    *,
    hashed: bool = False,
) -> Program:
    """A program that explores.

    Args:
        wanted: how often each action is still to be tried, in states where one is.
        go: the action that leads on from other states.
        actions: how many there are.
        chance: how often it goes astray all the same.
        hashed: whether states are given by the hashes of their numbers.
    """
    text = _EXPLORER.format(
        wanted=repr({k: tuple(int(n) for n in v) for k, v in wanted.items()}),
        go=repr({k: int(a) for k, a in go.items()}),
        actions=actions,
        fresh=(1,) * actions,
        chance=chance,
        key="hash(tuple(int(x) for x in obs))" if hashed else "tuple(int(x) for x in obs)",
    )
    return Program(source=text)


def tree_program(title: str, layout: FactorLayout, tree: TreeNode) -> Program:
    """Nested questions about factors."""
    asked = sorted(_asked(tree))
    detectors = [_detector(layout.factors[i]) for i in asked]
    if tree.question is None:
        story = "Does the same in every state."
    else:
        story = "Chooses by a few questions about the state, which were found in a plan on counts of what led where."
    lines = _nested(tree, layout)
    rule = "@rule\ndef choose(self, s):\n" + textwrap.indent("\n".join(lines), "    ")
    return _program(title, story, "", [*detectors, rule])


def map_program(
    title: str, layout: FactorLayout, keys: Sequence[Key], good: np.ndarray, worth: np.ndarray
) -> tuple[Program, np.ndarray] | None:
    """The plan as one or several maps; combinations of the other factors that can share a map do.

    Args:
        title: name of the class.
        layout: what states are made of.
        keys: the states.
        good: which actions are as good as the best, bool[states, actions].
        worth: of each action in each state, float[states, actions], to choose among these.

    Returns:
        The program and what it chooses in each state, int[states]; None where the maps would be too large.
    """
    factors = list(layout.factors)
    sizes = [f.high - f.low + 1 for f in factors]
    large = sorted(range(len(factors)), key=lambda i: -sizes[i])
    across = layout.columns if layout.columns is not None else large[min(1, len(large) - 1)]
    down = layout.rows if layout.rows is not None else large[0] if len(large) > 1 else None
    others = [i for i in range(len(factors)) if i not in (across, down)]
    if math.prod(map(float, sizes)) > MOST_CELLS:
        return None
    table = layout.table(keys) - np.array([f.low for f in factors])
    width, height = sizes[across], 1 if down is None else sizes[down]
    cell = (0 if down is None else table[:, down] * width) + table[:, across]
    which = np.zeros(len(table), dtype=int)
    for i in others:
        which = which * sizes[i] + table[:, i]
    groups, place = _share_maps(which, cell, good, width * height)
    number = np.array([place[int(w)] for w in which])
    total = np.zeros((len(groups), width * height, good.shape[1]))
    np.add.at(total, (number, cell), np.where(np.isfinite(worth), worth, -1e9))
    chosen = np.where(np.stack(groups), total, -np.inf).argmax(axis=2)
    matters = np.zeros(chosen.shape, dtype=bool)
    matters[number, cell] = ~good.all(axis=1)
    maps = [_draw(chosen[n], matters[n], layout.arrows, width) for n in range(len(groups))]
    return _write_maps(title, layout, maps, place, across, down, others), chosen[number, cell]


def _share_maps(
    which: np.ndarray, cell: np.ndarray, good: np.ndarray, cells: int
) -> tuple[list[np.ndarray], dict[int, int]]:
    """Puts combinations on one map whose good actions agree: allowed actions per map, and each combination's map."""
    groups: list[np.ndarray] = []
    place: dict[int, int] = {}
    for number in np.unique(which):
        allowed = np.ones((cells, good.shape[1]), dtype=bool)
        here = which == number
        allowed[cell[here]] = good[here]
        for n, group in enumerate(groups):
            if (group & allowed).any(axis=1).all():
                groups[n] = group & allowed
                place[int(number)] = n
                break
        else:
            place[int(number)] = len(groups)
            groups.append(allowed)
    return groups, place


def _draw(chosen: np.ndarray, matters: np.ndarray, arrows: str, width: int) -> list[str]:
    text = "".join(arrows[a] if m else "." for a, m in zip(chosen, matters, strict=True))
    return [text[i : i + width] for i in range(0, len(text), width)]


def _write_maps(
    title: str,
    layout: FactorLayout,
    maps: list[list[str]],
    place: Mapping[int, int],
    across: int,
    down: int | None,
    others: list[int],
) -> Program:
    letters = Counter("".join("".join(m) for m in maps).replace(".", ""))
    usual = letters.most_common(1)[0][0] if letters else layout.arrows[0]
    actions = ", ".join(f'"{letter}": {layout.arrows.index(letter)}' for letter in sorted(letters))
    rest = f'"{"." if letters else usual}": {layout.arrows.index(usual)}'
    drawn = "where to go from each cell" if layout.rows is not None else "what to do in each state"
    head = [f"# {drawn[0].upper()}{drawn[1:]}; a dot: it makes no difference, or was never met."]
    texts = [_rows(rows, within="    " * (len(maps) > 1)) for rows in maps]
    head.append(f"MAP = {texts[0]}" if len(maps) == 1 else "MAPS = [\n    " + ",\n    ".join(texts) + ",\n]")
    head.append("ACTIONS = {" + ", ".join(part for part in (actions, rest) if part) + "}")
    factors = layout.factors
    used = [*others] if len(maps) > 1 else []
    sizes = [factors[i].high - factors[i].low + 1 for i in used]
    number = ""
    for i, size in zip(used, sizes, strict=True):
        here = _less(f"s.{factors[i].name}", factors[i].low)
        number = f"({number}) * {size} + {here}" if number else here
    if used:
        said = ", ".join(factors[i].name for i in used)
        chosen = [place.get(n, 0) for n in range(int(np.prod(sizes)))]
        head.append(f"# Which map, by {said}.\nCHOICE = {chosen}")
    plan = f"MAPS[CHOICE[{number}]]" if used else "MAP"
    body = ["@rule", "def follow(self, s):"]
    row = "0" if down is None else _less(f"s.{factors[down].name}", factors[down].low)
    column = _less(f"s.{factors[across].name}", factors[across].low)
    body.append(f"    return ACTIONS[{plan}[{row}][{column}]]")
    shown = sorted({across, *used, *([down] if down is not None else [])})
    story = "Follows a plan that was made on counts of where each action led."
    return _program(title, story, "\n".join(head), [*(_detector(factors[i]) for i in shown), "\n".join(body)])


def _rows(rows: Sequence[str], within: str) -> str:
    if len(rows) == 1:
        pieces = [rows[0][i : i + WIDTH] for i in range(0, len(rows[0]), WIDTH)]
        return "[" + f"\n{within} ".join(f'"{piece}"' for piece in pieces) + "]"
    return "[\n" + "".join(f'{within}    "{row}",\n' for row in rows) + f"{within}]"


def _less(text: str, low: int) -> str:
    return text if low == 0 else f"{text} - {low}" if low > 0 else f"{text} + {-low}"


def _detector(factor: Factor) -> str:
    value = f"min(max({factor.source}, {factor.low}), {factor.high})"
    return f"@detect\ndef {factor.name}(self, obs):\n    return {value}"


def _asked(tree: TreeNode) -> set[int]:
    if tree.question is None or tree.yes is None or tree.no is None:
        return set()
    return {tree.question.factor} | _asked(tree.yes) | _asked(tree.no)


def _nested(tree: TreeNode, layout: FactorLayout) -> list[str]:
    if tree.question is None or tree.yes is None or tree.no is None:
        arrow = layout.arrows[tree.action]
        return [f"return {tree.action}" + (f"  # {arrow}" if not arrow.isalnum() else "")]
    sign = "==" if tree.question.equal else ">="
    first, then = tree.yes, tree.no
    test = f"s.{layout.factors[tree.question.factor].name} {sign} {tree.question.value}"
    return [f"if {test}:", *("    " + line for line in _nested(first, layout)), *_nested(then, layout)]


def _program(title: str, story: str, head: str, blocks: Sequence[str]) -> Program:
    text = "\n\n".join([f'"""{story}"""', *blocks])
    used = [n for n in ("detect", "rule") if f"@{n}\n" in text]
    source = f'"""{title}, written by the search of hlearn."""\n\n'
    source += f"from hlearn.policy import RulePolicy, {', '.join(used)}\n\n"
    source += f"{head}\n\n\n" if head else "\n"
    return Program(source=source + f"class {title}(RulePolicy):\n" + textwrap.indent(text, "    ") + "\n")
