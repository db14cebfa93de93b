"""Drawing the sketch: from recorded steps to signals, rates, and which push drives what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from hlearn.evaluate.api import Recording, Result
from hlearn.probe.vector.boards import find_board_signals
from hlearn.probe.vector.gaps import find_gaps
from hlearn.probe.vector.naming import names_of
from hlearn.probe.vector.sketch import (
    ANGLE,
    CHANGE,
    COS,
    FLAG,
    PLAIN,
    SIN,
    ActionAxis,
    Feature,
    VectorFindings,
    values_of,
)
from hlearn.probe.vector.targets import find_targets
from hlearn.probe.vector.wide import MOST, MOST_BESIDE, choose_components
from hlearn.records import Episode
from hlearn.tasks.environment import WIDE, ActionSpace, Box, Discrete, ObservationSpec

LIKELY = 0.7  # of a position's steps that its rate may leave unexplained, where it is the likeliest one
FREE = 1e3  # how far a push may go where nothing bounds it
MOST_CHANGES = 6  # more numbers without a rate than this: none gets a change


def sketch_of(played: Sequence[Result], actions: ActionSpace, observation: ObservationSpec) -> VectorFindings:
    """The sketch of probing episodes that were played with their steps."""
    shown = [(o, r) for o, r in played if r is not None and isinstance(o, Episode) and len(r.observations)]
    return draw_sketch(
        [r for _, r in shown],
        actions,
        observation,
        scores=[o.score for o, _ in shown],
        ended=[o.terminated for o, _ in shown],
    )


def draw_sketch(
    recordings: Sequence[Recording],
    actions: ActionSpace,
    observation: ObservationSpec,
    *,
    scores: Sequence[float],
    ended: Sequence[bool] = (),
) -> VectorFindings:
    """Infers signals and axes from recorded steps.

    Args:
        recordings: steps of probing episodes; observations float[T, d], T at least 1.
        actions: the action space.
        observation: what the environment says of the observation.
        scores: returns of the same episodes.
        ended: whether the environment terminated them.
    """
    every = [
        np.asarray(r.observations, dtype=np.float64).reshape(len(r.observations), -1) for r in recordings
    ]
    pushes = [np.asarray(r.actions, dtype=np.float64).reshape(len(r.actions), -1) for r in recordings]
    keep = [k for k, e in enumerate(every) if len(e) >= 3]
    episodes, acted = [every[k] for k in keep], [pushes[k] for k in keep]
    numbers = [_as_numbers(a, actions) for a in acted]
    boards = find_board_signals(observation.grids, episodes, numbers) if episodes else []
    columns: list[Feature] = []
    if every:
        most = MOST_BESIDE if boards else MOST
        chosen = choose_components(every, pushes, [r.rewards for r in recordings], most)
        columns = _columns(episodes or every, names_of(observation), chosen)
    if episodes:  # else they are too short to tell what drives what
        columns = _link_rates(columns, episodes)
        columns += _changes(columns, episodes)
    paid = [np.asarray(recordings[k].rewards, dtype=np.float64) for k in keep]
    columns += find_gaps(columns, observation, episodes or every, paid)
    columns += boards
    columns = find_targets(columns, episodes, paid)
    columns = [replace(c, rest=_at_rest(c, every)) for c in columns]
    axes, neutral = _axes(columns, episodes, acted, actions)
    return VectorFindings(
        signals=tuple(columns),
        axes=axes,
        discrete=isinstance(actions, Discrete),
        neutral=neutral,
        scores=tuple(scores),
        joints=_joints(columns, axes, episodes) if isinstance(actions, Box) and episodes else (),
        fall=_price_of_a_fall([r.rewards for r, over in zip(recordings, ended, strict=False) if over]),
    )


def _at_rest(signal: Feature, episodes: Sequence[np.ndarray]) -> float:
    """A signal's mean over the first observations of episodes, 0 where there are none."""
    firsts = [float(values_of(signal, e[:1])[0]) for e in episodes if len(e)]
    return float(np.mean(firsts)) if firsts else 0.0


