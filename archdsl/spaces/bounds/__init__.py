"""Certain bounds without rounding to a grid: of how many members are inside limits, and of what
one cost is while others are inside theirs.

The door of this folder: nothing outside imports from further in.
"""

from archdsl.spaces.bounds.hull import least_within as least_within
from archdsl.spaces.bounds.windows import bounded as bounded
from archdsl.spaces.bounds.windows import window as window
