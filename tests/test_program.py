"""A program's files and its address."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlearn.program import Program, ProgramFile
from tests.evaluate.packages import MAIN, package

names = st.from_regex(r"([a-z]{1,3}/)?[a-z]{1,4}\.(py|npy|npz)", fullmatch=True)


@given(st.text(), st.dictionaries(names, st.binary(max_size=30), max_size=4))
def test_content_says_everything(source: str, files: dict[str, bytes]) -> None:
    program = Program(source=source, files=tuple(ProgramFile(path=p, data=d) for p, d in files.items()))
    assert Program.of_content(program.content()) == program
    assert program.sha256 == hashlib.sha256(program.content()).hexdigest()


def test_a_program_of_one_file_has_the_address_of_that_file() -> None:
    source = "\ufeffclass P:\r\n    pass\n"
    program = Program(source=source)
    assert program.sha256 == hashlib.sha256(source.encode()).hexdigest()
    assert program.as_files() == {"policy.py": source.encode()}


def test_every_file_is_part_of_the_address_and_their_order_is_not() -> None:
    whole = package()
    assert package(weights_npy=b"\x93NUMPY other").sha256 != whole.sha256
    assert package(detectors_py="x = 1\n").sha256 != whole.sha256
    assert whole.without_file("weights.npy").sha256 != whole.sha256
    assert Program(source=MAIN, files=tuple(reversed(whole.files))) == whole
    assert Program(source=MAIN).sha256 != whole.sha256


def test_no_file_can_pose_as_a_package() -> None:
    whole = package()
    assert Program(source=whole.content().decode("latin-1")).sha256 != whole.sha256
    assert Program(source=whole.content().decode("utf-8", "surrogateescape")).sha256 != whole.sha256


def test_a_folder_becomes_the_same_program_again() -> None:
    whole = package()
    assert Program.of_files(whole.as_files()) == whole
    assert [m.name for m in whole.modules] == ["policy", "policy.detectors", "policy.skills.push"]
    assert [m.path for m in whole.modules][1:] == ["policy/detectors.py", "policy/skills/push.py"]
    alone = Program.of_files({"policy/__init__.py": MAIN.encode()})
    assert alone == Program(source=MAIN), "a package of one file is that file"
    beside = {
        "policy/x.pkl": b"",
        "policy/../x.py": b"",
        "policy/a b.py": b"",
        "README.md": b"",
        "policy/LICENSE": b"",
    }
    assert Program.of_files(whole.as_files() | beside) == whole
    assert Program.of_files(beside) is None
    assert Program.of_files({}) is None
    for path in ("x.pkl", "../x.py", "a b.py", "/x.py", "__init__.py", "x.npy.py\n"):
        with pytest.raises(ValueError, match="cannot be a file of a program"):
            Program(source="", files=(ProgramFile(path=path, data=b""),))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"policy.py": b"", "policy/__init__.py": b""}, "one or the other"),
        ({"policy/detectors.py": b""}, "no __init__.py"),
        ({"policy/__init__.py": b"", "policy/x.py": b"\xff"}, "policy/x.py is not UTF-8"),
    ],
)
def test_what_is_no_program_is_named(files: dict[str, bytes], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Program.of_files(files)


def test_one_module_is_rewritten_and_the_rest_stays() -> None:
    whole = package()
    changed = whole.with_source("policy/detectors.py", "x = 2\n")
    assert changed.modules[1].source == "x = 2\n"
    assert changed.assets == whole.assets
    with pytest.raises(KeyError, match="no module"):
        whole.with_source("policy/nothing.py", "")
    assert Program(source="a").with_source("policy.py", "b") == Program(source="b")
