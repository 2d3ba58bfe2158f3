"""A module measured twice, where nobody but its author knows what its cost depends on.

A cost that is looked up has to be the cost of every layer with these options and shapes. What
is found out here: state that grows with each module that is built or with each pass, and
parameters that several modules have in common, which a sum over layers would count several times.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from archdsl.compiler.network import Shape
from archdsl.cost.measure import Measured, measure
from archdsl.errors import CountError
from archdsl.units import counted


def measure_twice(
    make: Callable[[], nn.Module], in_shape: Shape, address: str, name: str
) -> Measured:
    """`measure`, and again for a second module that runs once more before.

    name: the component's; errors say it. Raises CountError where the two costs differ, and where
    the modules share parameters.
    """
    parameters: list[list[nn.Parameter]] = []

    def made() -> nn.Module:
        module = make()
        parameters.append(list(module.parameters()))
        return module

    try:
        one = measure(made, in_shape, address)
        other = measure(made, in_shape, address, warmup=2)
    except CountError as error:
        raise CountError(f"{error}\n  in {name}") from error.__cause__
    if one != other:
        raise CountError(
            f"{address}: {name} costs {_words(one)} the first time and {_words(other)} the second, "
            "and a cost depends on options and shapes alone.  make what changes an option"
        )
    if {id(each) for each in parameters[0]} & {id(each) for each in parameters[1]}:
        raise CountError(
            f"{address}: {name} shares parameters with others of its kind, so that their costs do "
            "not add up.  make them in its constructor"
        )
    return one


def _words(found: Measured) -> str:
    return f"{counted(found.macs, 'MAC')} with {counted(found.params, 'parameter')}"
