"""Tensors of a file into a model, or into another file."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archdsl.builder import Built, shapes
from archdsl.checkpoints.files import read, write
from archdsl.checkpoints.fit import Entry, Fit, Shapes, entries, fit, known_namings
from archdsl.checkpoints.naming import OWN, Naming
from archdsl.checkpoints.recognise import Networks, head_names, recognised
from archdsl.checkpoints.words import misfit
from archdsl.errors import BuildError
from archdsl.network import Network

if TYPE_CHECKING:
    from torch import Tensor, nn


class Renamed(NamedTuple):
    """The naming that a file was in, and the one that was written."""

    source: Naming
    target: Naming


def load_into(model: nn.Module, path: Path) -> None:
    """Load a file of a model's own state dict, every name and shape equal. Raises BuildError."""
    given, own = read(path), _shapes(model.state_dict())
    file = _shapes(given)
    where = entries(OWN, own)
    assert where is not None, "our own naming has every name"
    found = fit(OWN, where, file, own)
    if found.problems:
        raise BuildError(misfit(path, "this model", found, file, own))
    model.load_state_dict(given)


def load_published(
    model: Built,
    path: Path,
    *,
    unused: Set[str] = frozenset(),
    others: Networks = tuple,
) -> Naming:
    """Load a file in any naming into a model, and say which naming it was.

    unused: tensors that keep what they have, whatever the file has for them
    others: networks to look among for the one that a file is for that does not fit
    Raises BuildError.
    """
    given, own = read(path), model.state_dict()
    file, wanted = _shapes(given), _shapes(own)
    found = recognised(path, file, model.network, wanted, unused=unused, others=others)
    model.load_state_dict({**own, **_ours(found, given, wanted)})
    return found.naming


def import_weights(
    path: Path,
    network: Network,
    out: Path,
    *,
    label: str | None = None,
    drop_head: bool = False,
    others: Networks = tuple,
) -> Renamed:
    """Write a file's tensors by our own names.

    label: the naming it has to be in
    drop_head: leave out the tensors that depend on the number of classes
    Raises BuildError.
    """
    found, tensors = _converted(path, network, shapes(network), label, drop_head, others)
    write(out, tensors)
    return Renamed(found.naming, OWN)


def export_weights(
    path: Path,
    network: Network,
    out: Path,
    *,
    label: str,
    drop_head: bool = False,
    others: Networks = tuple,
) -> Renamed:
    """Write a file's tensors by published names.

    label: the naming to write. Raises BuildError.
    """
    model = shapes(network)
    target, where = _published(network, model, label)
    found, tensors = _converted(path, network, model, None, drop_head, others)
    write(
        out,
        {where[name].name: where[name].axes.to_theirs(tensor) for name, tensor in tensors.items()},
    )
    return Renamed(found.naming, target)


def _converted(
    path: Path,
    network: Network,
    model: Shapes,
    label: str | None,
    drop_head: bool,
    others: Networks,
) -> tuple[Fit, dict[str, Tensor]]:
    """How a file fits a network, and its tensors by our names."""
    given = read(path)
    unused = head_names(network) if drop_head else frozenset()
    found = recognised(
        path, _shapes(given), network, model, unused=unused, label=label, others=others
    )
    return found, _ours(found, given, model)


def _published(network: Network, model: Shapes, label: str) -> tuple[Naming, dict[str, Entry]]:
    """A network's published naming of a label, and where its tensors are in it."""
    known = [pair for pair in known_namings(network.name, model) if pair[0] is not OWN]
    found = [(naming, where) for naming, where in known if naming.label == label]
    if not found:
        said = " ".join(dict.fromkeys(naming.label for naming, _ in known)) or "none"
        raise BuildError(f"{network.name} has no {label} names; it has: {said}")
    if any(where != found[0][1] for _, where in found):
        families = " ".join(naming.family for naming, _ in found)
        raise BuildError(
            f"{network.name} has {label} names in more than one family: {families}\n"
            "  give its spec the name of a shipped one of the family that it is of"
        )
    return found[0]


def _ours(found: Fit, given: dict[str, Tensor], model: Shapes) -> dict[str, Tensor]:
    """The file's tensors by our names and in our shapes."""
    return {
        name: entry.axes.to_ours(given[entry.name], model[name])
        for name, entry in found.entries.items()
    }


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
