"""Exports that are wrong in one place: the gate does not let them through, and names the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch

from archdsl.compiler.network import Network
from archdsl.errors import ExportDiffers
from archdsl.exporters import Files, form
from archdsl.exporters.traced.onnx import onnx as onnx_of
from archdsl.exporters.traced.onnx import run_onnx
from archdsl.exporters.wanted import Wanted
from tests.exporters.gate.networks import checked

pytestmark = pytest.mark.usefixtures("no_others")

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

Weights = Mapping[str, torch.Tensor]
Change = Callable[[Any], None]
"""Of an ONNX graph."""


def changed(change: Change) -> str:
    """A form that is ONNX with a change; its name."""

    @form("changed", run=run_onnx)
    def changed(network: Network, weights: Weights | None = None) -> Files:
        """an ONNX file that is not right"""
        ((name, content),) = onnx_of(network, Wanted(weights)).items()
        model = onnx.load_from_string(content)
        change(model.graph)
        return {name: model.SerializeToString()}

    return "changed"


def where(node: Any) -> str:
    """The address of the module that a node is of."""
    scopes = next(p.value for p in node.metadata_props if p.key.endswith("name_scopes"))
    return " ".join(eval(scopes))


def transposed(name: str) -> Change:
    def change(graph: Any) -> None:
        for weight in graph.initializer:
            if weight.name == name:
                array = onnx.numpy_helper.to_array(weight)
                weight.CopyFrom(onnx.numpy_helper.from_array(array.swapaxes(0, 1).copy(), name))

    return change


def approximated(address: str) -> Change:
    def change(graph: Any) -> None:
        for node in graph.node:
            if node.op_type == "Gelu" and address in where(node):
                del node.attribute[:]
                node.attribute.append(onnx.helper.make_attribute("approximate", "tanh"))

    return change


def without(operator: str, address: str) -> Change:
    def change(graph: Any) -> None:
        for node in list(graph.node):
            if node.op_type == operator and address in where(node):
                node.CopyFrom(onnx.helper.make_node("Identity", node.input[:1], node.output))

    return change


SABOTAGE = {
    "a transposed weight": (
        transposed("stages.1.blocks.0.channel_mixer.fc2.weight"),
        "stages.1.blocks.0.channel_mixer",
    ),
    "an approximated activation": (
        approximated("stages.0.blocks.0.channel_mixer"),
        "stages.0.blocks.0.channel_mixer",
    ),
    "approximated activations everywhere": (approximated(""), "stages.0.blocks.0.channel_mixer"),
    "a dropped normalisation": (
        without("LayerNormalization", "stages.1.blocks.1.norm1"),
        "stages.1.blocks.1.norm1",
    ),
    "a dropped normalisation of the stem": (without("LayerNormalization", "stem.0"), "stem.0"),
}


def unchanged(graph: Any) -> None:
    pass


@pytest.mark.slow
@pytest.mark.parametrize("name", SABOTAGE)
def test_a_wrong_export_is_refused_and_its_layer_named(name: str) -> None:
    change, layer = SABOTAGE[name]
    with pytest.raises(ExportDiffers) as caught:
        checked(changed(change))
    assert f"it differs from {layer} on; nothing was written" in str(caught.value)
    assert str(caught.value).startswith("changed does not say what the model says: largest diff")


def test_the_same_form_without_a_change_goes_through() -> None:
    found = checked(changed(unchanged)).checked
    assert found is not None and found.comparison is not None
    assert found.comparison.within(1e-5)
    assert found.comparison.alike == found.comparison.images == 16
