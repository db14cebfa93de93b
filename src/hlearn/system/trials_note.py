"""``memory/trials.md``: what was tried, what became of it and what follows, rebuilt from the ledger's verdicts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hlearn.ledger import Decision, Trial
from hlearn.ledger.hypotheses import came_true, hypothesis_of, told

_IN_FULL = 20  # trials that are told one by one; older ones in sums, but the accepted ones
_NAMED = 3  # proposals that a sum names
_CAUSES = (
    ("it crashed or was ended", re.compile(r"fail|crash|traceback|timed out|error", re.I)),
    ("it broke a regression case", re.compile(r"\bcases?\b", re.I)),
    ("it broke a test", re.compile(r"\btests?\b", re.I)),
    ("it may not be run", re.compile(r"may not be run", re.I)),
    ("it was no change, or judged before", re.compile(r"no change|judged before", re.I)),
    ("it was not clearly better", re.compile(r"", re.I)),
)


def cause_of(trial: Trial) -> str:
    """Why a trial was not accepted, in a few words."""
    text = "\n".join(trial.reasons)
    return next(words for words, sign in _CAUSES if sign.search(text))


def since_accepted(trials: Sequence[Trial]) -> int:
    """Trials in a row, at the end, of which none was accepted; those of a tuner do not count."""
    count = 0
    for trial in reversed(trials):
        if trial.editor and trial.decision is not Decision.ACCEPTED:
            continue
        if trial.decision is Decision.ACCEPTED:
            break
        count += 1
    return count


def lessons(trials: Sequence[Trial]) -> tuple[str, ...]:
    """What follows from all verdicts, one line each: causes with how often, and how good predictions were."""
    lines = []
    accepted = [t for t in trials if t.decision is Decision.ACCEPTED]
    if accepted:
        steps = "; ".join(_gain(t) for t in accepted[-_NAMED:])
        lines.append(f"what helped: {steps}")
    for words, _ in _CAUSES:
        held = [t for t in trials if t.decision is not Decision.ACCEPTED and cause_of(t) == words]
        if held:
            names = "; ".join(t.note for t in held[-_NAMED:])
            lines.append(f"{len(held)} turned down because {words}, lately: {names}")
    judged = [verdict for t in trials if (verdict := came_true(t)) is not None]
    if judged:
        lines.append(f"of {len(judged)} predictions {sum(judged)} came true")
    return tuple(lines)


def trials_text(trials: Sequence[Trial]) -> str:
    """The whole file.

    Args:
        trials: of the system, in order.
    """
    lines = ["# What was tried", "", "Written by hlearn from the gate's verdicts; edits are overwritten.", ""]
    lines += [f"- {line}" for line in lessons(trials)]
    older = len(trials) - _IN_FULL
    kept = [t for n, t in enumerate(trials) if n >= older or t.decision is Decision.ACCEPTED]
    if older > 0:
        lines += ["", f"Of the first {older} trials only the accepted ones are listed."]
    for trial in kept:
        lines += ["", f"## Trial {trial.trial}: {trial.decision.value}", "", trial.note]
        stated = hypothesis_of(trial.note)
        if stated is not None:
            lines += ["", told(trial)]
        lines += ["", *(f"- {reason.splitlines()[0]}" for reason in trial.reasons if reason.strip())]
    return "\n".join(lines) + "\n"


def _gain(trial: Trial) -> str:
    if trial.challenger_mean is None:
        return trial.note
    before = "nothing" if trial.champion_mean is None else f"{trial.champion_mean:g}"
    return f"{trial.note} ({before} to {trial.challenger_mean:g})"
