"""The pieces that are checked one at a time have every layer of the network."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

import archdsl
from archdsl import shipped
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.compiler.pieces import pieces

SPECS = [
    "caformer_s18",  # downsamples that are lists, an MLP head
    "deit_tiny",  # a class token and positions
    "metaformer_ppaa_s12",
    "swin_tiny",
    "transnext_tiny",
    *shipped.names(shipped.SPACES),
]


def place(layer: Layer) -> tuple[object, ...]:
    """A layer, whichever block of its stage it is in, and whichever of its branches' norm."""
    address = re.sub(r"blocks\.\d+", "blocks.0", layer.address)
    context = tuple(item for item in layer.context if item[0] != "depth_index")
    return re.sub(r"norm\d$", "norm", address), layer.component, context, layer.in_shape


def present(layers: Iterable[Layer | None]) -> set[tuple[object, ...]]:
    return {place(layer) for layer in layers if layer is not None}


@pytest.mark.parametrize("name", SPECS)
def test_the_pieces_of_a_document_have_the_layers_of_its_network(name: str) -> None:
    spec = archdsl.load(name)
    found = set()
    for piece in pieces(spec.document):
        found |= present(piece.layers(Lowering(spec.document, spec.holes, None)))
    assert present(spec.network().layers()) == found
