"""What a weights file says of the model that it was saved from, beside its tensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from archdsl.compiler.network import Network
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.version import VERSION

KEY = "archdsl"
"""Under which it stands in the metadata of a safetensors file."""

_TORCHS = "format"
"""What safetensors itself writes there."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The model that a file was saved from.

    spec: its name; layers: address -> component, in words
    features: the stages of a backbone; None for a whole model
    files: what lies beside the weights in a folder, as paths in it
    """

    spec: str
    layers: dict[str, str]
    features: list[int] | None = None
    files: list[str] = field(default_factory=list)
    version: str = VERSION

    @classmethod
    def of(cls, network: Network, features: list[int] | None, files: list[str]) -> Origin:
        """That of a network, or of a backbone made of it."""
        layers = {layer.address: _words(layer.component) for layer in network.layers()}
        return cls(network.name, layers, features, files)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Origin | None:
        """What a file says; None where archdsl did not write it."""
        try:
            said = json.loads(metadata[KEY])
            return cls(**said) if _is_well_formed(said) else None
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
            return None

    def written(self) -> str:
        """For the metadata of a file."""
        return json.dumps(asdict(self))

    @property
    def words(self) -> str:
        """As a sentence names it: "little", "the stages [0, 1] of little"."""
        return self.spec if self.features is None else f"the stages {self.features} of {self.spec}"

    def differences(self, network: Network, used: Callable[[str], bool]) -> Iterator[str]:
        """Where a network that takes the weights computes something else with them, in words.

        used: whether the layer at an address is
        """
        for layer in network.layers():
            there, here = self.layers.get(layer.address), _words(layer.component)
            if there is not None and there != here and used(layer.address):
                yield f"{layer.address} was {there}, and is {here}"


def _is_well_formed(said: dict[str, Any]) -> bool:
    texts = [said["spec"], said["version"], *said["layers"].values(), *said["files"]]
    features = [] if said["features"] is None else said["features"]
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(features, list)
        and all(type(feature) is int for feature in features)
    )


def others(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file says beside that."""
    return {key: text for key, text in metadata.items() if key not in (KEY, _TORCHS)}


def _words(component: Component) -> str:
    options = ", ".join(f"{name}={_value(value)}" for name, value in component.changed().items())
    return f"{component.type}({options})" if options else component.type


def _value(value: OptionValue) -> str:
    if isinstance(value, Component):
        return _words(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
