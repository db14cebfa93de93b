"""A whole program from its own structure and its play: what it sees, what acts how often, what each rule is worth.

What a rule is worth is measured by taking it out of the text and playing the same development seeds (an ablation),
recorded and charged as every measurement. What a parameter does is asked of the program at some decisions of one
episode: in how many of them a change within its bounds turns the decision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.errors import HarnessError
from hlearn.evidence.measure import measure_program
from hlearn.evidence.replay import rule_of
from hlearn.evidence.statistics import RESAMPLES
from hlearn.explain.decisions import explain_steps
from hlearn.policy.modules import params_of, parts_of, without_part
from hlearn.policy.rewriting import ParamSpec, RuleSpec
from hlearn.records import Episode, Program, Split
from hlearn.system import System
from hlearn.tasks.seeds import split_seeds

_ASKED = 12  # decisions at which parameters are changed
_ASK_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What becomes of the score without one rule, on the same seeds.

    Attributes:
        lost: mean score with it less mean score without it; None where the program fails without it.
        interval: 95 % bootstrap interval of that, None with it.
        episodes: pairs.
    """

    lost: float | None
    interval: tuple[float, float] | None
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUse:
    """A detector, rule, controller or reflex.

    Attributes:
        acted: share of the decisions in which it acted, None for detectors.
        read: whether anything in the program mentions what a detector sees.
        ablation: None where it was not measured.
    """

    name: str
    spec: RuleSpec
    acted: float | None
    read: bool
    ablation: Ablation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamUse:
    """A parameter.

    Attributes:
        read: whether anything in the program mentions it.
        turns: share of the asked decisions that a change within its bounds turns.
        nearest: median of the smallest such change, as a share of its range; None where it turns none.
    """

    name: str
    spec: ParamSpec
    read: bool
    turns: float
    nearest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStory:
    """A program, told.

    Attributes:
        words: the docstring of its main module.
        seed: of the episode that was looked at.
        score: of that episode.
        decisions: in it.
        asked: decisions at which parameters were changed.
        never: branches and functions that did not run in it: path, line, text.
    """

    words: str
    seed: int
    score: float
    decisions: int
    asked: int
    parts: tuple[PartUse, ...]
    params: tuple[ParamUse, ...]
    never: tuple[tuple[str, int, str], ...]


