"""Evaluation: a program plays episodes of a task, isolated from the environment, the seeds and the reward.

Comes in: programs, tasks, seeds. Goes out: episodes or typed failures.
"""
