"""Decisions in words: what was asked in which order, what decided, and what would have turned it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hlearn.explain.decisions import Action, AskedPart, Condition, Counterfactual, ExplainedDecision, PartCall
from hlearn.foreign_text import lines_of, safe_line
from hlearn.policy.order import RuleOrder
from hlearn.policy.rewriting import RuleSpec
from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace, Discrete

_SHOWN = 6  # counterfactuals
_CONDITIONS = 6  # of one part


def decision_lines(decision: ExplainedDecision, program: Program, actions: ActionSpace) -> list[str]:
    """The decision as lines of text, for a terminal, a brief or a page."""
    order = RuleOrder.of(program)
    lines = [
        f"step {decision.step}, seed {decision.seed}: {action_words(decision.stated, actions)}"
        + (f", by {decision.rule}" if decision.rule else "")
    ]
    if not decision.agrees:
        lines.append(
            f"NOT what was done ({action_words(decision.taken, actions)}): the program does not act the same again"
        )
    seen = state_words(decision)
    if seen:
        lines.append(f"saw: {seen}")
    rules = [part for part in decision.asked if part.role != "detect"]
    lines += [
        f"  {n}. {part_words(part, order.specs.get(part.name))}" for n, part in enumerate(rules, start=1)
    ]
    turned = nearest(decision.counterfactuals)
    if turned:
        lines.append("it would have acted otherwise with:")
        lines += [f"  {counterfactual_words(c, actions)}" for c in turned]
    elif decision.uncopyable:
        lines.append(f"no counterfactual: the policy cannot be copied ({decision.uncopyable})")
    else:
        lines.append("no change of one value within reach would have turned it")
    return lines


def state_words(decision: ExplainedDecision) -> str:
    """What was seen, shortly."""
    return ", ".join(f"{name} {value_words(value)}" for name, value in decision.state.items())


def part_words(part: AskedPart, spec: RuleSpec | None) -> str:
    """A part that was asked: what it said, and why."""
    where = f" (lines {spec.first_line} to {spec.last_line})" if spec is not None else ""
    said = f"says {value_words(part.value)}" if part.spoke else "passes"
    why = [condition_words(c) for c in part.conditions[-_CONDITIONS:]]
    why += [call_words(c) for c in part.calls[-_CONDITIONS:]]
    return f"{part.name}{where} {said}" + (f": {'; '.join(why)}" if why else "")


def condition_words(condition: Condition) -> str:
    """A test: as written, with its values, and which way it went."""
    holds = "yes" if condition.holds else "no"
    if condition.compared is None:
        return f"`{condition.text}` {holds}"
    left, sign, right = condition.compared
    values = f"{value_words(left)} {sign} {value_words(right)}"
    return f"`{condition.text}` {holds}" + ("" if values == condition.text else f" ({values})")


def call_words(call: PartCall) -> str:
    """A part that was asked, with what it was given."""
    given = ", ".join(f"{name} {value_words(value)}" for name, value in call.given)
    return f"{call.name}({given}) = {value_words(call.result)}"


def counterfactual_words(found: Counterfactual, actions: ActionSpace) -> str:
    """A change, and what it would have led to."""
    moved = found.after - found.before
    kind = {"param": "the parameter ", "observation": "obs["}.get(found.kind, "")
    name = f"{kind}{found.name}]" if found.kind == "observation" else f"{kind}{found.name}"
    return (
        f"{name} {value_words(found.after)} instead of {value_words(found.before)} ({moved:+.3g}): "
        f"{action_words(found.action, actions)}" + (f", by {found.rule}" if found.rule else "")
    )


def nearest(found: Sequence[Counterfactual], most: int = _SHOWN) -> list[Counterfactual]:
    """The nearest ones, one for each value; some of them parameters, where there are any, for these can be set."""
    kept: dict[tuple[str, str], Counterfactual] = {}
    for one in found:
        kept.setdefault((one.kind, one.name), one)
    params = [c for c in kept.values() if c.kind == "param"][: max(1, most // 3)]
    others = [c for c in kept.values() if c.kind != "param"][: most - len(params)]
    return sorted(params + others, key=lambda c: c.share)


def action_words(action: Action, actions: ActionSpace) -> str:
    """An action with its name, or its numbers."""
    if isinstance(action, list):
        return "action [" + ", ".join(f"{a:.3g}" for a in action) + "]"
    names = actions.names if isinstance(actions, Discrete) else ()
    name = f" ({names[action]})" if isinstance(action, int) and 0 <= action < len(names) else ""
    return f"action {action}{name}"


def value_words(value: object) -> str:
    """A value of a trace, in at most some words."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "nothing"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        inner = ", ".join(f"{k} {value_words(v)}" for k, v in list(value.items())[:6] if k != "drawn")
        return f"({inner})"
    if isinstance(value, list):
        more = ", ..." if len(value) > 6 else ""
        return "[" + ", ".join(value_words(v) for v in value[:6]) + more + "]"
    return safe_line(str(value), 80)


def source_lines(decision: ExplainedDecision, program: Program) -> Iterator[str]:
    """The source of what acted, with line numbers; a mark stands where a branch ran."""
    order = RuleOrder.of(program)
    ran = set(decision.lines)
    for name in decision.rule.split("+"):
        spec = order.specs.get(name)
        module = next((m for m in program.modules if f"def {name}(" in m.source), None)
        if spec is None or module is None:
            continue
        yield f"{module.path}:"
        text = lines_of(module.source)
        for number in range(spec.first_line, spec.last_line + 1):
            mark = ">" if (module.path, number) in ran else " "
            yield f"{mark}{number:5d}  {text[number - 1].rstrip()}"
