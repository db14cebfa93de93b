"""A benchmark of attacks: does hlearn hold against hostile programs, edits, tampering, kills and odd machines?

    python -m benchmarks.attacks [--kind KIND ...] [--only TEXT] [--workers 2] [--anew] [--list]
    python -m benchmarks.attacks --kills 200

Run from the repository's root. Every case runs in a process of its own with a time limit and states what is expected;
it *holds* where that comes about, else it is *broken*, and the reason stands in ``results/attacks.json``. Cases that
have a result are not run again, unless ``--anew`` or ``--broken`` asks for it, so a run can be stopped and goes on.

One module per kind: ``programs`` (what a program tries in its process), ``seeds`` (what it tries to foresee), ``texts``
(words of strangers), ``edits`` (what an editor's command changes), ``tampering`` (ledgers, cases, settings and git of a
system), ``states`` (what a process inherits or lacks), ``honest`` (programs and habits that must not be refused),
``kills`` (SIGKILL at random moments).
"""
