"""Defaults that the command line and Python share; this module loads nothing, for ``--help`` shows them."""

from __future__ import annotations

SIMULATED = 40  # simulated steps per environment step of the budget, where nobody says how many
SIMULATED_LEAST = 5_000_000  # and at least so many
HOLDOUT_EPISODES = 30  # at the end of learning, and in reports
