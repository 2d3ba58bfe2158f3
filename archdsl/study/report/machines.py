"""Where the trainings of each session ran, when that was not where the search did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.study.record.events import Training
    from archdsl.study.record.state import State


@dataclass(slots=True)
class _Alike:
    """Machines with the same differences from where the search runs."""

    nodes: set[str] = field(default_factory=set)
    trainings: set[Training] = field(default_factory=set)


def elsewhere(state: State) -> list[list[str]]:
    """For each session a phrase for each kind of machine that trainings of it ran on.

    `40 trainings on 2 nodes (10.0.0.3, 10.0.0.4)`, and for others `: torch 2.14, device A100`.
    """
    found: list[dict[tuple[tuple[str, str], ...], _Alike]] = [{} for _ in state.sessions]
    for training, starts in state.starts.items():
        for start in starts:
            if start.session < 0 or (start.node is None and not start.there):
                continue
            kind = found[start.session].setdefault(tuple(start.there.items()), _Alike())
            kind.trainings.add(training)
            kind.nodes |= set() if start.node is None else {start.node}
    return [[_words(*one) for one in kinds.items()] for kinds in found]


def _words(there: tuple[tuple[str, str], ...], alike: _Alike) -> str:
    nodes = sorted(alike.nodes)
    named = f" on {counted(len(nodes), 'node')} ({', '.join(nodes)})" if nodes else ""
    others = ", ".join(f"{name} {said}" for name, said in there)
    return f"{counted(len(alike.trainings), 'training')}{named}" + (f": {others}" if others else "")
