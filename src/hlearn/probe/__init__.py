"""Probing: what recorded episodes show before a program exists: what is there, what moves, what is driven, what counts.

Comes in: observations and actions of recorded episodes. Goes out: signals, things and drives, as plain values.
"""
