"""Tensors of a file into a model, or into another file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archdsl.checkpoints.files import read, write
from archdsl.checkpoints.fit import Entry, Fit, Form, entries, fit, in_words, known_namings
from archdsl.checkpoints.naming import OWN, Naming
from archdsl.checkpoints.recognise import (
    Networks,
    Unused,
    forms,
    head_names,
    nothing,
    recognised,
    unknown_label,
)
from archdsl.checkpoints.refusal import misfit
from archdsl.compiler.builder import Built
from archdsl.compiler.network import Network
from archdsl.errors import BuildError
from archdsl.nn.fuse import fuse

if TYPE_CHECKING:
    from torch import Tensor, nn


class Renamed(NamedTuple):
    """The naming that a file was in, the one that was written, and the form that they are of."""

    source: Naming
    target: Naming
    form: Form

    @property
    def phrases(self) -> tuple[str, str]:
        """Both namings as a sentence says them: "the official naming, deployed"."""
        return in_words(self.source, self.form), in_words(self.target, self.form)


def load_into(model: nn.Module, path: Path) -> None:
    """Load a file of a model's own state dict, every name and shape equal. Raises BuildError."""
    given, own = read(path), Form(_shapes(model.state_dict()))
    file = _shapes(given)
    where = entries(OWN, own.shapes)
    assert where is not None, "our own naming has every name"
    found = fit(OWN, where, file, own)
    if found.problems:
        raise BuildError(misfit(path, "this model", found, file))
    model.load_state_dict(given)


def load_published(
    model: Built,
    path: Path,
    *,
    unused: Unused = nothing,
    others: Networks = tuple,
) -> tuple[Built, Naming]:
    """Load a file in any naming into a model, and say which naming it was.

    The model that comes back is the one given, or its deployed form where the file is of that.

    unused: tensors that keep what they have, whatever the file has for them
    others: networks to look among for the one that a file is for that does not fit
    Raises BuildError.
    """
    given = read(path)
    found = recognised(path, _shapes(given), model.network, unused=unused, others=others)
    if found.form.deployed:
        training = model.training
        deployed = fuse(model).train(training)
        assert isinstance(deployed, Built)
        model = deployed
    model.load_state_dict({**model.state_dict(), **_ours(found, given)})
    return model, found.naming


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
    found, tensors = _converted(path, network, label, drop_head, others)
    write(out, tensors)
    return Renamed(found.naming, OWN, found.form)


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
    published = {form.deployed: _published(network, form, label) for form in forms(network)}
    if not any(published.values()):
        raise BuildError(unknown_label(network, label))
    found, tensors = _converted(path, network, None, drop_head, others)
    named = published[found.form.deployed]
    if named is None:
        raise BuildError(f"{network.name} has no {label} names for {path}, {found.reading}")
    target, where = named
    write(
        out,
        {where[name].name: where[name].axes.to_theirs(tensor) for name, tensor in tensors.items()},
    )
    return Renamed(found.naming, target, found.form)


def _converted(
    path: Path,
    network: Network,
    label: str | None,
    drop_head: bool,
    others: Networks,
) -> tuple[Fit, dict[str, Tensor]]:
    """How a file fits a network, and its tensors by our names."""
    given = read(path)
    dropped = head_names(network) if drop_head else frozenset()
    found = recognised(
        path, _shapes(given), network, unused=lambda _: dropped, label=label, others=others
    )
    return found, _ours(found, given)


def _published(network: Network, form: Form, label: str) -> tuple[Naming, dict[str, Entry]] | None:
    """A form's published naming of a label, and where its tensors are in it."""
    known = known_namings(network.name, form.shapes)
    found = [(naming, where) for naming, where in known if naming.label == label]
    if not found:
        return None
    if any(where != found[0][1] for _, where in found):
        families = " ".join(naming.family for naming, _ in found)
        raise BuildError(
            f"{network.name} has {label} names in more than one family: {families}\n"
            "  give its spec the name of a shipped one of the family that it is of"
        )
    return found[0]


def _ours(found: Fit, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The file's tensors by our names and in our shapes."""
    return {
        name: entry.axes.to_ours(given[entry.name], found.form.shapes[name])
        for name, entry in found.entries.items()
    }


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
