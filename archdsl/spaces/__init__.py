"""The tree of decisions of a spec with holes: its size, its members, their costs."""

from archdsl.spaces.space import Space as Space
