"""What the environment of ``make learn`` weighs, by dependency.

    python benchmarks/install_size.py [--environment FOLDER] [--json FILE]

Without a folder, a fresh environment is made from requirements.txt in a temporary one, which fetches about 250 MB.
Sizes are disk usage in MB (10**6 bytes), compiled bytecode included; the goal is at most 900 MB in total.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL_MB = 900


def disk_usage(path: Path) -> int:
    """Returns the bytes that a file takes on disk, 0 where there is none."""
    return path.lstat().st_blocks * 512 if path.is_symlink() or path.is_file() else 0


def bytecode(path: Path) -> list[Path]:
    """Returns the compiled files that belong to a source file."""
    return list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")) if path.suffix == ".py" else []


def weights(environment: Path) -> dict[str, float]:
    """Returns MB by distribution, largest first, and what belongs to none under "(the environment itself)"."""
    packages = next(environment.glob("lib/python3*/site-packages"))
    owned: set[Path] = set()
    found: dict[str, int] = {}
    for distribution in distributions(path=[str(packages)]):
        files = {Path(str(file.locate())) for file in distribution.files or ()}
        files |= {compiled for file in files for compiled in bytecode(file)}
        found[distribution.metadata["Name"]] = sum(disk_usage(file) for file in files - owned)
        owned |= files
    total = sum(disk_usage(file) for file in environment.rglob("*"))
    found["(the environment itself)"] = total - sum(found.values())
    return {name: size / 1e6 for name, size in sorted(found.items(), key=lambda item: -item[1])}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", type=Path, help="measure this environment instead of a fresh one")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = arguments.environment
        if environment is None:
            environment = Path(folder) / "venv"
            setup = [sys.executable, "tools/environment.py", str(environment), "requirements.txt"]
            subprocess.run(setup, cwd=ROOT, check=True)
        sizes = weights(environment)
    total = sum(sizes.values())
    for name, size in sizes.items():
        if size >= 0.5:
            print(f"{size:8.1f} MB  {name}")
    print(f"{total:8.1f} MB  total (goal: at most {GOAL_MB})")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"total_mb": total, "by_distribution_mb": sizes}, indent=1) + "\n"
        )
    sys.exit(total > GOAL_MB)


if __name__ == "__main__":
    main()
