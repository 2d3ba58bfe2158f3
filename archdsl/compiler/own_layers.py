"""The layers of a network that are a user's own."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.compiler.network import Layer
from archdsl.components.own import own_parts


def own_layers(layers: Iterable[Layer | None]) -> dict[Layer, None]:
    """The layers that have a component of a user's, or are one, each once."""
    return dict.fromkeys(
        layer for layer in layers if layer is not None and own_parts(layer.component)
    )
