"""Which objects are alike in all that can be read of them, weights aside."""

from __future__ import annotations

import functools
from typing import Any

from torch import Tensor, nn

_PLAIN = (type(None), bool, int, float, str, type)


class Kinds:
    """Numbers objects: what is alike in types, attributes, parts and shapes has the same number.

    Objects are kept, so that no two of them are taken for one.
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._known: dict[int, tuple[object, int]] = {}

    def of(self, given: Any) -> int:
        """The number of an object's kind."""
        known = self._known.get(id(given))
        if known is not None:
            return known[1]
        number = self._numbers.setdefault(self._kind(given), len(self._numbers))
        self._known[id(given)] = given, number
        return number

    def _kind(self, given: Any) -> Any:
        if isinstance(given, _PLAIN):
            return type(given), repr(given) if isinstance(given, float) else given
        if isinstance(given, Tensor):
            return type(given), tuple(given.shape), given.dtype, given.requires_grad
        if isinstance(given, tuple | list):
            return type(given), *map(self.of, given)
        if isinstance(given, set):
            return type(given), frozenset(map(self.of, given))
        if isinstance(given, dict):
            return type(given), *((self.of(key), self.of(value)) for key, value in given.items())
        if isinstance(given, functools.partial):
            return (
                functools.partial,
                self.of(given.func),
                self.of(given.args),
                self.of(given.keywords),
            )
        if isinstance(given, nn.Module):
            return type(given), self.of(vars(given))
        return type(given), id(given)