def _joints(
    columns: list[Feature], axes: Sequence[ActionAxis], episodes: list[np.ndarray]
) -> tuple[tuple[str, str] | None, ...]:
    """The likeliest joint of each channel: of what the push moves, whose steps follow what it moves most.

    Rates that change much within a step, as those of light limbs do, follow their positions' steps only roughly.
    """
    signals = {s.name: s for s in columns if s.kind in (PLAIN, ANGLE)}
    found: list[tuple[str, str] | None] = []
    for axis in axes:
        drives = [signals[name] for name, _ in axis.drives if name in signals]
        best: tuple[float, tuple[str, str] | None] = (LIKELY, None)
        if drives and drives[0].rate_of is None:
            rate = drives[0]
            values = [values_of(rate, e) for e in episodes]
            x = np.concatenate([0.5 * (v[1:] + v[:-1]) for v in values])
            for base in drives[1:]:
                if base.rate_of is None:
                    gain, left = _robust_fit(
                        x, np.concatenate([np.diff(values_of(base, e)) for e in episodes])
                    )
                    if gain > 0 and left < best[0]:
                        best = (left, (base.name, rate.name))
        found.append(best[1])
    return tuple(found)


def _price_of_a_fall(rewards: Sequence[np.ndarray]) -> float:
    """The median loss in the last step of terminated episodes, if ten times as large as any usual step's size."""
    last = [float(r[-1]) for r in rewards if len(r) > 1]
    if not last:
        return 0.0
    usual = float(np.quantile(np.abs(np.concatenate([r[:-1] for r in rewards if len(r) > 1])), 0.9))
    price = -float(np.median(last))
    return price if price > 10.0 * usual else 0.0


def _columns(episodes: list[np.ndarray], names: Sequence[str], chosen: Sequence[int]) -> list[Feature]:
    """Names the chosen components that change: flags, cos/sin pairs (with their angle), plain numbers."""
    every = np.concatenate(episodes)
    spread = every.std(axis=0)
    changing = [i for i in chosen if spread[i] > 1e-9]
    flags = [i for i in changing if np.isin(every[:, i], (0.0, 1.0)).all()]
    plain = [i for i in changing if i not in flags]
    pairs: list[tuple[int, int]] = []
    for i, j in combinations(plain, 2):
        taken = {k for pair in pairs for k in pair}
        if not {i, j} & taken and np.abs(every[:, i] ** 2 + every[:, j] ** 2 - 1.0).max() < 1e-4:
            pairs.append((i, j))
    signals = []
    for n, (i, j) in enumerate(pairs):
        angle = np.arctan2(every[:, j], every[:, i])
        scale = max(float(np.std(angle)), 0.1)
        atan = f"math.atan2(float(obs[{j}]), float(obs[{i}]))"
        signals.append(
            Feature(name=f"angle{n}", source=atan, indices=(i, j), kind=ANGLE, centre=0.0, scale=scale)
        )
        for k, kind in ((i, COS), (j, SIN)):
            source = f"float(obs[{k}])"
            signals.append(
                Feature(name=f"{kind}{n}", source=source, indices=(k,), kind=kind, centre=0.0, scale=1.0)
            )
    for i in plain:
        if all(i not in pair for pair in pairs):
            centre, scale = float(every[:, i].mean()), float(spread[i])
            source = f"float(obs[{i}])"
            signals.append(
                Feature(name=names[i], source=source, indices=(i,), kind=PLAIN, centre=centre, scale=scale)
            )
    for i in flags:
        source = f"float(obs[{i}])"
        signals.append(Feature(name=names[i], source=source, indices=(i,), kind=FLAG, centre=0.0, scale=1.0))
    return signals


