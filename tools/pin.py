"""Writes requirements.txt, -dev.txt and -agents.txt: every version pinned, with the hashes of its files.

    python tools/pin.py [--upgrade]

Versions come from pip's own resolution of pyproject.toml (without --upgrade, versions already pinned stay where they
satisfy it). Hashes are those of the wheels for Linux (x86_64, aarch64) and the Python versions below, asked for with
``pip install --dry-run``, so that the same files serve every such machine, whatever index its pip uses: no
address is written. One machine resolves for all, so what only some Python versions need is in a table here.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
GLIBC_MINORS = range(39, 4, -1)  # manylinux_2_39 down to manylinux_2_5
# Needed on some Python versions only; pip resolves for the version that runs it.
ONLY_ON = {
    "box2d": ("3.11", "3.12", "3.13"),  # no wheel for 3.14 or for other machines than x86_64
}
MARKERS = {
    "box2d": 'python_version < "3.14" and platform_machine == "x86_64"',
}
AGENTS = (  # what tests with outside packages need
    *("mcp", "model", "agents-test", "datasets", "network", "network-test", "ray"),
)
BUILD = ["setuptools>=77"]  # builds the package itself without fetching anything more
HEADER = "# Written by tools/pin.py from pyproject.toml; do not edit.\n"


def pip_report(arguments: list[str]) -> dict[str, tuple[str, str]]:
    """Returns what pip would install: name -> (version, SHA-256)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--target", folder, "--only-binary=:all:", "--report", str(report), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        rows = json.loads(report.read_text())["install"]
    return {
        normal(row["metadata"]["name"]): (
            row["metadata"]["version"],
            row["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for row in rows
    }


def normal(name: str) -> str:
    """Returns a project's name as indexes write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path: Path) -> list[str]:
    """Returns the pins of a file written before, as constraints."""
    if not path.exists():
        return []
    return re.findall(r"^([a-z0-9-]+==[^\s;]+)", path.read_text(), flags=re.MULTILINE)


def resolve(requirements: list[str], constraints: list[str]) -> dict[str, str]:
    """Returns name -> version for requirements and all that they need."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(constraints))
        file.flush()
        found = pip_report([*requirements, "--constraint", file.name])
    return {name: version for name, (version, _) in found.items()}


def target(python: str, machine: str) -> list[str]:
    """Returns pip's options for wheels of another Python version and machine."""
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
    platforms += [f"--platform={old}_{machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1")]
    return ["--no-deps", f"--python-version={python}", "--implementation=cp", *platforms]


def hashes(versions: dict[str, str]) -> dict[str, set[str]]:
    """Returns the SHA-256 of the file that each supported machine and Python version would install."""
    found: dict[str, set[str]] = {name: set() for name in versions}
    for machine in MACHINES:
        for python in PYTHONS:
            wanted = [f"{n}=={v}" for n, v in versions.items() if python in ONLY_ON.get(n, PYTHONS)]
            for name, digest in wheels(python, machine, wanted):
                found[name].add(digest)
    return found


def wheels(python: str, machine: str, pins: list[str]) -> list[tuple[str, str]]:
    """Returns name and SHA-256 of each pin's wheel; says which have none."""
    try:
        return [(name, digest) for name, (_, digest) in pip_report([*target(python, machine), *pins]).items()]
    except subprocess.CalledProcessError:
        if len(pins) == 1:
            print(f"no wheel of {pins[0]} for Python {python} on {machine}", file=sys.stderr)
            return []
        half = len(pins) // 2  # one missing wheel fails all: halve until it stands alone
        return wheels(python, machine, pins[:half]) + wheels(python, machine, pins[half:])


def pin(name: str, version: str) -> str:
    """Returns the requirement that pins a version, on the Pythons that need it."""
    return f"{name}=={version}" + (f" ; {MARKERS[name]}" if name in MARKERS else "")


def write(path: Path, versions: dict[str, str], digests: dict[str, set[str]]) -> None:
    """Writes one file, sorted, in the form that ``pip install --require-hashes`` takes."""
    lines = [HEADER]
    for name in sorted(versions):
        entries = [pin(name, versions[name]), *(f"--hash=sha256:{h}" for h in sorted(digests[name]))]
        lines.append(" \\\n    ".join(entries) + "\n")
    path.write_text("".join(lines))


def main() -> None:
    """Resolves, asks for the hashes and writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows"
    )
    upgrade = parser.parse_args().upgrade
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime_file, dev_file, agents_file = (
        ROOT / f"requirements{which}.txt" for which in ("", "-dev", "-agents")
    )
    constraints = [] if upgrade else [p for f in (runtime_file, dev_file, agents_file) for p in pinned(f)]
    runtime = resolve([*project["dependencies"], *BUILD], constraints)
    fixed = [pin(name, version) for name, version in runtime.items()]
    extras = project["optional-dependencies"]
    both = resolve([*extras["dev"], *extras["docs"], *fixed], constraints)
    dev = {name: version for name, version in both.items() if name not in runtime}
    fixed += [pin(name, version) for name, version in dev.items()]
    everything = resolve([*(r for name in AGENTS for r in extras[name]), *fixed], constraints)
    agents = {name: version for name, version in everything.items() if name not in runtime | dev}
    digests = hashes({**runtime, **dev, **agents})
    write(runtime_file, runtime, digests)
    write(dev_file, dev, digests)
    write(agents_file, agents, digests)


if __name__ == "__main__":
    main()
