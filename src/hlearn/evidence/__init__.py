"""Evidence for people: statistics, figures, videos, and episodes measured outside of a learning run.

Comes in: a system on disk. Goes out: numbers with intervals, pictures, films.
"""
