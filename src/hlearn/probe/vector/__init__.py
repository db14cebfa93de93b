"""Vectors: what random play shows of numbers: which ones pushes move, which are angles, rates or flags, what pairs up.

Comes in: recorded episodes. Goes out: :class:`~hlearn.probe.vector.sketch.VectorFindings`. Nothing here plays or
proposes.
"""
