"""Which naming a file is in, or in words why it is in none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path
from typing import TypeAlias

from archdsl.checkpoints.fit import Fit, Form, Shapes, distinct, fits
from archdsl.checkpoints.naming import OWN
from archdsl.checkpoints.refusal import misfit
from archdsl.checkpoints.tables import LABELS, namings
from archdsl.compiler.builder import classifier_names, shapes
from archdsl.compiler.network import Network
from archdsl.errors import BuildError

Networks: TypeAlias = Callable[[], Iterable[Network]]
"""The networks that a file might be for instead."""

Unused: TypeAlias = Callable[[Shapes], Set[str]]
"""Of the names of a form, those that a file may have or lack, in any shape."""


def nothing(_: Shapes) -> Set[str]:
    """A file has what the model has."""
    return frozenset()


def forms(network: Network) -> Iterator[Form]:
    """The tensors of a network as it is trained, then deployed where that is another form."""
    trained = shapes(network)
    yield Form(trained)
    deployed = shapes(network, deployed=True)
    if deployed.keys() != trained.keys():
        yield Form(deployed, deployed=True)


def recognised(
    path: Path,
    file: Shapes,
    network: Network,
    *,
    unused: Unused = nothing,
    label: str | None = None,
    others: Networks = tuple,
) -> Fit:
    """The one naming, and the form, in which a file fits a network, every name and shape equal.

    file: the tensors of the file
    label: the only naming to try
    others: networks to look among for the one that the file is for
    Raises BuildError.
    """
    nearest: list[Fit] = []
    for form in forms(network):
        found = fits(network.name, file, form, unused(form.shapes), label)
        whole = distinct(found)
        if len(whole) == 1:
            return whole[0]
        if whole:
            ways = " and ".join(dict.fromkeys(_way(one) for one in whole))
            raise BuildError(
                f"{path} fits {network.name} in more than one naming: {ways}\n"
                "  say which it is: archdsl weights import FILE --from ..."
            )
        nearest += found[:1]
    if not nearest:
        raise BuildError(unknown_label(network, label))
    best = min(nearest, key=lambda one: len(one.extra))  # a file's own names tell its form
    cure = (
        _other_label(network, file, unused, label)
        or _other_classes(network, best, unused(best.form.shapes))
        or _other_spec(network, file, others)
    )
    where = "any naming" if label is None else best.naming.phrase
    raise BuildError(misfit(path, network.name, best, file, cure=cure, where=where))


def head_names(network: Network) -> frozenset[str]:
    """The network's tensors that depend on its number of classes."""
    return frozenset() if network.head is None else classifier_names(network.head)


def _way(one: Fit) -> str:
    return f"{one.naming.label} ({one.naming.family})" if one.naming.family else one.naming.label


def unknown_label(network: Network, label: str | None) -> str:
    """What is said of a naming that a network has not."""
    known = {one.naming.label for form in forms(network) for one in fits(network.name, {}, form)}
    said = " ".join(one for one in LABELS if one in known) or "none"
    return f"{network.name} has no {label} names; it has: {said}"


def _other_label(network: Network, file: Shapes, unused: Unused, label: str | None) -> str:
    """The naming that the file is in, where another was asked for."""
    if label is None:
        return ""
    for form in forms(network):
        for one in distinct(fits(network.name, file, form, unused(form.shapes))):
            return f"it fits in {one.reading}"
    return ""


def _other_classes(network: Network, best: Fit, unused: Set[str]) -> str:
    """What to do about a file that differs in the number of its classes alone."""
    classifier = head_names(network)
    wrong = {*best.missing, *best.misshapen, *(best.naming.ours(name) for name in best.extra)}
    if not wrong or not wrong <= classifier or wrong & unused:
        return ""
    return (
        f"it is for another number of classes than {network.classes}.  drop_head=True, on the "
        "command line\n--drop-head, leaves them out, and the model starts its own afresh"
    )


def _other_spec(network: Network, file: Shapes, others: Networks) -> str:
    """The specs that the file is for, among the others."""
    found: list[str] = []
    for other in others():
        if _alike(file, other):
            unused = head_names(other)
            every = (one for form in forms(other) for one in fits(other.name, file, form, unused))
            if any(not one.problems for one in every):
                found.append(other.name)
    if network.name in found:
        return f"it fits {network.name} as it is shipped, without changes"
    return f"it fits {' and '.join(found)}" if found else ""


def _alike(file: Shapes, other: Network) -> bool:
    """Whether a file has a network's blocks in any naming, before shapes are compared."""
    blocks = {block.address for block in other.blocks()}
    return any(
        {_block(naming.ours(name)) for name in file} - {None} == blocks
        for naming in (OWN, *namings(other.name))
    )


def _block(name: str | None) -> str | None:
    """`stages.2.blocks.4`, for a tensor that is in it."""
    parts = (name or "").split(".")
    return ".".join(parts[:4]) if parts[2:3] == ["blocks"] and len(parts) > 4 else None
