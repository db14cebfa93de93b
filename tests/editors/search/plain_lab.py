"""Where tests of the search find their lab; it ships with the package."""

from hlearn.testing.labs import PlainLab

__all__ = ["PlainLab"]
