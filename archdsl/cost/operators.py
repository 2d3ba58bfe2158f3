"""The complete table of operators: every one in a trace is counted, free, or refused."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from archdsl.components.registry import IMPORTED
from archdsl.cost.contractions import CONTRACTIONS, Rule
from archdsl.cost.free import FREE
from archdsl.cost.ready import READY
from archdsl.errors import ArchError
from archdsl.printable import shown

R = TypeVar("R", bound=Rule)

CHECKED_WITH = ("2.13", "2.14", "2.15")
"""The minor versions of torch with which the table was checked; see self_check.py for others."""

_own: dict[str, Rule] = {}


def macs(operator: str) -> Callable[[R], R]:
    """Register the counting rule of an operator that archdsl has none for.

        @archdsl.macs("aten::cumprod")
        def each_times_the_one_before(inputs, outputs):
            return math.prod(outputs[0])

    The rule gets what went into the operator and what came out, in order: a tensor as its shape
    (a tuple), a list as a list, a constant as itself, and None for an absent argument or a
    number that the program computed. It returns the MACs as an int.

    operator: its name in the trace, as the error gives it: "aten::foo", "mine::foo",
        "prim::PythonOp.Foo" for a custom autograd function
    A rule for a Fourier transform, `cumsum` or a recurrent layer replaces archdsl's own.
    Raises ArchError for a name that is no operator's and for an operator that is counted already.
    """
    named = isinstance(operator, str) and re.fullmatch(r"[A-Za-z_]\w*::[A-Za-z_][\w.]*", operator)
    if not named:
        raise ArchError(
            f"{shown(operator)} is no name of an operator.  write it as the error gives it, "
            'as in @archdsl.macs("aten::foo")'
        )

    def registered(rule: R) -> R:
        if not callable(rule):
            raise ArchError(f"a rule for {operator} is a function, and not {shown(rule)}")
        if operator in CONTRACTIONS or operator in FREE:
            raise ArchError(
                f"{_where(rule)}: {operator} is counted already.  a module whose cost its "
                "operators do not tell defines a method `macs` of its own"
            )
        taken = _own.get(operator)
        if taken is not None and not _same_source(taken, rule):
            raise ArchError(
                f"the operator {operator} has a rule at {_where(taken)}, and again at "
                f"{_where(rule)}.  keep one of them"
            )
        _own[operator] = rule
        return rule

    return registered


def table() -> dict[str, Rule]:
    """Operator -> rule for everything that archdsl itself counts."""
    return {**CONTRACTIONS, **READY}


def rules(refusals: Mapping[str, Rule]) -> dict[str, Rule]:
    """Operator -> rule for everything that is counted, registered rules included.

    refusals: rules that stand in for those of the table
    """
    return {**table(), **refusals, **_own}


def registered_rules() -> tuple[tuple[str, Rule], ...]:
    """The rules that were registered: two counts under the same ones agree."""
    return tuple(_own.items())


def _where(rule: Rule) -> str:
    code = getattr(rule, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(rule)


def _same_source(one: Rule, other: Rule) -> bool:
    """Whether a file was loaded twice, or a cell was run again."""
    if one is other:
        return True
    if getattr(one, "__qualname__", 1) != getattr(other, "__qualname__", 2):
        return False
    if one.__module__ == other.__module__ and one.__module__.startswith(("__main__", IMPORTED)):
        return True
    try:
        return inspect.getsource(one) == inspect.getsource(other)
    except (OSError, TypeError):
        return False
