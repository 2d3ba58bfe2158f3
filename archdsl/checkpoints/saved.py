"""A model into a weights file: which models can be saved, and what the file says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from archdsl.checkpoints.files import write
from archdsl.checkpoints.fit import Form
from archdsl.checkpoints.origin import KEY, Origin
from archdsl.checkpoints.recognise import forms
from archdsl.compiler.backbone import Backbone, left_out
from archdsl.compiler.builder import Built
from archdsl.compiler.network import Network
from archdsl.errors import BuildError
from archdsl.given import kind

Saveable: TypeAlias = "Built | Backbone"

_AROUND = (nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel)
"""What has a model as `module`, and computes what it computes."""

_ADVICE = "save another with  torch.save(model.state_dict(), path)"


def saveable(model: object) -> Saveable:
    """The model that archdsl built, out of what torch put around it. Raises BuildError."""
    found = model
    while not isinstance(found, (Built, Backbone)):
        if isinstance(found, _AROUND):
            found = found.module
        elif isinstance(found, nn.Module) and "_orig_mod" in dict(found.named_children()):
            found = found.get_submodule("_orig_mod")
        else:
            raise BuildError(_not_ours(model))
    return found


def tensors_of(model: Saveable) -> dict[str, Tensor]:
    """The state dict of a model that still is what its spec says. Raises BuildError."""
    state = model.state_dict()
    name = model.network.name
    for key, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise BuildError(f"{name} cannot be saved: {key} is no tensor, but {kind(tensor)}")
        if tensor.is_meta:
            raise BuildError(
                f"{name} cannot be saved: {key} is on the meta device and has no numbers.  load "
                "weights into it, or build it on another device"
            )
    found = {key: tuple(tensor.shape) for key, tensor in state.items()}
    expected = [_shapes(model, form) for form in forms(model.network)]
    if found not in expected:
        near = min(expected, key=lambda one: len(one.keys() ^ found.keys()))
        raise BuildError(
            f"{name} is no longer what its spec says: {_change(found, near)}\n  {_ADVICE}"
        )
    return state


def write_model(model: Saveable, path: Path, files: Iterable[str] = ()) -> None:
    """The weights of a model as a safetensors file that says where they are from.

    files: what lies beside it
    Raises BuildError.
    """
    features = list(model.features) if isinstance(model, Backbone) else None
    origin = Origin.of(model.network, features, list(files))
    beside = {name: _of_classes(text, model.network) for name, text in model.metadata.items()}
    write(path, tensors_of(model), {**beside, KEY: origin.written()})


def _of_classes(text: str, network: Network) -> str:
    """What a search noted of the images, without names of classes that the head has no longer."""
    try:
        said = json.loads(text)
        stale = len(said["class_names"]) != network.classes
    except (ValueError, TypeError, KeyError, RecursionError):
        return text
    return json.dumps({**said, "class_names": []}) if stale else text


def _shapes(model: Saveable, form: Form) -> dict[str, tuple[int, ...]]:
    beside = left_out(model.network, model.features) if isinstance(model, Backbone) else ()
    return {name: shape for name, shape in form.shapes.items() if not name.startswith(beside)}


def _change(found: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]]) -> str:
    for name in [*wanted, *found]:
        if name not in found:
            return f"{name} is gone"
        if name not in wanted:
            return f"{name} is none of its tensors"
        if found[name] != wanted[name]:
            return f"{name} is {found[name]}, and was {wanted[name]}"
    raise AssertionError("they differ")


def _not_ours(model: object) -> str:
    if not isinstance(model, nn.Module):
        return (
            f"save takes a model, and not {kind(model)}.  write  "
            "archdsl.save(archdsl.build(spec), path)"
        )
    inside = [name for name, one in model.named_modules() if isinstance(one, (Built, Backbone))]
    if inside:
        return (
            f"save takes a model that archdsl built, and this is a {kind(model)} with one in it.  "
            f"save  model.{inside[0]}"
        )
    return (
        f"save takes a model that archdsl built, and this is a {kind(model)}\n"
        f"  archdsl.build and archdsl.load_model give one; {_ADVICE}"
    )
