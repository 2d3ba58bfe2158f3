"""A naming of `specs/names` for tests that know it to fit: a name that it has not is an error."""

from __future__ import annotations

from archdsl.checkpoints.naming import Naming
from archdsl.checkpoints.tables import namings

Shape = tuple[int, ...]


class Names:
    """One naming of a spec's tensors, in both directions."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming

    def ours(self, name: str) -> str:
        """Our name of what is published as `name`."""
        found = self.naming.ours(name)
        if found is None:
            raise KeyError(name)
        return found

    def theirs(self, name: str) -> str:
        """The published name of our `name`."""
        found = self.naming.theirs(name)
        if found is None:
            raise KeyError(name)
        return found[0]

    def published(self, name: str, shape: Shape) -> tuple[str, Shape]:
        """The published name and shape of our tensor."""
        found = self.naming.theirs(name)
        if found is None:
            raise KeyError(name)
        theirs, axes = found
        their_shape = axes.their_shape(shape)
        assert their_shape is not None, name
        return theirs, their_shape


def names(spec: str, label: str = "official") -> Names | None:
    """A naming of a shipped spec; None where it has none."""
    found = [naming for naming in namings(spec) if naming.label == label]
    return Names(found[0]) if found else None