def _link_rates(signals: list[Feature], episodes: list[np.ndarray]) -> list[Feature]:
    """Renames signals that are the rate of change of another: differences of one follow the other."""
    movers = [s for s in signals if s.kind in (PLAIN, ANGLE)]
    candidates = [s for s in signals if s.kind == PLAIN]
    found: list[tuple[float, Feature, Feature]] = []
    for base in movers:
        steps = np.concatenate([np.diff(values_of(base, e)) for e in episodes])
        if steps.std() < 1e-12:
            continue
        for rate in candidates:
            if rate is base:
                continue
            after = np.concatenate([values_of(rate, e)[1:] for e in episodes])
            before = np.concatenate([values_of(rate, e)[:-1] for e in episodes])
            for x in (after, before, 0.5 * (after + before)):
                gain, left = _robust_fit(x, steps)
                if gain > 0 and left < 0.15:
                    found.append((left, base, rate))
    renamed: dict[str, Feature] = {}
    taken: set[str] = set()
    for _, base, rate in sorted(found, key=lambda f: f[0]):
        if rate.name in renamed or base.name in taken or base.name in renamed:
            continue
        taken.add(base.name)
        renamed[rate.name] = Feature(
            name=f"{base.name}_rate",
            source=rate.source,
            indices=rate.indices,
            kind=rate.kind,
            centre=rate.centre,
            scale=rate.scale,
            rate_of=base.name,
        )
    return [renamed.get(s.name, s) for s in signals]


def _changes(signals: list[Feature], episodes: list[np.ndarray]) -> list[Feature]:
    """Signals for the change of numbers whose rate is not among the components."""
    known = {s.rate_of for s in signals} | {s.name for s in signals if s.rate_of is not None}
    alone = [s for s in signals if s.kind == PLAIN and s.name not in known]
    changes = []
    for base in alone if len(alone) <= MOST_CHANGES else []:
        scale = float(np.concatenate([np.diff(values_of(base, e)) for e in episodes]).std())
        if scale > 1e-9:
            changes.append(
                Feature(
                    name=f"{base.name}_change",
                    source=f"self.{base.name}_before.next({base.source})",
                    indices=base.indices,
                    kind=CHANGE,
                    centre=0.0,
                    scale=scale,
                    setup=f"self.{base.name}_before = Change()",
                    part=("feedback", "Change"),
                )
            )
    return changes


def _robust_fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fits ``y = gain x`` without the worst fifth (contacts, resets of a joint at its stop).

    Returns:
        The gain, and the median residual over the median size of y (0 is a perfect fit).
    """
    keep = np.ones(len(x), dtype=bool)
    gain = 0.0
    for _ in range(3):
        gain = float(x[keep] @ y[keep]) / max(float(x[keep] @ x[keep]), 1e-300)
        off = np.abs(y - gain * x)
        keep = off <= np.quantile(off, 0.8)
    size = float(np.median(np.abs(y)))
    return gain, float(np.median(off)) / size if size > 0 else np.inf


def _effects(
    signals: list[Feature], episodes: list[np.ndarray], pushes: list[np.ndarray], contrasts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Regresses each signal's step on the state and the action.

    Args:
        signals: what may be moved.
        episodes: observations, float[T, d] per episode.
        pushes: float[T, m] per episode, the action as m numbers.
        contrasts: float[k, m], the combinations of pushes whose effects are wanted.

    Returns:
        Effects in probe scales per unit of push, float[k, n_signals], and their t statistics.
    """
    if not signals or not episodes:  # nothing that is seen ever changes, or no episode is long enough to say
        return np.zeros((len(contrasts), len(signals))), np.zeros((len(contrasts), len(signals)))
    tables = [np.stack([values_of(s, e) / s.scale for s in signals], axis=1) for e in episodes]
    states = np.concatenate([table[:-1] for table in tables])
    steps = np.concatenate([np.diff(table, axis=0) for table in tables])
    push = np.concatenate([p[:-1] for p in pushes])
    design = np.concatenate([push, states - states.mean(axis=0), np.ones((len(push), 1))], axis=1)
    inverse = np.linalg.inv(design.T @ design + np.eye(design.shape[1]) * 1e-6 * len(design))
    weights = inverse @ design.T @ steps
    left = steps - design @ weights
    spare = max(len(design) - design.shape[1], 1)
    variance = np.maximum((left**2).sum(axis=0) / spare, 1e-16)
    m = push.shape[1]
    effects = contrasts @ weights[:m]
    deviation = np.sqrt(np.einsum("ij,jk,ik->i", contrasts, inverse[:m, :m], contrasts))
    spread = np.maximum(
        deviation[:, None] * np.sqrt(variance)[None, :], 1e-300
    )  # 0 where there is one action alone
    return effects, effects / spread


