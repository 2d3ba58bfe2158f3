"""The same numbers in another shape: how a published tensor's axes differ from ours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

Shape: TypeAlias = tuple[int, ...]

TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class Ones:
    """Axes of size 1 that one side has and the other has not: `*,1,1` has two at the end."""

    before: int = 0
    after: int = 0

    @classmethod
    def read(cls, text: str) -> Ones | None:
        """From `*,1,1` or `1,1,*`; None for a text that is neither."""
        parts = [part.strip() for part in text.split(",")]
        if parts.count("*") != 1 or set(parts) - {"*", "1"}:
            return None
        before = parts.index("*")
        return cls(before, len(parts) - before - 1)

    def added(self, shape: Shape) -> Shape:
        """A shape with these axes."""
        return (1,) * self.before + shape + (1,) * self.after

    def removed(self, shape: Shape) -> Shape | None:
        """A shape without these axes, or None where it has no such axes."""
        inner = shape[self.before : len(shape) - self.after]
        return inner if self.added(inner) == shape else None


NO_ONES = Ones()


@dataclass(frozen=True, slots=True)
class Axes:
    """What a rule says of shapes.

    theirs, ours: axes of size 1 that only that side has
    tokens: theirs is (1, N, C) where ours is (1, C, H, W) with H·W = N
    """

    theirs: Ones = NO_ONES
    ours: Ones = NO_ONES
    tokens: bool = False

    def their_shape(self, shape: Shape) -> Shape | None:
        """The shape of their tensor where ours has `shape`; None where the rule does not fit."""
        if self.tokens:
            if len(shape) != 4:
                return None
            return (shape[0], math.prod(shape[2:]), shape[1])
        bare = self.ours.removed(shape)
        return None if bare is None else self.theirs.added(bare)

    def to_theirs(self, tensor: Tensor) -> Tensor:
        """Our tensor in their shape."""
        shape = self.their_shape(tuple(tensor.shape))
        assert shape is not None, "the fit has compared the shapes"
        if self.tokens:
            return tensor.flatten(2).transpose(1, 2).contiguous()
        return tensor.reshape(shape)

    def to_ours(self, tensor: Tensor, shape: Shape) -> Tensor:
        """Their tensor in our `shape`."""
        if self.tokens:
            return tensor.transpose(1, 2).reshape(shape)
        return tensor.reshape(shape)


SAME = Axes()
