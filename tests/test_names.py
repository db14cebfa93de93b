"""One class name for one class: a public name is given once in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "hlearn"
PROGRAMS = SOURCE / "zoo" / "systems"  # learnt programs: data, not modules of the package


def public_classes(root: Path) -> dict[str, list[str]]:
    """Where each public class of the modules below a folder is defined: its name -> "path:line", in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        if PROGRAMS in path.parents:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(f"{path.relative_to(root)}:{node.lineno}")
    return found


def test_every_public_class_has_a_name_of_its_own() -> None:
    found = public_classes(SOURCE)
    assert {"Episode", "Policy", "System"} <= found.keys()
    twice = [f"{name}: {', '.join(places)}" for name, places in found.items() if len(places) > 1]
    assert not twice, "one class name for one class; rename all but the most public:\n" + "\n".join(twice)


def test_a_name_given_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Shape:\n    class Part: ...\n\n\nclass _Own: ...\n")
    (tmp_path / "two.py").write_text("class Part: ...\n\n\nclass _Own: ...\n\n\nclass Shape: ...\n")
    assert public_classes(tmp_path) == {"Shape": ["one.py:1", "two.py:7"], "Part": ["two.py:1"]}
