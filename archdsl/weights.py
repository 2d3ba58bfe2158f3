"""Weights of a built model: read safely, and refused in words where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.errors import BuildError

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHOWN = 5


def read(path: Path) -> dict[str, Tensor]:
    """A state dict from a safetensors file, or from what torch.save wrote.

    A dict under `state_dict` or `model` is unwrapped. Pickles are read with `weights_only`, so
    that no code runs. Raises BuildError.
    """
    import torch

    if not path.is_file():
        raise BuildError(f"there is no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BuildError(
            f"{path} cannot be read as weights: {error}.  "
            "archdsl reads safetensors, and pickles of plain tensors"
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise BuildError(f"{path} holds no state dict: it must map names to tensors")
    return found


def load_into(model: nn.Module, path: Path) -> None:
    """Load a file into a model, every name and shape equal. Raises BuildError."""
    given, own = read(path), model.state_dict()
    problems = [
        f"{name} is missing" if name not in given else f"{name} is not one of this model's"
        for name in [n for n in own if n not in given] + [n for n in given if n not in own]
    ]
    problems += [
        f"{name} is {tuple(given[name].shape)}, and the model's is {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in given and given[name].shape != tensor.shape
    ]
    if problems:
        more = len(problems) - _SHOWN
        listed = "\\n".join(f"  {problem}" for problem in problems[:_SHOWN])
        rest = f"\\n  and {more} more" if more > 0 else ""
        raise BuildError(f"{path} does not fit this model:\\n{listed}{rest}")
    model.load_state_dict(given)
