"""Whether the table of operators holds with a torch that it was not checked with.

Another torch may trace the same module to other operators, or give an operator other arguments.
So with another minor version every operator of the table is counted once, alone, and compared
with its count by hand, and every operator that adds up is given a product, which has to be refused.
That takes a second; what disagreed is kept in the user's cache.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archdsl.cost.by_hand import DISGUISED, FORMS, SHAPE, HandCount
from archdsl.cost.contractions import NoExactCount, Rule
from archdsl.cost.disagreements import keep, kept
from archdsl.cost.operators import CHECKED_WITH, table
from archdsl.cost.origin import counter_version
from archdsl.cost.trace import Traced, trace


class Found(NamedTuple):
    """What came of an operator's form.

    macs: as counted, or in words why they were not
    operators: those that the tracer saw
    """

    macs: int | str
    operators: frozenset[str] = frozenset()


def check() -> dict[str, Found]:
    """Count every operator of the table alone, by the table: operator -> what came of it."""
    return {name: _found(form) for name, form in FORMS.items()}


def unseen() -> dict[str, str]:
    """Operators that complete a contraction which the count passes over: name -> why."""
    wrong = {}
    for name, run in DISGUISED.items():
        with contextlib.suppress(Exception):  # refused, as it should be, or gone
            _traced(run)
            wrong[name] = f"a product of two tensors that {name} adds up goes unseen"
    return wrong


def disagreements(found: Mapping[str, Found]) -> dict[str, str]:
    """Operators that no count can rely on: name -> why.

    That is one whose form counts wrongly, and with it what its form was traced to: the tracer may
    never show the operator under its own name. Where none of that is counted, it is what no form
    that counts rightly has in it.
    """
    right = [one.operators for name, one in found.items() if one.macs == FORMS[name].macs]
    known = frozenset[str]().union(*right)
    wrong: dict[str, str] = {}
    for name, (macs, operators) in found.items():
        by_hand = FORMS[name].macs
        if macs != by_hand:
            counted = f"refused: {macs}" if isinstance(macs, str) else f"counted as {macs:,}"
            why = f"{name} alone, {by_hand:,} MACs by hand, is {counted}"
            for one in (name, *(operators & table().keys() or operators - known)):
                wrong.setdefault(one, why)
    return wrong


def refusals() -> Mapping[str, Rule]:
    """Rules that refuse what disagrees with the torch that is here; none where it was checked."""
    return _refusals(str(torch.__version__))


@lru_cache(maxsize=1)
def _refusals(version: str) -> dict[str, Rule]:
    if _minor(version) in CHECKED_WITH:
        return {}
    key = counter_version()
    wrong = kept(key)
    if wrong is None:
        wrong = disagreements(check()) | unseen()
        keep(key, wrong)
    return {name: _refusing(why, version) for name, why in wrong.items()}


def _refusing(why: str, version: str) -> Rule:
    def refuse(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
        *others, last = CHECKED_WITH
        raise NoExactCount(
            f"its count cannot be relied on with torch {version}, where {why}.  install torch "
            f"{', '.join(others)} or {last}, or give the module a method `macs`"
        )

    return refuse


def _minor(version: str) -> str:
    """`2.14` of the release 2.14.1+cpu; empty for a pre-release, which was not checked."""
    release = re.fullmatch(r"(\d+\.\d+)\.\d+(\+.*)?", version)
    return release[1] if release else ""


def _found(form: HandCount) -> Found:
    try:
        macs, operators = _traced(form.run)
    except Exception as error:
        problem = str(error).strip().partition("\n")[0]
        return Found(problem or type(error).__name__)
    return Found(macs, operators)


def _traced(run: Callable[[Tensor], Any]) -> Traced:
    with (
        warnings.catch_warnings(action="ignore"),  # nobody asked for an operator that is deprecated
        torch.inference_mode(False),
        torch.no_grad(),
        torch.device("cpu"),
    ):
        return trace(_Alone(run), torch.zeros(SHAPE), table())


class _Alone(nn.Module):
    """A function of a map as a module; of several outputs it gives the first."""

    def __init__(self, run: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self._run = run

    def forward(self, x: Tensor) -> Tensor:
        out = self._run(x)
        first: Tensor = out if isinstance(out, Tensor) else out[0]
        return first
