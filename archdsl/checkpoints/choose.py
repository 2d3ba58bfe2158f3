"""Which part of a file is taken for a model's weights, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archdsl.checkpoints.fit import Fit
from archdsl.checkpoints.parts import Checkpoint, FilePart
from archdsl.checkpoints.recognise import Target, only
from archdsl.errors import BuildError

_MOST_NAMED = 3


class Taken(NamedTuple):
    """The part of a file that fits, how it does, and what whoever reads the file should know."""

    part: FilePart
    fit: Fit
    notes: tuple[str, ...]


def taken(file: Checkpoint, target: Target, ema: bool | None = None) -> Taken:
    """The one part of a file that fits a network, every name and shape equal.

    ema: whether it is averaged weights that are wanted. By default those that are no average are
        taken where a file has both, and the notes say so
    Raises BuildError where no part fits, or several do.
    """
    parts = [part for whole in file.parts for part in whole.narrowed(target.least)]
    averages = [part for part in parts if part.averaged and _is_large(part, file, target)]
    others = [part for part in parts if not part.averaged]
    wanted = {None: [*others, *averages], True: averages, False: others}[ema]
    if not wanted:
        raise BuildError(_none_such(file, ema))
    fitting = [(part, found) for part in wanted if (found := target.whole(part.shapes))]
    if any(not part.averaged for part, _ in fitting):
        fitting = [(part, found) for part, found in fitting if not part.averaged]
    if not fitting:
        raise BuildError(_refusal(file, target, wanted))
    part, found = fitting[0]
    for other, _ in fitting[1:]:
        if not _equal(part, other):
            several = " and ".join(one.words for one, _ in fitting)
            raise BuildError(
                f"{file.path} has more than one set of weights for {target.network.name}: "
                f"{several}\n  write the tensors of one of them to a file of their own"
            )
    fit = only(file.path, target.network, found)
    return Taken(part, fit, tuple(_notes(part, averages, ema)))


def _equal(one: FilePart, other: FilePart) -> bool:
    import torch

    return one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items()
    )


def _none_such(file: Checkpoint, ema: bool | None) -> str:
    what = "averaged weights" if ema else "weights but averaged ones"
    there = ", ".join(dict.fromkeys(part.words for part in file.parts))
    held = "a state dict alone" if there == "the file" else there
    said = f"ema={ema}, on the command line {'--ema' if ema else '--no-ema'}"
    return f"{file.path} has no {what}: it holds {held}\n  drop {said}; or name another file"


def _refusal(file: Checkpoint, target: Target, wanted: list[FilePart]) -> str:
    """Why no part fits, told of the one that comes nearest."""
    matched = [target.nearest(part.shapes).matched for part in wanted]
    part = wanted[matched.index(max(matched))]
    place = ".".join(part.place)
    subject = f"{place} of {file.path}" if len(file.parts) > 1 else file.words
    return target.refusal(subject, part.shapes, under=part.prefix)


def _notes(part: FilePart, averages: list[FilePart], ema: bool | None) -> Iterator[str]:
    other = averages[0] if averages and not part.averaged else None
    if ema is None and other is not None:
        yield (
            f"{part.words} was taken; {other.words} has averaged weights, which ema=True takes, "
            "on the command line --ema"
        )
    elif ema is None and part.averaged:
        yield f"{part.words} was taken, which has averaged weights, and no others fit"
    inside = other.prefix if other is not None and other.place == part.place else part.prefix
    left = [name for name in part.beside if not name.startswith(inside)]
    if left:
        more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
        yield f"{part.words} was taken; left out was {', '.join(left[:_MOST_NAMED])}{more}"


def _is_large(part: FilePart, file: Checkpoint, target: Target) -> bool:
    """Whether a part may be weights, and is not a handful of figures that are averages."""
    most = max(len(whole.tensors) for whole in file.parts)
    return len(part.tensors) >= target.least or 2 * len(part.tensors) >= most
