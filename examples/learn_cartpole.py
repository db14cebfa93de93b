"""Learn a controller from Python, and print what came of it: python examples/learn_cartpole.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

from hlearn import learn


def main(out: Path) -> None:
    """Learns, then shows the program."""
    result = learn("CartPole-v1", out=out, steps=60_000, target=500, holdout=10)
    print(f"{result.score} over {result.holdout_episodes} fresh episodes, {result.env_steps} steps")
    print((out / "policy.py").read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-cartpole"))
