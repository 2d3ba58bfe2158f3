"""A number of members: exact, or between bounds that are certain."""

from __future__ import annotations

from archdsl.units import integer

CERTAIN = 100
"""Bounds of a count no further apart than a part of so many are called certified."""


class Count(int):
    """A number of members: certainly this many, and exactly so where `exact` is true.

    high: certainly no more than this
    """

    high: int
    exact: bool

    def __new__(cls, low: int, high: int | None = None) -> Count:
        """A count between two bounds, or an exact one."""
        made = super().__new__(cls, low)
        made.high = low if high is None else high
        made.exact = made.high == low
        return made

    @property
    def certified(self) -> bool:
        """Whether the bounds are within one percent of each other."""
        return CERTAIN * (self.high - int(self)) <= self.high

    def words(self) -> str:
        """`1,204`, `between 1,204 and 1,210 (certified)`, or `... (not certified)`."""
        if self.exact:
            return integer(int(self))
        certified = "certified" if self.certified else "not certified"
        return f"between {integer(int(self))} and {integer(self.high)} ({certified})"
