"""The parts of a file that may be weights: dicts of tensors, and stretches of their names.

Trainers put a state dict under a key, an averaged copy of it under another, and wrap the model
before they take it, so that its names begin with those of the wrappers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.checkpoints.files import content, metadata
from archdsl.checkpoints.origin import Origin
from archdsl.errors import BuildError

if TYPE_CHECKING:
    from torch import Tensor

_USUAL = ("state_dict", "model")
"""Where the weights stand in what most trainers write."""

# Modules that torch puts around others, with the attributes that hold those: `torch.compile`,
# activation checkpoints, FSDP. No module of a model is called so.
_WRAPPERS = {"_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module"}

# Words of the keys and names of averaged weights: `state_dict_ema`, `model_ema`, `ema_model.`.
_AVERAGED = {"ema", "averaged", "average", "avg", "swa", "shadow"}

_COUNTER = "n_averaged"
"""What `torch.optim.swa_utils.AveragedModel` has beside the weights: how many it averaged."""

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class FilePart:
    """Tensors of a file that may be a model's weights.

    place: the keys that lead to their dict; none where the file is a state dict itself
    prefix: what their names begin with in that dict
    tensors: by their names without it
    beside: names of that dict that do not begin so
    averaged: whether they are an average over training, going by what they are called
    """

    place: tuple[str, ...]
    tensors: dict[str, Tensor]
    averaged: bool
    prefix: str = ""
    beside: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The part as a sentence names it: "state_dict", "module. of model_ema"."""
        place = ".".join(self.place)
        if not self.prefix:
            return place or "the file"
        return f"{self.prefix} of {place}" if place else self.prefix

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The names and shapes of the tensors."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}

    def narrowed(self, least: int) -> Iterator[FilePart]:
        """The part itself, then what is left of it under each prefix that many names share.

        least: how many names are many; more than half of them are, too
        """
        yield self
        counts = Counter(
            ".".join(parts[:k]) + "."
            for name in self.tensors
            for parts in [name.split(".")]
            for k in range(1, len(parts))
        )
        for prefix, count in counts.items():
            if count >= least or 2 * count > len(self.tensors):
                yield self._under(prefix)

    def _under(self, prefix: str) -> FilePart:
        inside = {
            name.removeprefix(prefix): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(prefix)
        }
        return replace(
            self,
            tensors=inside,
            prefix=prefix,
            beside=tuple(name for name in self.tensors if not name.startswith(prefix)),
            averaged=self.averaged or _is_averaged(prefix),
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file of weights: its parts, and what it says beside them."""

    path: Path
    parts: tuple[FilePart, ...]
    metadata: dict[str, str]

    @property
    def origin(self) -> Origin | None:
        """The model that it was saved from, where it says so."""
        return Origin.read(self.metadata)

    @property
    def words(self) -> str:
        """The file as a sentence names it: "x.safetensors", "x.safetensors, saved from little,"."""
        origin = self.origin
        return str(self.path) if origin is None else f"{self.path}, saved from {origin.words},"


def opened(path: Path) -> Checkpoint:
    """What a file holds. Raises BuildError where no part of it can be weights."""
    found, said = content(path)
    parts = tuple(sorted(_parts(found, (), _named_by_lightning(found)), key=_turn))
    if not parts:
        raise BuildError(
            f"{path} holds no state dict: names to tensors, or such a dict under state_dict or "
            "model"
        )
    return Checkpoint(path, parts, said)


def origin_of(path: Path) -> Origin | None:
    """The model that a safetensors file was saved from, where it says so. Raises BuildError."""
    return Origin.read(metadata(path))


def read(path: Path) -> dict[str, Tensor]:
    """A state dict from a file: what most trainers mean by its weights. Raises BuildError."""
    return opened(path).parts[0].tensors


def _parts(
    found: object, place: tuple[str, ...], averaged: dict[tuple[str, ...], bool]
) -> Iterator[FilePart]:
    if not isinstance(found, dict) or len(place) > _DEEPEST:
        return
    tensors = _state_dict(found)
    if tensors:
        counted = tensors.pop(_COUNTER, None) is not None
        named = averaged.get(place, _is_averaged(*place))
        yield FilePart(place, _bare(tensors), named or counted)
        return
    for key, value in found.items():
        if isinstance(key, str):
            yield from _parts(value, (*place, key), averaged)


def _state_dict(found: dict[Any, Any]) -> dict[str, Tensor]:
    """A dict of names to tensors as it is; nothing of any other."""
    import torch

    if all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in found.items()):
        return dict(found)
    return {}


def _bare(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by their names without torch's wrappers, unless two would be called alike."""
    bare = {
        ".".join(part for part in name.split(".") if part not in _WRAPPERS): tensor
        for name, tensor in tensors.items()
    }
    return bare if len(bare) == len(tensors) else tensors


def _is_averaged(*names: str) -> bool:
    return any(word in _AVERAGED for name in names for word in re.split(r"[._\W]", name.lower()))


def _named_by_lightning(found: object) -> dict[tuple[str, ...], bool]:
    """Lightning's WeightAveraging puts the average in the usual place, and the weights beside."""
    if isinstance(found, dict) and {"averaging_state", "current_model_state"} <= found.keys():
        return {("state_dict",): True, ("current_model_state",): False}
    return {}


def _turn(part: FilePart) -> tuple[bool, int, int]:
    """Plain weights come first, then those in the usual places, then the larger ones."""
    usual = [_USUAL.index(key) if key in _USUAL else len(_USUAL) for key in part.place[:1]]
    return part.averaged, usual[0] if usual else 0, -len(part.tensors)