def tell_program(
    system: System,
    program: Program,
    *,
    episodes: int = 5,
    ablate: bool = True,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> ProgramStory:
    """Plays a program, asks it, and takes its rules out one by one.

    Args:
        system: whose task, development seeds and ledger.
        program: what is told.
        episodes: development episodes of each ablation.
        ablate: whether to measure ablations.
        workers: episodes side by side.
        say: told what is being done.

    Raises:
        UsageError: the program fails before its first decision, or the key is not on this machine.
    """
    seed = split_seeds(Split.DEV, system.config.seed, 0, 1)[0]
    say("playing an episode")
    explained = explain_steps(system.task, program, seed, (-1,), system.worlds, search=False)
    recording, last = explained.recording, explained.decisions[0]
    count = len(recording.actions)
    rules = [rule_of(trace) for trace in recording.traces]
    params = params_of(program)
    asked = _sample(count) if params else []
    say("asking about parameters")
    turned = _turned(system, program, seed, asked) if asked else {}
    parts = parts_of(program)
    acting = [n for n, s in parts.items() if s.role not in ("detect", "controller")]
    ablations = _ablations(system, program, acting, episodes, workers, say) if ablate else {}
    acted = dict.fromkeys(parts, 0)
    for rule in rules:
        for name in rule.split("+"):
            acted[name] = acted.get(name, 0) + 1
    text = "\n".join(m.source for m in program.modules)
    return ProgramStory(
        words=_docstring(program),
        seed=seed,
        score=explained.outcome.score,
        decisions=count,
        asked=len(asked),
        parts=tuple(
            PartUse(
                name=name,
                spec=spec,
                acted=None if spec.role == "detect" else acted.get(spec.name, 0) / max(count, 1),
                read=spec.role != "detect" or _mentioned(text, spec.name),
                ablation=ablations.get(name),
            )
            for name, spec in parts.items()
        ),
        params=tuple(
            ParamUse(
                name=name,
                spec=spec,
                read=_mentioned(text, name.rpartition(".")[2]),
                turns=len(turned.get(name.rpartition(".")[2], ())) / max(len(asked), 1),
                nearest=float(np.median(shares)) if (shares := turned.get(name.rpartition(".")[2])) else None,
            )
            for name, spec in params.items()
        ),
        never=last.never,
    )


def _sample(count: int) -> list[int]:
    return sorted({int(s) for s in np.linspace(0.03 * count, 0.97 * (count - 1), _ASKED)})


def _turned(system: System, program: Program, seed: int, steps: Sequence[int]) -> dict[str, list[float]]:
    """By parameter, the smallest change that turned each decision that it turns, as a share of its range."""
    try:
        explained = explain_steps(system.task, program, seed, steps, system.worlds, limit_s=_ASK_S)
    except HarnessError:
        return {}
    found: dict[str, list[float]] = {}
    for decision in explained.decisions:
        best: dict[str, float] = {}
        for one in decision.counterfactuals:
            if one.kind == "param":
                best[one.name] = min(best.get(one.name, one.share), one.share)
        for name, share in best.items():
            found.setdefault(name, []).append(share)
    return found


def _ablations(
    system: System,
    program: Program,
    names: Sequence[str],
    episodes: int,
    workers: int,
    say: Callable[[str], None],
) -> dict[str, Ablation]:
    if not names:
        return {}
    say("measuring the program")
    whole = _scores(system, program, episodes, workers)
    found = {}
    for name in names:
        say(f"measuring without {name}")
        scores = _scores(system, without_part(program, name), episodes, workers)
        if whole is None or scores is None:
            found[name] = Ablation(lost=None, interval=None, episodes=episodes)
            continue
        lost = whole - scores
        drawn = lost[np.random.default_rng(0).integers(len(lost), size=(RESAMPLES, len(lost)))].mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        found[name] = Ablation(
            lost=float(lost.mean()), interval=(float(low), float(high)), episodes=len(lost)
        )
    return found


def _scores(system: System, program: Program, episodes: int, workers: int) -> np.ndarray | None:
    done = measure_program(system, program, split=Split.DEV, episodes=episodes, workers=workers)
    outcomes = done.evaluation.outcomes
    if not all(isinstance(o, Episode) for o in outcomes):
        return None
    return np.array([o.score for o in outcomes])


def _mentioned(text: str, name: str) -> bool:
    """Whether something reads ``.name``; its own definition has no dot before it."""
    return re.search(rf"\.{re.escape(name)}\b", text) is not None


def _docstring(program: Program) -> str:
    import ast

    try:
        return ast.get_docstring(ast.parse(program.source)) or ""
    except (SyntaxError, ValueError):
        return ""


def story_lines(story: ProgramStory) -> list[str]:
    """A program in plain words."""
    lines = [*(story.words.splitlines() or ["The program says nothing of itself."]), ""]
    lines.append(f"Looked at seed {story.seed}: score {story.score:g} in {story.decisions} decisions.")
    detectors = [p for p in story.parts if p.spec.role == "detect"]
    if detectors:
        lines += ["", "It sees:"]
        lines += [
            f"  {p.name}{_summary(p.spec)}" + ("" if p.read else "  (nothing reads it)") for p in detectors
        ]
    acting = sorted((p for p in story.parts if p.spec.role != "detect"), key=lambda p: -(p.acted or 0.0))
    if acting:
        lines += ["", "It acts by, the busiest first:"]
        lines += [f"  {_acting_words(p)}" for p in acting]
    if story.params:
        lines += [
            "",
            f"Its parameters, and in how many of {story.asked} decisions a change within bounds turns them:",
        ]
        lines += [f"  {_param_words(p)}" for p in story.params]
    if story.never:
        lines += ["", "Never ran in that episode:"]
        lines += [f"  {path}:{line}  {text}" for path, line, text in story.never[:20]]
    return lines


def _summary(spec: RuleSpec) -> str:
    return f": {spec.summary}" if spec.summary else f" (lines {spec.first_line} to {spec.last_line})"


def _acting_words(part: PartUse) -> str:
    share = part.acted or 0.0
    text = f"{part.name} ({part.spec.role}), {share:.1%} of the decisions{_summary(part.spec)}"
    if not share:
        text += "  (never acts)"
    found = part.ablation
    if found is None:
        return text
    if found.lost is None or found.interval is None:
        return f"{text}  [without it the program fails]"
    low, high = found.interval
    return (
        f"{text}  [without it {found.lost:+.4g} points lost, 95 % interval {low:.4g} to {high:.4g}, "
        f"{found.episodes} episodes]"
    )


def _param_words(param: ParamUse) -> str:
    spec = param.spec
    unit = f" {spec.unit}" if spec.unit else ""
    bounds = f" in {spec.low:g} to {spec.high:g}" if spec.low is not None and spec.high is not None else ""
    text = f"{param.name} = {spec.value:g}{unit}{bounds}: {param.turns:.0%}"
    if param.nearest is not None:
        text += f", usually by {param.nearest:.1%} of its range"
    return text + ("" if param.read else "  (nothing reads it)")
