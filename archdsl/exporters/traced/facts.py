"""What travels beside a graph: how images become its input, and what comes out of it."""

from __future__ import annotations

from archdsl.compiler.network import Network
from archdsl.data.preprocessing import weights_metadata
from archdsl.exporters.asked import Asked
from archdsl.exporters.preprocess import fitting

IMAGES = "images"
"""The name of what goes in."""


def facts(network: Network, asked: Asked) -> dict[str, str]:
    """Texts by name: the network's own name, and its preprocessing as JSON where it is known."""
    return {"name": network.name, **weights_metadata(fitting(asked.preprocessing, network))}


def names_out(network: Network, asked: Asked) -> list[str]:
    """The names of what comes out: `logits`, `features` of no classes, or a map for each stage."""
    if asked.features is not None:
        return [f"stages.{index}" for index in asked.features]
    if network.head is None:
        return ["map"]
    return ["logits" if network.classes else "features"]
