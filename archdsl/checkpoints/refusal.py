"""What is said of a file that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archdsl.checkpoints.axes import Shape
from archdsl.checkpoints.fit import Fit, Shapes
from archdsl.checkpoints.naming import OWN

_SHOWN = 5


def misfit(
    path: Path,
    spec: str,
    best: Fit,
    file: Shapes,
    *,
    cure: str = "",
    where: str = OWN.phrase,
) -> str:
    """Why a file does not fit a model: the first five tensors, and what to do instead.

    where: the namings that were tried, in words
    """
    if len(best.missing) == len(best.entries):  # they do not share one name
        lines = [f"{path} is not for {spec}: none of its names is one of the model's in {where}"]
        lines += [f"  {name} {_shape(file[name])}" for name in list(file)[:_SHOWN]]
        more = len(file) - _SHOWN
    else:
        problems = list(_problems(best, file))
        lines = [f"{path} does not fit {spec}, read in {best.reading}:"]
        lines += [f"  {problem}" for problem in problems[:_SHOWN]]
        more = len(problems) - _SHOWN
    if more > 0:
        lines.append(f"  and {more} more")
    return "\n".join([*lines, *(f"  {line}" for line in cure.splitlines())])


def _problems(found: Fit, file: Shapes) -> Iterator[str]:
    for name in found.missing:
        yield f"{_name(found, name)} is missing"
    for name in found.extra:
        yield f"{name} is not one of this model's"
    for name in found.misshapen:
        entry = found.entries[name]
        wanted = entry.axes.their_shape(found.form.shapes[name])
        assert wanted is not None, "a naming whose axes do not suit the model is none of its own"
        given = _shape(file[entry.name])
        yield f"{_name(found, name)} is {given}, and the model's is {_shape(wanted)}"


def _name(found: Fit, name: str) -> str:
    """A tensor as the file calls it, with its address where that is another."""
    theirs = found.entries[name].name
    return theirs if found.naming.label == OWN.label else f"{theirs} ({name})"


def _shape(shape: Shape) -> str:
    return str(tuple(shape))
