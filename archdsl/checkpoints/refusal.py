"""What is said of a file that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.checkpoints.axes import Shape
from archdsl.checkpoints.fit import Fit, Shapes
from archdsl.checkpoints.naming import OWN
from archdsl.errors import BuildError

DROP_HEAD = (
    "drop_head=True, on the command line\n{}--drop-head, leaves them out, and the model starts its "
    "own afresh"
)
"""What to do about other classes, where the classifier may begin afresh."""

_KEEP_HEAD = "name the spec with as many\n  as the file has, as with  --set classes=N"

_SHOWN = 5


@contextmanager
def with_the_classifier() -> Iterator[None]:
    """Let errors inside offer no classifier that begins afresh, to whom it would be worth nothing.

    Raises BuildError, as what is inside.
    """
    try:
        yield
    except BuildError as error:
        said = str(error).replace(DROP_HEAD.format("  "), _KEEP_HEAD)
        raise BuildError(said) from None


def misfit(
    subject: str,
    spec: str,
    best: Fit,
    file: Shapes,
    *,
    cure: str = "",
    where: str = OWN.phrase,
    under: str = "",
) -> str:
    """Why a file does not fit a model: the first five tensors, and what to do instead.

    subject: the file in words
    where: the namings that were tried, in words
    under: what the names of the tensors begin with in the file
    """
    below = f" below {under}" if under else ""
    if len(best.missing) == len(best.entries):  # they do not share one name
        lines = [f"{subject} is not for {spec}: none of its names is one of the model's in {where}"]
        lines += [f"  {name} {_shape(file[name])}" for name in list(file)[:_SHOWN]]
        more = len(file) - _SHOWN
    else:
        problems = list(_problems(best, file))
        lines = [f"{subject} does not fit {spec}, read in {best.reading}{below}:"]
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
