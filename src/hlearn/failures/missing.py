"""Which state is probably missing: what of the observation is unusual before failures, and no detector reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hlearn.failures.detectors import DetectorCheck
from hlearn.failures.episodes import MinedEpisode
from hlearn.failures.mining import FailureGroup

_BEFORE = 20  # decisions before a failure
_STRONG = 1.0  # standard deviations
_READ = 0.9  # agreement from which a detector reads a component
_FEWEST = 3  # moments of a failure


class Missing(NamedTuple):
    """A component that foretells a failure.

    Attributes:
        component: of the observation.
        failure: title of the failure.
        effect: how far its mean before the failure is from its usual one, standard deviations.
        before: mean before it.
        usual: mean otherwise.
    """

    component: int
    failure: str
    effect: float
    before: float
    usual: float


def missing_state(
    episodes: Sequence[MinedEpisode],
    groups: Sequence[FailureGroup],
    checks: Sequence[DetectorCheck],
    *,
    most: int = 5,
) -> tuple[Missing, ...]:
    """The strongest ones, at most one for each component.

    Args:
        episodes: with small observations; others tell nothing.
        groups: their failures.
        checks: of the detectors, which say what is read already.
        most: how many.
    """
    read = {c.component for c in checks if c.agreement >= _READ and not c.relation.window}
    by_seed = {e.seed: e for e in episodes}
    found: dict[int, Missing] = {}
    for group in groups:
        moments = [(group.worst.seed, group.worst.step), *group.others]
        windows = [
            by_seed[seed].observed[max(0, step - _BEFORE) : step]
            for seed, step in moments
            if step > 0 and by_seed[seed].observed.shape[1]
        ]
        if len(windows) < _FEWEST:
            continue
        before = np.concatenate(windows)
        usual = np.concatenate([e.observed for e in episodes])
        spread = usual.std(axis=0)
        effect = (before.mean(axis=0) - usual.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf)
        # One and the same before every such failure, not only on their mean.
        same = np.array([w.mean(axis=0) - usual.mean(axis=0) for w in windows])
        steady = (np.sign(same) == np.sign(effect)).all(axis=0)
        for component in np.argsort(-np.abs(effect)):
            size = float(effect[component])
            if abs(size) < _STRONG:
                break
            known = found.get(int(component))
            if component in read or not steady[component] or (known and abs(known.effect) >= abs(size)):
                continue
            found[int(component)] = Missing(
                int(component),
                group.title,
                size,
                float(before[:, component].mean()),
                float(usual[:, component].mean()),
            )
    return tuple(sorted(found.values(), key=lambda m: -abs(m.effect))[:most])


def missing_words(missing: Missing) -> str:
    """One of them in words."""
    return (
        f"obs[{missing.component}] is {missing.before:.4g} before `{missing.failure}`, otherwise {missing.usual:.4g} "
        f"({missing.effect:+.1f} standard deviations), and no detector reads it"
    )
