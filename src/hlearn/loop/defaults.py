"""Defaults that the command line and Python share; this module loads nothing, for ``--help`` shows them."""

from __future__ import annotations

HOLDOUT_EPISODES = 30  # at the end of learning, and in reports
