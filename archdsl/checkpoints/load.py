"""Tensors of a file into a model, or into another file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.checkpoints.choose import Taken, taken
from archdsl.checkpoints.files import write
from archdsl.checkpoints.fit import Entry, Form, entries, fit, in_words, known_namings
from archdsl.checkpoints.naming import OWN, Naming
from archdsl.checkpoints.origin import others as others_than_origin
from archdsl.checkpoints.parts import Checkpoint, opened, read
from archdsl.checkpoints.recognise import (
    Networks,
    Target,
    Unused,
    forms,
    head_names,
    nothing,
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
    """The naming that a file was in, the one that was written, and the form that they are of.

    part: what was taken of the file; notes: what whoever reads the result should know
    """

    source: Naming
    target: Naming
    form: Form
    part: str
    notes: tuple[str, ...]

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
        raise BuildError(misfit(str(path), "this model", found, file))
    model.load_state_dict(given)


def renamed(state: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """The tensors of a state dict in any naming that fits a network whole, by our own names.

    One that fits in none, or in several that differ, comes back as it is.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    found = Target(network).whole(shapes)
    if len(found) != 1:
        return dict(state)
    own = found[0].form.shapes
    return {
        name: entry.axes.to_ours(state[entry.name], own[name])
        for name, entry in found[0].entries.items()
    }


def load_published(
    model: Built,
    path: Path,
    *,
    unused: Unused = nothing,
    others: Networks = tuple,
    ema: bool | None = None,
    dtypes: bool = False,
) -> tuple[Built, tuple[str, ...]]:
    """Load a file in any naming into a model, and say what whoever loads it should know.

    The model that comes back is the one given, or its deployed form where the file is of that.

    unused: tensors that keep what they have, whatever the file has for them
    others: networks to look among for the one that a file is for that does not fit
    ema: as of `taken`
    dtypes: take the types of the file's numbers, too; otherwise the model keeps its own
    Raises BuildError.
    """
    file = opened(path)
    found = taken(file, Target(model.network, unused=unused, others=others), ema)
    if found.fit.form.deployed:
        training = model.training
        deployed = fuse(model).train(training)
        assert isinstance(deployed, Built)
        model = deployed
    given = _ours(found)
    if dtypes:
        for name, tensor in model.state_dict(keep_vars=True).items():
            tensor.data = tensor.data.to(given[name].dtype) if name in given else tensor.data
    model.load_state_dict({**model.state_dict(), **given})
    model.metadata = others_than_origin(file.metadata)
    return model, (*_notes(found), *_differences(file, model.network, unused))


def import_weights(
    path: Path,
    network: Network,
    out: Path,
    *,
    label: str | None = None,
    drop_head: bool = False,
    others: Networks = tuple,
    ema: bool | None = None,
) -> Renamed:
    """Write a file's tensors by our own names.

    label: the naming it has to be in
    drop_head: leave out the tensors that depend on the number of classes
    ema: as of `taken`
    Raises BuildError.
    """
    found = _converted(path, network, label, drop_head, others, ema)
    write(out, _ours(found))
    return Renamed(found.fit.naming, OWN, found.fit.form, found.part.words, _notes(found))


def export_weights(
    path: Path,
    network: Network,
    out: Path,
    *,
    label: str,
    drop_head: bool = False,
    others: Networks = tuple,
    ema: bool | None = None,
) -> Renamed:
    """Write a file's tensors by published names.

    label: the naming to write; ema: as of `taken`. Raises BuildError.
    """
    published = {form.deployed: _published(network, form, label) for form in forms(network)}
    if not any(published.values()):
        raise BuildError(unknown_label(network, label))
    found = _converted(path, network, None, drop_head, others, ema)
    fit_, tensors = found.fit, _ours(found)
    named = published[fit_.form.deployed]
    if named is None:
        raise BuildError(f"{network.name} has no {label} names for {path}, {fit_.reading}")
    target, where = named
    write(
        out,
        {where[name].name: where[name].axes.to_theirs(tensor) for name, tensor in tensors.items()},
    )
    notes = (*_notes(found), *([target.note] if target.note else []))
    return Renamed(fit_.naming, target, fit_.form, found.part.words, notes)


def _converted(
    path: Path,
    network: Network,
    label: str | None,
    drop_head: bool,
    others: Networks,
    ema: bool | None,
) -> Taken:
    """What of a file fits a network, and how."""
    dropped = head_names(network) if drop_head else frozenset()
    target = Target(network, unused=lambda _: dropped, label=label, others=others)
    return taken(opened(path), target, ema)


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


def _ours(found: Taken) -> dict[str, Tensor]:
    """The file's tensors by our names and in our shapes."""
    given, shapes = found.part.tensors, found.fit.form.shapes
    return {
        name: entry.axes.to_ours(given[entry.name], shapes[name])
        for name, entry in found.fit.entries.items()
    }


def _notes(found: Taken) -> tuple[str, ...]:
    note = found.fit.naming.note
    return (*found.notes, *([note] if note else []))


def _differences(file: Checkpoint, network: Network, unused: Unused) -> Iterator[str]:
    """What is said of a file whose tensors fit a network that computes something else with them."""
    if file.origin is None:
        return
    found = list(file.origin.differences(network, lambda at: not unused({f"{at}.": ()})))
    if found:
        more = f", and so in {len(found) - 1} more layers" if len(found) > 1 else ""
        yield (
            f"its tensors fit, but it was saved from another network than {network.name}: "
            f"{found[0]}{more}"
        )


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
