"""``hl why``: the decision at one step, and what would have turned it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.at_door import is_editors, why_at_door
from hlearn.cli.opening import open_system, shown_seed, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb

if TYPE_CHECKING:
    from hlearn.explain.decisions import AskedPart, Counterfactual, ExplainedDecision

_CHECKED = 5  # counterfactuals that --check plays


@verb
def why(
    directory: SystemDir,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, help="The episode. Default: the first development seed.", show_default=False
        ),
    ] = None,
    step: Annotated[
        int,
        typer.Option(
            "--step", help="The decision, from 0; negative ones count from the end. Default: the last."
        ),
    ] = -1,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="A trial number, SHA-256 prefix or git revision. Default: the program as it stands.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Also play the nearest changes, and say whether they turn the decision."
        ),
    ] = False,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Say why the program decided as it did: rules in order, what decided, and the nearest change that turns it.

    In an editor's copy the run that started the editor plays the episode, and charges it where it is new.

    Exit code 1 if the explanation does not end in the action that was taken, or with --check if a change turns nothing.
    """
    from hlearn.explain.decisions import explain_steps
    from hlearn.explain.words import decision_lines, source_lines
    from hlearn.tasks.registry import describe

    screen = console(as_json)
    copy = is_editors(directory)
    if copy:
        with screen.status("waiting for the run to play the episode"):
            subject, task, explained = why_at_door(directory, program, seed, step, check=check)
    else:
        system = open_system(directory, screen)
        subject, task = standing_program(system, directory, program), system.task
        with screen.status("playing the episode"):
            explained = explain_steps(task, subject, shown_seed(system, seed), (step,), system.worlds)
    actions = describe(task).actions
    decision = explained.decisions[0]
    for line in (*decision_lines(decision, subject, actions), *source_lines(decision, subject)):
        screen.print(line, markup=False, soft_wrap=True, highlight=False)
    played: list[bool] = []
    if check and not copy:
        from hlearn.evaluate.isolated import IsolatedEvaluator
        from hlearn.explain.decisions import play_change
        from hlearn.explain.words import nearest

        with screen.status("playing the changes"), IsolatedEvaluator(system.task) as evaluator:
            for one in nearest(decision.counterfactuals, _CHECKED):
                taken = play_change(evaluator, system.task, subject, decision, one.change, system.worlds)
                played.append(taken == one.action)
        screen.print(f"{sum(played)} of {len(played)} changes turned the decision when they were played")
    good = decision.agrees and all(played)
    return Answer(data={"system": str(directory.absolute()), "program_sha256": subject.sha256,
                        **_data(decision), "checked": played}, code=DONE if good else NO)  # fmt: skip


def _data(decision: ExplainedDecision) -> dict[str, object]:
    return {
        "seed": decision.seed,
        "step": decision.step,
        "action": decision.stated,
        "taken": decision.taken,
        "rule": decision.rule,
        "state": dict(decision.state),
        "asked": [_part(part) for part in decision.asked],
        "counterfactuals": [_turned(c) for c in decision.counterfactuals],
        "uncopyable": decision.uncopyable or None,
        "lines": [list(line) for line in decision.lines],
    }


def _part(part: AskedPart) -> dict[str, object]:
    return {
        "name": part.name,
        "role": part.role,
        "value": part.value,
        "conditions": [
            {
                "path": c.path,
                "line": c.line,
                "text": c.text,
                "compared": list(c.compared) if c.compared else None,
                "holds": c.holds,
            }
            for c in part.conditions
        ],
        "calls": [
            {"name": c.name, "line": c.line, "given": dict(c.given), "result": c.result} for c in part.calls
        ],
    }


def _turned(found: Counterfactual) -> dict[str, object]:
    return {
        "kind": found.kind,
        "name": found.name,
        "before": found.before,
        "after": found.after,
        "action": found.action,
        "rule": found.rule,
        "share": found.share,
    }
