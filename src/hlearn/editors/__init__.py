"""Who proposes changes: the embedded search, a command in a copy of the system, a scripted double, later coding agents.

Comes in: a brief and a lab. Goes out: a proposal, judged elsewhere.
"""