def _axes(
    signals: list[Feature], episodes: list[np.ndarray], acted: list[np.ndarray], actions: ActionSpace
) -> tuple[tuple[ActionAxis, ...], int | None]:
    if isinstance(actions, Box):
        effect, t = _effects(signals, episodes, acted, np.eye(len(actions.low)))
        axes = [
            ActionAxis(
                name=f"push{k}",
                plus=k,
                minus=None,
                low=actions.low[k] if actions.low[k] >= -WIDE else -FREE,
                high=actions.high[k] if actions.high[k] <= WIDE else FREE,
                drives=_drives(signals, effect[k], t[k]),
            )
            for k in range(len(actions.low))
        ]
        return tuple(axes), None
    one_hot = [_as_numbers(a, actions) for a in acted]
    contrasts = np.eye(actions.n)[:, :-1] - 1.0 / actions.n  # the last action is coded as none of the others
    effect, t = _effects(signals, episodes, [h[:, :-1] for h in one_hot], contrasts)
    trusted = np.where(np.abs(t).max(axis=0) > 4.0, 1.0, 0.0) / np.maximum(np.abs(effect).max(axis=0), 1e-12)
    rates = np.array([s.kind == PLAIN for s in signals])
    directions = effect * trusted * rates
    neutral, pairs = _opposites(directions)
    axes = []
    for n, (plus, minus) in enumerate(pairs):
        push = effect[plus] - (
            effect[minus] if minus is not None else effect[neutral if neutral is not None else plus]
        )
        push = push / (2.0 if minus is not None else 1.0)
        strength = np.maximum(np.abs(t[plus]), np.abs(t[minus]) if minus is not None else 0.0)
        axes.append(
            ActionAxis(
                name=f"push{n}",
                plus=plus,
                minus=minus,
                low=-1.0 if minus is not None else 0.0,
                high=1.0,
                drives=_drives(signals, push, strength),
            )
        )
    return tuple(axes), neutral


def _as_numbers(acted: np.ndarray, actions: ActionSpace) -> np.ndarray:
    """Actions as pushes, float[T, m]: a column for each discrete action."""
    return np.eye(actions.n)[acted[:, 0].astype(int)] if isinstance(actions, Discrete) else acted


def _opposites(directions: np.ndarray) -> tuple[int | None, list[tuple[int, int | None]]]:
    """Finds the neutral action and pairs of opposite ones.

    Args:
        directions: effect of each action, float[n, d], in comparable units.

    Returns:
        The neutral action or None, and (plus, minus) pairs; minus is None for an action without opposite.
    """
    n = len(directions)
    neutral, nearest = None, 0.25
    for i, j in combinations(range(n), 2):
        width = float(np.linalg.norm(directions[i] - directions[j]))
        for a in range(n):
            if a not in (i, j) and width > 1e-12:
                off = float(np.linalg.norm(directions[a] - 0.5 * (directions[i] + directions[j]))) / width
                if off < nearest:
                    neutral, nearest = a, off
    vectors = directions - (directions.mean(axis=0) if neutral is None else directions[neutral])
    size = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    cosine = (vectors @ vectors.T) / np.outer(size, size)
    rest = [a for a in range(n) if a != neutral]
    pairs: list[tuple[int, int | None]] = []
    for c, i, j in sorted((float(cosine[i, j]), i, j) for i, j in combinations(rest, 2)):
        if c < -0.7 and i in rest and j in rest:
            pairs.append((j, i))
            rest.remove(i)
            rest.remove(j)
    return neutral, sorted(pairs + [(a, None) for a in rest])


def _drives(signals: list[Feature], effect: np.ndarray, t: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Signals that this push moves for certain, strongest first; then what those are rates of."""
    order = sorted(range(len(signals)), key=lambda i: -abs(effect[i]))
    top = max((abs(effect[i]) for i in order if abs(t[i]) > 4.0), default=0.0)
    names = [
        (signals[i].name, float(effect[i])) for i in order if abs(t[i]) > 4.0 and abs(effect[i]) > 0.02 * top
    ]
    return tuple(names)
