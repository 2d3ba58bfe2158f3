"""Which naming a file is in, or in words why it is in none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path
from typing import TypeAlias

from archdsl.checkpoints.fit import Entry, Fit, Form, Shapes, distinct, fits, known_namings
from archdsl.checkpoints.naming import OWN, Naming
from archdsl.checkpoints.refusal import DROP_HEAD, misfit
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


class Target:
    """A network that files are held against: its forms, each in all namings that name it whole.

    label: the only naming to try; others: networks to look among for the one that a file is for
    """

    def __init__(
        self,
        network: Network,
        *,
        unused: Unused = nothing,
        label: str | None = None,
        others: Networks = tuple,
    ) -> None:
        self.network, self.label, self._others = network, label, others
        self._known: list[tuple[Form, Set[str], list[tuple[Naming, dict[str, Entry]]]]] = [
            (form, unused(form.shapes), known_namings(network.name, form.shapes))
            for form in forms(network)
        ]

    @property
    def least(self) -> int:
        """How many tensors a file has at least that fits."""
        return min(len(form.shapes.keys() - unused) for form, unused, _ in self._known)

    def whole(self, file: Shapes) -> list[Fit]:
        """The fits of a file without a problem, in the first form that has any."""
        if len(file) < self.least:
            return []
        for form, unused, known in self._known:
            if found := distinct(fits(known, file, form, unused, self.label)):
                return found
        return []

    def nearest(self, file: Shapes) -> Fit:
        """The best fit of a file. Raises BuildError for a label that the network has not."""
        best = [fits(known, file, form, u, self.label)[:1] for form, u, known in self._known]
        found = [one for ones in best for one in ones]
        if not found:
            raise BuildError(unknown_label(self.network, self.label))
        return min(found, key=lambda one: len(one.extra))  # a file's own names tell its form

    def refusal(self, subject: str, file: Shapes, *, under: str = "") -> str:
        """What is said of a file that does not fit.

        subject: the file in words; under: what the names of its tensors begin with in it
        Raises BuildError for a label that the network has not.
        """
        best = self.nearest(file)
        unused = next(unused for form, unused, _ in self._known if form == best.form)
        cure = (
            self._other_label(file)
            or _other_classes(self.network, best, unused)
            or _other_spec(self.network, file, self._others)
        )
        where = "any naming" if self.label is None else best.naming.phrase
        return misfit(subject, self.network.name, best, file, cure=cure, where=where, under=under)

    def _other_label(self, file: Shapes) -> str:
        """The naming that the file is in, where another was asked for."""
        if self.label is not None:
            for form, unused, known in self._known:
                for one in distinct(fits(known, file, form, unused)):
                    return f"it fits in {one.reading}"
        return ""


def only(path: Path, network: Network, found: list[Fit]) -> Fit:
    """The fit of a file, where there is one. Raises BuildError where there are more."""
    if len(found) > 1:
        ways = " and ".join(dict.fromkeys(_way(one) for one in found))
        raise BuildError(
            f"{path} fits {network.name} in more than one naming: {ways}\n"
            "  say which it is: archdsl weights import FILE --from ..."
        )
    return found[0]


def head_names(network: Network) -> frozenset[str]:
    """The network's tensors that depend on its number of classes."""
    return frozenset() if network.head is None else classifier_names(network.head)


def _way(one: Fit) -> str:
    return f"{one.naming.label} ({one.naming.family})" if one.naming.family else one.naming.label


def unknown_label(network: Network, label: str | None) -> str:
    """What is said of a naming that a network has not."""
    named = (known_namings(network.name, form.shapes) for form in forms(network))
    known = {naming.label for found in named for naming, _ in found}
    said = " ".join(one for one in LABELS if one in known) or "none"
    return f"{network.name} has no {label} names; it has: {said}"


def _other_classes(network: Network, best: Fit, unused: Set[str]) -> str:
    """What to do about a file that differs in the number of its classes alone."""
    classifier = head_names(network)
    wrong = {*best.missing, *best.misshapen, *(best.naming.ours(name) for name in best.extra)}
    if not wrong or not wrong <= classifier or wrong & unused:
        return ""
    cure = DROP_HEAD.format("")
    return f"it is for another number of classes than {network.classes}.  {cure}"


def _other_spec(network: Network, file: Shapes, others: Networks) -> str:
    """The specs that the file is for, among the others."""
    found: list[str] = []
    for other in others():
        if _alike(file, other):
            found += [other.name] if _of_any_classes(other).whole(file) else []
    if network.name in found:
        return f"it fits {network.name} as it is shipped, without changes"
    return f"it fits {' and '.join(found)}" if found else ""


def _of_any_classes(network: Network) -> Target:
    unused = head_names(network)
    return Target(network, unused=lambda _: unused)


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
