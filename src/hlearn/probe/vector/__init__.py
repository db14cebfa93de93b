"""Vectors: what random play shows of numbers: which ones pushes move, which are angles, rates or flags, what pairs up.

Comes in: recorded episodes. Goes out: a :class:`~hlearn.probe.vector.sketch.Sketch`. Nothing here plays or proposes.
"""
