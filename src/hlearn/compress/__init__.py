"""Simplification: a champion loses what does not pay, through the gate like every other change.

Comes in: a program with decorated parts. Goes out: proposals of smaller programs.
"""
