"""How a file's tensors fit a model under one naming, and which naming a file is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from archdsl.checkpoints.axes import SAME, Axes, Shape
from archdsl.checkpoints.naming import OWN, Naming
from archdsl.checkpoints.tables import namings

Shapes = Mapping[str, Shape]
"""Names of tensors and their shapes."""


@dataclass(frozen=True, slots=True)
class Form:
    """A model's tensors in the form that it is trained in, or deployed."""

    shapes: Shapes
    deployed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one tensor of the model is in a file: its name there, and how its axes differ."""

    name: str
    axes: Axes = SAME


@dataclass(frozen=True, slots=True)
class Fit:
    """A file's tensors beside a model's, under one naming.

    form: the model's tensors
    entries: our name -> where it is in the file
    missing: our names that the file has nothing for
    extra: names of the file that are none of the model's
    misshapen: our names whose tensor has another shape in the file
    """

    naming: Naming
    form: Form
    entries: dict[str, Entry]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    misshapen: tuple[str, ...]

    @property
    def problems(self) -> int:
        """How many tensors do not fit."""
        return len(self.missing) + len(self.extra) + len(self.misshapen)

    @property
    def matched(self) -> int:
        """How many tensors do."""
        return len(self.entries) - len(self.missing) - len(self.misshapen)

    @property
    def reading(self) -> str:
        """How the file was read: "the official naming, deployed"."""
        return in_words(self.naming, self.form)


def in_words(naming: Naming, form: Form) -> str:
    """A naming and a form as a sentence says them."""
    return f"{naming.phrase}, deployed" if form.deployed else naming.phrase


def entries(naming: Naming, model: Shapes) -> dict[str, Entry] | None:
    """Every tensor of a model in a naming; None where the naming is for other models."""
    found: dict[str, Entry] = {}
    for name, shape in model.items():
        renamed = naming.theirs(name)
        if renamed is None or renamed[1].their_shape(shape) is None:
            return None
        found[name] = Entry(*renamed)
    distinct = {entry.name for entry in found.values()}
    return found if len(distinct) == len(found) else None


def known_namings(spec: str, model: Shapes) -> list[tuple[Naming, dict[str, Entry]]]:
    """Our own naming and the published ones that name every tensor of the model."""
    every = ((naming, entries(naming, model)) for naming in (OWN, *namings(spec)))
    return [(naming, found) for naming, found in every if found is not None]


def fit(
    naming: Naming,
    where: dict[str, Entry],
    file: Shapes,
    form: Form,
    unused: Set[str] = frozenset(),
) -> Fit:
    """Compare a file with a form of a model under a naming.

    where: the form's tensors in that naming
    unused: our names that the file may have or lack, in any shape
    """
    wanted = {name: entry for name, entry in where.items() if name not in unused}
    names = {entry.name for entry in wanted.values()}
    return Fit(
        naming,
        form,
        wanted,
        missing=tuple(name for name, entry in wanted.items() if entry.name not in file),
        extra=tuple(
            name
            for name in file
            if name not in names and not naming.ignores(name) and naming.ours(name) not in unused
        ),
        misshapen=tuple(
            name
            for name, entry in wanted.items()
            if entry.name in file and file[entry.name] != entry.axes.their_shape(form.shapes[name])
        ),
    )


def fits(
    known: Iterable[tuple[Naming, dict[str, Entry]]],
    file: Shapes,
    form: Form,
    unused: Set[str] = frozenset(),
    label: str | None = None,
) -> list[Fit]:
    """The file under every naming of a form, or under those with a label; best ones first.

    known: the namings, as `known_namings` gives them
    """
    found = [
        fit(naming, where, file, form, unused)
        for naming, where in known
        if label in (None, naming.label)
    ]
    return sorted(found, key=lambda one: one.problems)


def distinct(found: Iterable[Fit]) -> list[Fit]:
    """The fits without a problem that put different tensors in different places."""
    kept: list[Fit] = []
    for one in found:
        if not one.problems and all(one.entries != other.entries for other in kept):
            kept.append(one)
    return kept
