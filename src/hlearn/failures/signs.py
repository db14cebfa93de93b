"""The kinds of failure: each looks through one episode and names moments, with an estimate of what each cost.

A loss is in points of the task's score. Where nobody can know what a moment cost (a sensor that is blind for a while),
it is estimated from the program's own usual score, which ranks it; it is no measurement. Of a kind that explains others
(:data:`hlearn.failures.mining.CAUSES`) the loss here is how surely it is one, from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hlearn.failures.episodes import MinedEpisode, Usual
from hlearn.records import Episode, Failure

BEFORE = 40  # decisions of a window before its moment
AFTER = 10
_LONG = 60  # decisions that are a stretch
_FEW = 3  # decisions of which something can be said at all
_PERIOD = 400  # decisions of a loop at most
_BACK = -0.3  # correlation of a movement with the one before that is noise
_DRIFT = 12  # decisions in a row in which two take turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One moment at which something went wrong.

    Attributes:
        kind: what sort.
        subject: the detector, rule or value that it is about; "" where it is about the whole episode.
        start: first decision of its window.
        step: the moment itself.
        stop: one past its last decision.
        loss: points, estimated.
        said: in words.
    """

    kind: str
    subject: str
    seed: int
    start: int
    step: int
    stop: int
    loss: float
    said: str


def _sign(
    episode: MinedEpisode, kind: str, subject: str, step: int, loss: float, said: str, stop: int | None = None
) -> Sign:
    last = max(episode.length - 1, 0)
    step = min(max(step, 0), last)
    return Sign(
        kind=kind,
        subject=subject,
        seed=episode.seed,
        start=max(0, step - BEFORE),
        step=step,
        stop=min(last + 1, (step + AFTER) if stop is None else stop),
        loss=float(max(loss, 0.0)),
        said=said,
    )


def _acting(episode: MinedEpisode, step: int) -> str:
    return episode.rules[step] if 0 <= step < len(episode.rules) else ""


