"""What travels beside a graph: how images become its input, and what comes out of it."""

from __future__ import annotations

from archdsl.compiler.network import Network
from archdsl.data.preprocessing import weights_metadata
from archdsl.exporters.preprocess import fitting
from archdsl.exporters.wanted import Wanted

IMAGES = "images"
"""The name of what goes in."""


def facts(network: Network, wanted: Wanted) -> dict[str, str]:
    """Texts by name: the network's own name, and its preprocessing as JSON where it is known."""
    return {"name": network.name, **weights_metadata(fitting(wanted.preprocessing, network))}


def names_out(network: Network, wanted: Wanted) -> list[str]:
    """The names of what comes out: `logits`, `features` of no classes, or a map for each stage."""
    if wanted.features is not None:
        return [f"stages.{index}" for index in wanted.features]
    if network.head is None:
        return ["map"]
    return ["logits" if network.classes else "features"]
