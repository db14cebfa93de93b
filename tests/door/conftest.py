"""The toy system of the command line's tests."""

from tests.cli.conftest import learnt, narrow_world, system

__all__ = ["learnt", "narrow_world", "system"]