def crashes(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """The program itself failed."""
    outcome = episode.outcome
    if isinstance(outcome, Failure):
        last = outcome.message.strip().splitlines()[-1] if outcome.message.strip() else ""
        yield _sign(
            episode,
            "program failed",
            outcome.kind.value,
            episode.length,
            2 * usual.unit,
            f"the program failed: {last}",
        )


def lives(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A life was lost."""
    left = episode.recording.lives
    if not len(left) or not left.max():
        return
    for step in np.flatnonzero(np.diff(left.astype(int)) < 0) + 1:
        rule = _acting(episode, int(step))
        loss = usual.unit / max(int(left.max()), 1)
        yield _sign(episode, "life lost", rule, int(step), loss, f"a life is lost while {rule or 'it'} acts")


def ends(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """It ended early, or by a fall: a last reward that is the worst of all."""
    outcome, rewards = episode.outcome, episode.recording.rewards
    if not isinstance(outcome, Episode) or not outcome.terminated or episode.length < 2:
        return
    last, rest = rewards[-1], rewards[:-1]
    rule = _acting(episode, episode.length - 1)
    missed = max(usual.score - outcome.score, 0.0)
    if last < 0 and last < 5 * min(float(rest.min()), 0.0) and last < -3 * float(np.abs(rest).mean()):
        yield _sign(
            episode,
            "fall",
            rule,
            episode.length - 1,
            abs(last) + missed,
            f"the episode ends with a reward of {last:g}",
        )
    elif episode.length < 0.5 * usual.length and outcome.score < usual.score:
        said = f"it ends after {episode.length} decisions, usually after {usual.length:.0f}"
        yield _sign(episode, "early end", rule, episode.length - 1, missed, said)
    elif _paid_throughout(episode):
        said = f"it ends after {episode.length} decisions, each of which was paid"
        yield _sign(episode, "early end", rule, episode.length - 1, 0.5 * usual.unit, said)


def _paid_throughout(episode: MinedEpisode) -> bool:
    """Whether nearly every decision brought a reward and the environment ended it: whoever goes on gets more."""
    outcome, rewards = episode.outcome, episode.recording.rewards
    ended = isinstance(outcome, Episode) and outcome.terminated
    return ended and episode.length >= _FEW and float((rewards > 0).mean()) > 0.9


def stalls(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A long stretch without reward, where rewards come now and then."""
    rewards = episode.recording.rewards
    if episode.length < _LONG or np.count_nonzero(rewards) > 0.5 * episode.length:
        return
    marks = np.concatenate([[-1], np.flatnonzero(rewards > 0), [episode.length]])
    gaps = np.diff(marks)
    most = max(_LONG, 0.25 * episode.length, 8 * usual.gap if np.isfinite(usual.gap) else 0.0)
    if len(marks) == 2:
        most = _LONG
    for place in np.flatnonzero(gaps > most):
        begin, gap = int(marks[place]) + 1, int(gaps[place])
        rule = _acting(episode, begin + gap // 2)
        lost = gap * usual.rate if usual.rate else usual.unit
        said = f"no reward for {gap} decisions, from {begin} on"
        yield _sign(episode, "no reward", rule, begin + min(gap // 2, BEFORE), lost, said, begin + gap)


def loops(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """The same named state and the same actions again and again."""
    signature = _signature(episode)
    if signature is None:
        return
    length, step = len(signature), 0
    while step + _LONG < length:
        period = _period(signature, step)
        if period is None:
            step += _LONG
            continue
        stop = step + period
        while stop < length and signature[stop] == signature[stop - period]:
            stop += 1
        count = stop - step
        if count >= max(3 * period, 2 * _LONG):
            got = float(episode.recording.rewards[step:stop].sum())
            what = (
                "nothing changes any more"
                if period == 1
                else f"the same {period} decisions come again and again"
            )
            lost = max(count / max(episode.length, 1) * usual.unit, count * usual.rate) * (
                1.0 if got <= 0 else 0.2
            )
            yield _sign(
                episode,
                "loop",
                _acting(episode, step),
                step,
                lost,
                f"{what}, {count} decisions from {step} on",
                stop,
            )
        step = stop


def _signature(episode: MinedEpisode) -> np.ndarray | None:
    """int64[T], equal where everything that is known of two decisions is equal."""
    parts = [np.round(c, 2) for c in episode.columns.numbers.values()]
    actions = episode.recording.actions.reshape(episode.length, -1)
    seen = episode.observed
    if not parts and not seen.shape[1]:
        return None
    if not episode.length:
        return None
    known = np.stack(parts, axis=1) if parts else np.zeros((episode.length, 0))
    if (
        seen.dtype != np.uint8 and seen.shape[1] <= 64
    ):  # a console's memory holds counters that never come again
        known = np.concatenate([known, np.round(seen, 2)], axis=1)
    table = np.nan_to_num(np.concatenate([known, np.round(actions, 2)], axis=1), nan=-1e9)
    _, inverse = np.unique(table, axis=0, return_inverse=True)
    return np.asarray(inverse).reshape(-1)


def _period(signature: np.ndarray, step: int) -> int | None:
    window = signature[step : step + _LONG]
    for period in range(1, min(_PERIOD, len(signature) - step - _LONG) + 1):
        if signature[step + period] == window[0] and np.array_equal(
            signature[step + period : step + period + _LONG], window
        ):
            return period
    return None


def low_scores(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """Far below the program's own median."""
    outcome = episode.outcome
    if isinstance(outcome, Episode) and outcome.score < usual.score - max(
        3 * usual.spread, 0.25 * usual.unit
    ):
        said = f"score {outcome.score:g}, usually {usual.score:g}"
        yield _sign(episode, "low score", "", episode.length - 1, usual.score - outcome.score, said)


def blind(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A detector sees nothing for long."""
    for name, column in episode.columns.numbers.items():
        missing = ~np.isfinite(column)
        share = float(missing.mean()) if len(missing) else 0.0
        start, count = _longest(missing)
        if count >= _LONG or (share > 0.2 and count >= 10):
            said = f"{name} sees nothing in {share:.0%} of the episode, {count} decisions in a row from {start} on"
            yield _sign(
                episode, "sees nothing", name.split(".")[0], start, share * usual.unit, said, start + count
            )


def jumps(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A detector jumps away and back: another thing was taken for the one that is meant."""
    for name, column in episode.columns.numbers.items():
        span = usual.high.get(name, 0.0) - usual.low.get(name, 0.0)
        if len(column) < 20 or span <= 0 or len(np.unique(column[:500])) < 8:
            continue
        away = np.diff(column)
        back = (np.abs(away[:-1]) > 0.4 * span) & (np.abs(away[:-1] + away[1:]) < 0.15 * span)
        places = np.flatnonzero(back) + 1
        if len(places) >= 3:
            rate = len(places) / len(column)
            here, there = column[places[0] - 1], column[places[0]]
            said = f"{name} jumps {len(places)} times, such as from {here:.4g} to {there:.4g}"
            loss = min(1.0, 20 * rate)
            yield _sign(episode, "jumps", name.split(".")[0], int(places[0]), loss, said)


def jitters(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A detector goes to and fro by much, decision by decision: no thing moves like that."""
    for name, column in episode.columns.numbers.items():
        span = usual.high.get(name, 0.0) - usual.low.get(name, 0.0)
        moves = np.diff(column)
        moves = moves[np.isfinite(moves)]
        if len(moves) < 2 * _LONG or span <= 0 or len(np.unique(np.abs(moves[:500]))) < 8:
            continue
        # Of noise that is added anew each time, one movement undoes half of the one before.
        back = float((moves[1:] * moves[:-1]).mean() / max(float((moves**2).mean()), 1e-12))
        if back < _BACK and float(np.median(np.abs(moves))) > 0.03 * span:
            size = float(np.median(np.abs(moves)))
            said = f"{name} goes to and fro by {size:.4g} from one decision to the next"
            yield _sign(episode, "jitters", name.split(".")[0], _LONG, min(1.0, -2 * back), said)


def wild(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """A detector says what is no number, or far more than ever otherwise."""
    for name, column in episode.columns.numbers.items():
        low, high = usual.low.get(name, 0.0), usual.high.get(name, 0.0)
        span = max(high - low, 1e-9)
        far = np.isinf(column) | (column > high + 20 * span) | (column < low - 20 * span)
        if len(column) and span > 1e-6 and far.any():
            step = int(np.flatnonzero(far)[0])
            said = f"{name} is {column[step]:.4g}, usually {low:.4g} to {high:.4g}"
            yield _sign(
                episode,
                "out of range",
                name.split(".")[0],
                step,
                float(far.mean()) * usual.unit + 0.05 * usual.unit,
                said,
            )


def fights(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """Two rules take turns, or the action turns to and fro, decision by decision."""
    rules = np.array(episode.rules, dtype=object)
    for what, values in (("rules", rules), ("actions", _turning(episode.recording.actions))):
        if len(values) < 2 * _DRIFT:
            continue
        turn = np.zeros(len(values), bool)
        turn[2:] = (values[2:] == values[:-2]) & (values[2:] != values[1:-1])
        start, count = _longest(turn)
        share = float(turn.mean())
        if count >= _DRIFT or share > 0.3:
            pair = sorted({str(v) for v in values[start : start + 2]})
            rule = "/".join(pair) if what == "rules" else _acting(episode, start)
            said = f"{what} {' and '.join(pair)} take turns in {share:.0%} of the decisions, {count} in a row"
            yield _sign(episode, f"{what} fight", rule, start, share * 0.2 * usual.unit, said, start + count)


def _turning(actions: np.ndarray) -> np.ndarray:
    if actions.ndim == 1:
        return actions
    main = (
        actions[:, int(np.argmax(np.abs(np.diff(actions, axis=0)).sum(axis=0)))]
        if len(actions) > 1
        else actions[:, 0]
    )
    return np.sign(np.round(main, 2))


def idle(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """No rule speaks for long."""
    silent = np.array([rule in ("", "idle") for rule in episode.rules], bool)
    if not len(silent) or all(not rule for rule in episode.rules):
        return
    start, count = _longest(silent)
    share = float(silent.mean())
    if count >= _LONG or share > 0.5:
        said = f"no rule speaks in {share:.0%} of the decisions, {count} in a row from {start} on"
        yield _sign(episode, "no rule speaks", "idle", start, share * 0.5 * usual.unit, said, start + count)


def stuck_actions(episode: MinedEpisode, usual: Usual) -> Iterator[Sign]:
    """The same action all the time."""
    actions = episode.recording.actions.reshape(episode.length, -1)
    if episode.length < 2 * _LONG and not _paid_throughout(episode):
        return
    for place in range(actions.shape[1]):
        values, counts = np.unique(np.round(actions[:, place], 3), return_counts=True)
        share = float(counts.max()) / episode.length
        if share > 0.97:
            name = f"action {place}" if actions.shape[1] > 1 else "the action"
            said = f"{name} is {values[counts.argmax()]:g} in {share:.0%} of the decisions"
            yield _sign(
                episode, "action stuck", _acting(episode, 0), 0, 0.5 * usual.unit / actions.shape[1], said
            )


def _longest(flags: np.ndarray) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 0
    place = int((stops - starts).argmax())
    return int(starts[place]), int(stops[place] - starts[place])


SIGNS: tuple[Callable[[MinedEpisode, Usual], Iterator[Sign]], ...] = (
    crashes,
    lives,
    ends,
    stalls,
    loops,
    low_scores,
    blind,
    jumps,
    jitters,
    wild,
    fights,
    idle,
    stuck_actions,
)
