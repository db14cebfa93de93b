"""Who proposes changes: the embedded search, a command in a worktree, a scripted double, later coding agents.

Comes in: a brief and a lab. Goes out: a proposal, judged elsewhere.
"""
