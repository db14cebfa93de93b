"""Docs are tests: what README and docs/json.md say of the command is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from hlearn.cli.main import app
from tests.cli.conftest import CORRIDOR, Said, hl

ROOT = Path(__file__).parents[2]
VERBS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def _commands(text: str) -> list[list[str]]:
    """Every ``hl ...`` line of the code blocks, and every `hl ...` within a line."""
    found = re.findall(r"^(?:\$ )?(hl [^\n#]*)", text, flags=re.MULTILINE) + re.findall(
        r"`(hl [^`\n]+)`", text
    )
    return [shlex.split(line) for line in found]


@pytest.mark.parametrize("page", ["README.md", "docs/design.md", "AGENTS.md"])
def test_every_command_of_the_docs_exists(page: str) -> None:
    for words in _commands((ROOT / page).read_text()):
        if words[1].startswith("-") or words[1].isupper():
            continue
        assert words[1] in VERBS, f"{page}: hl {words[1]}"
        command = VERBS[words[1]]
        if hasattr(command, "commands"):
            assert words[2] in command.commands, f"{page}: hl {words[1]} {words[2]}"
            command = command.commands[words[2]]
        known = {name for option in command.params for name in option.opts + option.secondary_opts}
        for flag in (w.split("=")[0] for w in words[2:] if w.startswith("--")):
            assert flag in known | {"--help"}, f"{page}: hl {words[1]} {flag}"


def test_readme_shows_every_verb() -> None:
    named = {words[1] for words in _commands((ROOT / "README.md").read_text())}
    assert named >= VERBS.keys()


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'gymnasium', 'ale_py', 'matplotlib', 'cv2', 'av', 'mujoco', 'pytest', 'cmaes'}"
    code = f"import sys, hlearn.cli.main; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_has_help_and_json(verb: str) -> None:
    assert len(VERBS[verb].help) > 30
    for inner in getattr(VERBS[verb], "commands", ("",)):
        said = hl(*filter(None, (verb, inner)), "--help")
        assert said.code == 0 and "--json" in said.out


def test_json_fields_are_as_documented(learnt: tuple[Path, Said], system: Path) -> None:
    documented = _documented((ROOT / "docs" / "json.md").read_text())
    assert documented.keys() <= VERBS.keys()
    assert documented.keys() >= {name for name, verb in VERBS.items() if not hasattr(verb, "commands")}
    assert list(learnt[1].data) == documented["learn"]
    answers = {
        "init": hl("init", CORRIDOR, system.parent / "new", "--json"),
        "probe": hl("probe", CORRIDOR, "--steps", 300, "--json"),
        "eval": hl("eval", system, "--episodes", 1, "--workers", 1, "--json"),
        "history": hl("history", system, "--json"),
        "report": hl("report", system, "--no-picture", "--json"),
        "replay": hl("replay", system, "--json"),
        "compress": hl("compress", system, "--workers", 1, "--json"),
        "diff": hl("diff", system, 1, 2, "--json"),
        "rollback": hl("rollback", system, 1, "--json"),
    }
    (system / "policy.py").write_text((system / "policy.py").read_text() + "\nUNUSED = 1\n")
    answers["gate"] = hl("gate", system, "--workers", 1, "--json")
    for verb, said in answers.items():
        assert sorted(said.data) == sorted(documented[verb]), verb


def _documented(text: str) -> dict[str, list[str]]:
    sections = re.split(r"^## (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^\| `(\w+)` \|", body, flags=re.MULTILINE)
        for name, body in zip(sections[::2], sections[1::2], strict=True)
    }
