"""Skills of a program: modules ``policy/skills/NAME.py``, each with one policy class and a card. Nothing here runs one.

A card is a literal in the module, so that it is part of the program and of its address::

    CARD = {
        "achieves": "keeps the pole up",
        "expects": "cart position, speed, angle, angular speed",
        "trials": [3, 7],
    }

A skill stands alone: beside the standard library, numpy and hlearn it needs only assets named after it,
``skills/NAME.npz`` or ``skills/NAME_*.npy``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from hlearn.policy.modules import own_modules
from hlearn.policy.source import imported, last_name, parse_program
from hlearn.program import PACKAGE, Program, ProgramFile

FOLDER = "skills"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = ("achieves", "expects", "trials", "from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One skill, as its text says.

    Attributes:
        name: of the module.
        source: its text.
        policy: name of its policy class.
        achieves: one sentence.
        expects: what it must see, in words.
        trials: from which trials it comes.
        origin: of an imported one, where from.
        assets: files that it brings, by path within the package.
    """

    name: str
    source: str
    policy: str
    achieves: str = ""
    expects: str = ""
    trials: tuple[int, ...] = ()
    origin: str = ""
    assets: tuple[ProgramFile, ...] = ()

    @property
    def path(self) -> str:
        """Where it lies within the package."""
        return f"{FOLDER}/{self.name}.py"

    @property
    def files(self) -> tuple[ProgramFile, ...]:
        """Its module and its assets."""
        return (ProgramFile(path=self.path, data=self.source.encode()), *self.assets)


def skill_name(text: str) -> str:
    """Checks a name.

    Raises:
        ValueError: it cannot be one.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is no name of a skill; expected small letters, digits and _, such as stand_up"
        )
    return text


def skills_of(program: Program) -> tuple[Skill, ...]:
    """The skills of a program, by name.

    Raises:
        ValueError: a module below ``skills/`` is none; the message says what it lacks.
    """
    found = []
    for file in program.files:
        folder, _, name = file.path.rpartition("/")
        if folder == FOLDER and file.is_module and name != "__init__.py":
            found.append(read_skill(name.removesuffix(".py"), file.data.decode("utf-8", "replace"), program))
    return tuple(found)


def read_skill(name: str, source: str, program: Program | None = None) -> Skill:
    """Reads a skill from the text of its module.

    Args:
        name: of the module.
        source: its text.
        program: whose modules it must not need, and whose assets may be its own.

    Raises:
        ValueError: it is none; the message says what it lacks.
    """
    where = f"skill {name}"
    skill_name(name)
    try:
        tree = parse_program(source, f"{PACKAGE}/{FOLDER}/{name}.py")
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{where} does not parse: {error}") from None
    card = _card(tree, where)
    needs = [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level] + [
        m for n in ast.walk(tree) for m in imported(n) if m.partition(".")[0] == PACKAGE
    ]
    if needs:
        raise ValueError(
            f"{where} needs other modules of its program ({needs[0]}); a skill stands alone: move what it needs into it"
        )
    assets = () if program is None else tuple(f for f in program.files if _is_asset_of(f.path, name))
    return Skill(
        name=name,
        source=source,
        policy=_policy_class(tree, where),
        achieves=_text(card, "achieves", where),
        expects=_text(card, "expects", where),
        trials=_trials(card, where),
        origin=_text(card, "from", where),
        assets=assets,
    )


def alone(program: Program, name: str) -> Program:
    """The program whose policy is one of a program's skills.

    Raises:
        ValueError: there is no such skill, or it is none.
    """
    for skill in skills_of(program):
        if skill.name == name:
            return standing_alone(skill)
    names = ", ".join(s.name for s in skills_of(program)) or "none"
    raise ValueError(f"the program has no skill {name}; it has: {names}")


def standing_alone(skill: Skill) -> Program:
    """The program that is nothing but this skill."""
    source = f'"""The skill {skill.name} alone."""\n\nfrom .{FOLDER}.{skill.name} import {skill.policy} as Policy\n'
    return Program(source=source, files=skill.files)


def with_skill(program: Program | None, skill: Skill) -> Program:
    """A program with one more skill; its policy stays as it is. Without a program it is the skill alone.

    Raises:
        ValueError: it has a skill or module of that name.
    """
    if program is None:
        return standing_alone(skill)
    taken = {f.path for f in program.files} | {m.replace(".", "/") + ".py" for m in own_modules(program)}
    for file in skill.files:
        if file.path in taken:
            raise ValueError(f"the program has {PACKAGE}/{file.path} already")
    return Program(source=program.source, parent=program.sha256, files=(*program.files, *skill.files))


def _card(tree: ast.Module, where: str) -> dict[str, object]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(last_name(t) == "CARD" for t in node.targets):
            try:
                card = ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                raise ValueError(f"{where}: CARD must be a literal: a dict of texts and numbers") from None
            if not isinstance(card, dict) or any(key not in _KEYS for key in card):
                raise ValueError(f"{where}: CARD is a dict with keys among {', '.join(_KEYS)}")
            return card
    raise ValueError(
        f'{where} has no card; add: CARD = {{"achieves": "...", "expects": "...", "trials": []}}'
    )


def _text(card: dict[str, object], key: str, where: str) -> str:
    value = card.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{where}: {key} of its card must be one line of text")
    return value[:500]


def _trials(card: dict[str, object], where: str) -> tuple[int, ...]:
    value = card.get("trials", [])
    if not isinstance(value, (list, tuple)) or not all(type(v) is int for v in value):
        raise ValueError(f"{where}: trials of its card must be a list of numbers")
    return tuple(value)


def _policy_class(tree: ast.Module, where: str) -> str:
    """The one class that may be a policy: public, the base of no other; ``Policy`` where several are."""
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    bases = {last_name(base) for node in classes for base in node.bases}
    leaves = [n.name for n in classes if n.name not in bases and (n.bases or _acts(n))]
    acting = [n.name for n in classes if n.name in leaves and (_acts(n) or _is_policy(n))] or leaves
    if "Policy" in acting:
        return "Policy"
    if len(acting) != 1:
        raise ValueError(
            f"{where} defines {', '.join(acting) or 'no'} policy class; expected exactly one, or one called Policy"
        )
    return acting[0]


def _acts(node: ast.ClassDef) -> bool:
    return any(isinstance(n, ast.FunctionDef) and n.name == "act" for n in node.body)


def _is_policy(node: ast.ClassDef) -> bool:
    return any(last_name(base).endswith("Policy") for base in node.bases)


def _is_asset_of(path: str, name: str) -> bool:
    folder, _, file = path.rpartition("/")
    return (
        folder == FOLDER
        and not file.endswith(".py")
        and re.fullmatch(rf"{name}(?:_.*)?\.\w+", file) is not None
    )
