"""What leads into a stage: the layers of the stem, or of a downsample."""

from __future__ import annotations

from archdsl.compiler.checks import Site
from archdsl.compiler.entry_parts import EntryParts, Part
from archdsl.compiler.geometry import Geometry, Width
from archdsl.compiler.layer_maker import LayerMaker
from archdsl.compiler.network import Layer
from archdsl.errors import SpecError
from archdsl.language.resolve import Resolver


class EntryLayers:
    """Makes the layers that lead into the stages of a document."""

    def __init__(
        self, resolver: Resolver, parts: EntryParts, geometry: Geometry, make: LayerMaker
    ) -> None:
        self._resolver, self._parts, self._geometry, self._make = resolver, parts, geometry, make

    def of(self, index: int) -> tuple[Layer, ...]:
        """The layers of the stem, for stage 0, or of a stage's downsample. Raises SpecError."""
        geometry = self._geometry
        width = geometry.width(index)
        with self._resolver.noting() as noted:
            parts = self._parts.of(index)
            shape = geometry.shape(index - 1) if index else geometry.input
        if not parts and width.dim != shape[0]:
            raise SpecError(
                f"{width.subject()} after {shape[0]}, with no downsample between them",
                address=width.address,
                mark=width.node.mark,
                cure="write a downsample, or the same dim",
            )
        where = f"{geometry.stages[index].address}.downsample" if index else "stem"
        layers: list[Layer] = []
        for number, part in enumerate(parts):
            dim = width.dim if part.dim is None else part.dim
            after = (dim, *geometry.size_after(part, shape[1:]))
            site = Site(part.address, part.node, width, noted)
            # one layer is a list of one in the built model
            layers.append(self._make(part.component, f"{where}.{number}", shape, after, site))
            shape = after
        if shape[0] != width.dim:
            raise _of_another_width(parts[-1], shape[0], width)
        return tuple(layers)


def _of_another_width(last: Part, dim: int, width: Width) -> SpecError:
    return SpecError(
        f"the last layer is {dim} wide, and {width.address} is {width.dim}",
        address=last.address,
        mark=last.node.mark,
        cure="drop its dim: a layer has the width of the stage unless it names one",
    )
