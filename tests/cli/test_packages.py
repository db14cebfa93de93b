"""Every verb on a system whose program is a package."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import hl
from tests.cli.programs import SEEK


def split_up(system: Path) -> Path:
    """Turns the program of the toy system into a package by hand."""
    (system / "policy.py").unlink()
    folder = system / "policy"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        SEEK.replace("class Seek(RulePolicy)", "class Seek(Walking, RulePolicy)").replace(
            "from hlearn.policy import RulePolicy, rule\n",
            "from hlearn.policy import RulePolicy, rule\n\nfrom .walking import Walking\n",
        )
    )
    (folder / "walking.py").write_text("class Walking:\n    pass\n")
    return folder


def test_the_verbs_work_on_all_files(system: Path, tmp_path: Path) -> None:
    folder = split_up(system)
    said = hl("eval", system, "--episodes", 3, "--workers", 1, "--json")
    assert said.code == 0, said.err
    assert said.data["mean"] == 10.0
    (folder / "walking.py").write_text("class Walking:\n    here = [][1]\n")
    failing = hl("eval", system, "--episodes", 1, "--workers", 1)
    assert failing.code == 1
    assert 'File "policy/walking.py", line 2' in failing.out

    rule = "\n    @rule\n    def never(self, s):\n        return 0 if self.here > 99 else None\n"
    (folder / "__init__.py").write_text((folder / "__init__.py").read_text().replace(rule, ""))
    (folder / "walking.py").write_text("class Walking:\n    pass\n")
    judged = hl("gate", system, "--workers", 1, "--json")
    assert judged.code == 0, judged.out
    assert not (system / "policy.py").exists()
    assert hl("gate", system, "--workers", 1).code == 2, "the champion itself"
    assert hl("replay", system, "--json").data["program_sha256"] == judged.data["champion_sha256"]
    assert "+++ b/policy/walking.py" in hl("diff", system, 1, 2, "--json").data["diff"]
    assert hl("report", system, "--no-picture", "--json").code == 0
    assert len(hl("history", system, "--json").data["trials"]) == 2
    assert hl("verify", system, "--json").code == 0

    folder.rename(tmp_path / "mine")
    elsewhere = hl("eval", system, "--program", tmp_path / "mine", "--episodes", 1, "--workers", 1, "--json")
    assert elsewhere.data["program_sha256"] == judged.data["champion_sha256"]
    (tmp_path / "mine").rename(folder)
    assert hl("rollback", system, 1).code == 0
    assert (system / "policy.py").read_text() == SEEK
    assert not folder.exists()
    assert hl("rollback", system, 2).code == 0
    assert (folder / "walking.py").exists()
