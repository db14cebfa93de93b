"""Evidence for an editor: the most important first, within its limits, with pictures beside it."""

from __future__ import annotations

from pathlib import Path

from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.failures import play_mined
from hlearn.failures.detectors import check_detectors
from hlearn.failures.dossier import make_evidence
from hlearn.failures.episodes import usual_of
from hlearn.failures.mining import mine
from hlearn.failures.missing import missing_state
from hlearn.records import Program
from hlearn.tasks import resolve_task
from tests.cli.conftest import CORRIDOR, hl
from tests.cli.programs import SEEK
from tests.failures.test_mining import FAULTS, GOOD, TASK

FAULTY = GOOD.replace(*FAULTS["off"][:2])
ASLEEP = SEEK.replace("return 2 if", "return 0 if")


def test_evidence_is_within_its_limits() -> None:
    program = Program(source=FAULTY)
    episodes = play_mined(TASK, program, (1, 2), evaluators=lambda task, workers=1: InProcessEvaluator(task))
    whole = make_evidence(TASK, program, episodes, "", images=1)
    assert len(whole.images) == 1 and whole.images[0].data.startswith(b"\x89PNG")
    assert f"evidence/{whole.images[0].name}" in whole.text
    assert "| left | rule | 0.0% |" in whole.text and "| here |" in whole.text
    short = make_evidence(TASK, program, episodes, "", characters=1_500, images=0)
    assert len(short.text) <= 1_500 and "left out" in short.text and not short.images
    assert short.text.startswith("From 2 development episodes") and short.text.count("```") % 2 == 0


def test_what_foretells_a_failure_and_is_not_read_is_named() -> None:
    task = resolve_task("ALE/Freeway-v5")
    blind = "class P:\n    def reset(self, seed): pass\n    def act(self, obs): return 1\n"
    episodes = play_mined(task, Program(source=blind), (1,), max_steps=1_200)
    groups = mine(episodes)
    checks = check_detectors(episodes, usual_of(episodes))
    assert all(m.component >= 0 and abs(m.effect) >= 1 for m in missing_state(episodes, groups, checks))


def test_an_editor_finds_it_beside_its_brief(tmp_path: Path) -> None:
    (tmp_path / "seek.py").write_text(SEEK)
    (tmp_path / "asleep.py").write_text(ASLEEP)
    (tmp_path / "edit.sh").write_text(
        'if grep -q "What goes wrong" "$HL_BRIEF"; then\n'
        f'  cp "$HL_BRIEF" {tmp_path}/seen.md; cp -r "$(dirname "$HL_BRIEF")/evidence" {tmp_path}/\n'
        f"  cp {tmp_path}/seek.py policy.py\nelse cp {tmp_path}/asleep.py policy.py; fi\n"
    )
    said = hl(
        *("learn", CORRIDOR, "--editor", f"command:sh {tmp_path}/edit.sh", "--steps", 20_000, "--workers", 1),
        *("--out", tmp_path / "system", "--holdout-episodes", 3, "--target", 9),
    )
    assert said.code == 0, said.err
    seen = (tmp_path / "seen.md").read_text()
    assert "## What goes wrong" in seen and "worst loss first" in seen
    assert "| right | rule |" in seen and "### 1. " in seen
    assert list((tmp_path / "evidence").glob("*.png"))


def test_learning_ends_by_naming_the_worst_failure(tmp_path: Path) -> None:
    (tmp_path / "asleep.py").write_text(ASLEEP)
    said = hl(
        *("learn", CORRIDOR, "--editor", f"command:cp {tmp_path}/asleep.py policy.py", "--steps", 6_000),
        *("--out", tmp_path / "system", "--holdout-episodes", 3, "--workers", 1),
    )
    assert "Worst failure:" in said.out and f"hl failures {tmp_path / 'system'}" in said.out
