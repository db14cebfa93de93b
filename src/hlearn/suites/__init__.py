"""Suites: many tasks as one experiment.

A suite is data (:mod:`hlearn.suites.suite`): tasks, accesses, protocols, repeats, budgets, an editor. Each of its
*tracks* is
one learning run, an ordinary system with a ledger of its own in the suite's folder (:mod:`hlearn.suites.folder`),
made by
the ordinary command ``hl learn``, which an executor starts: on this machine's cores or on a Ray cluster
(:mod:`hlearn.suites.executors`). What comes in is a file and a folder; what goes out is a folder from which
:mod:`hlearn.suites.report` makes tables, curves and a page.
"""

from __future__ import annotations

from hlearn.suites.driver import run_suite
from hlearn.suites.folder import SuiteFolder, TrackState
from hlearn.suites.suite import Suite, Track, read_suite, suites_in_the_box

__all__ = ["Suite", "SuiteFolder", "Track", "TrackState", "read_suite", "run_suite", "suites_in_the_box"]
