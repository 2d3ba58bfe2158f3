"""A model without its head, for detection and segmentation: maps at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archdsl.compiler.builder import Built
from archdsl.compiler.network import Network
from archdsl.errors import BuildError
from archdsl.nn.model import MapsOfStages
from archdsl.printable import shown


class FeatureInfo(NamedTuple):
    """What a map is like: its channels, and the input positions per position along a side."""

    channels: int
    reduction: int


class Backbone(MapsOfStages):
    """Stem and stages of a model; gives the maps at the ends of the chosen stages.

    Its state dict is a part of the model's, under the same names. With a class token, the maps
    are those of the other tokens.

    network, spec_text, metadata: those of the model
    features: indices of stages, from 0; the maps come in this order
    Raises BuildError for a stage that is not there.
    """

    def __init__(self, model: Built, features: Sequence[int]) -> None:
        network = model.network
        found = chosen(features, len(network.stages))
        super().__init__(
            stem=model.stem,
            class_token=model.class_token,
            stages=list(model.stages)[: max(found) + 1],
            features=found,
        )
        self.network = network
        self.spec_text, self.metadata = model.spec_text, model.metadata
        self.feature_info = [
            FeatureInfo(network.stages[index].dim, network.stages[index].reduction)
            for index in found
        ]

    def extra_repr(self) -> str:
        """The stages, as printing the module shows them."""
        return f"features={self.features}"


def chosen(features: Sequence[int], stages: int) -> list[int]:
    """Indices of stages that are there, each once. Raises BuildError."""
    known = f"its stages are {' '.join(map(str, range(stages)))}"
    if not isinstance(features, (list, tuple, range)) or not len(features) > 0:
        raise BuildError(f"features = {shown(features)}: write a list of stages; {known}")
    for index in features:
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < stages:
            raise BuildError(
                f"features = {_listed(features)}: there is no stage {shown(index)}; {known}"
            )
    if len(set(features)) < len(features):
        raise BuildError(f"features = {_listed(features)}: name each stage once")
    return list(features)


def left_out(network: Network, features: Sequence[int]) -> tuple[str, ...]:
    """What the names of the tensors begin with that a backbone leaves out of its model."""
    later = network.stages[max(features) + 1 :]
    return ("head.", *(f"{stage.address}." for stage in later))


def _listed(features: Sequence[int]) -> str:
    return shown(list(features[:100]))
