"""The page: how a system came to its program, what goes wrong, and an episode to step through, as one file of HTML.

Comes in: a system on disk. Goes out: one file that needs no server and no network. Plain JavaScript that every browser
has, in one file beside this one: nothing to build, nothing to fetch, and whoever reads the page's source reads ours.
"""

from hlearn.page.writing import MOST_BYTES, write_page

__all__ = ["MOST_BYTES", "write_page"]
