"""Which trial a new one begins with the weights of: the nearest that it may know."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from archdsl.errors import BuildError
from archdsl.language.settings import SearchSettings
from archdsl.study.record.folder import among_the_best
from archdsl.study.record.state import State

if TYPE_CHECKING:
    from archdsl.compiler.alike import Tensors
    from archdsl.spaces import Space
    from archdsl.specification import Spec
    from archdsl.study.record.folder import RunFolder

_FLOAT = 4  # bytes


class Source(NamedTuple):
    """A trial, and the share of the parameters of another that are its own, too."""

    trial: int
    share: float


class Inheriting:
    """Knows the trials that came to their end, in an order that follows from the record.

    Where the weights may take so many bytes, those known last stay: which those are follows from
    the record, too, and from nothing that lies on the disk.
    """

    def __init__(self, space: Space, settings: SearchSettings, run: RunFolder) -> None:
        self._space, self._run = space, run
        # paused trials have the other half for what they go on from
        halves = 1 if settings.prune is None else 2
        self._most = None if settings.disk is None else settings.disk // halves
        self._new = list[int]()
        self._sources: dict[int, Tensors] = {}
        self._bytes = 0
        self._dropped = set[int]()

    def know(self, trial: int) -> None:
        """A trial came to its end."""
        self._new.append(trial)

    def of(self, spec: Spec, state: State) -> Source | None:
        """The trial that has the most parameters in common, of equals the first; None for none."""
        from archdsl.compiler.alike import tensors_of

        self._take(state)
        try:
            own = tensors_of(spec.network())
        except BuildError:  # its training says so
            return None
        in_common = {number: own.parameters_in(its) for number, its in self._sources.items()}
        most = max(in_common.values(), default=0)
        if not most:
            return None
        nearest = min(number for number, has in in_common.items() if has == most)
        return Source(nearest, round(most / own.parameters, 4))

    def _take(self, state: State) -> None:
        """Take in those that are known since, and drop the weights that no trial begins with."""
        from archdsl.compiler.alike import tensors_of

        for number in self._new:
            spec = self._space.member(state.trials[number].decisions)
            self._sources[number] = tensors_of(spec.network())
            self._bytes += _bytes(self._sources[number])
        self._new.clear()
        while self._most is not None and self._bytes > self._most:
            first = next(iter(self._sources))
            self._bytes -= _bytes(self._sources.pop(first))
            self._dropped.add(first)
        if self._dropped:
            self._drop(state)

    def _drop(self, state: State) -> None:
        """What is among the best stays, and what a trial began with that may begin anew."""
        open_ = {one.inherits for one in state.trials.values() if not one.over}
        for number in self._dropped - open_ - {*among_the_best(state)}:
            self._run.end_trial(number, weights=False)
            self._dropped.discard(number)


def _bytes(tensors: Tensors) -> int:
    return _FLOAT * sum(prod(shape) for _, shape in tensors.roles.values())
