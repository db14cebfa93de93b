"""Data sets of what programs did, in the field's format.

Comes in: a system and which of its programs shall play. Goes out: a folder with a Minari data set, the same as Parquet
and a card that says where it comes from; whole or not at all. What it holds a network can be taught from.
"""

from hlearn.datasets.choosing import Filters
from hlearn.datasets.reading import Dataset, open_dataset
from hlearn.datasets.writing import Written, write_dataset

__all__ = ["Dataset", "Filters", "Written", "open_dataset", "write_dataset"]
