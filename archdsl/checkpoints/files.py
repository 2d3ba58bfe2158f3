"""State dicts in files: read so that no code runs, written whole or not at all."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.drafts import draft_of
from archdsl.errors import BuildError
from archdsl.regular import is_other

if TYPE_CHECKING:
    from torch import Tensor

SAFETENSORS = ".safetensors"
PICKLES = (".pth", ".pt", ".bin")


def content(path: Path) -> tuple[object, dict[str, str]]:
    """What a safetensors file holds, or what torch.save wrote, and what is said beside it.

    Pickles are read with `weights_only`, so that no code runs; of what trainers leave beside the
    weights, an argparse.Namespace of plain values is let in. Raises BuildError.
    """
    if not path.is_file():
        raise BuildError(f"there is no weights file {path}")
    try:
        return _content(path)
    except Exception as error:  # whatever a broken or a hostile file makes the readers raise
        raise _unreadable(path, error) from None


def metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says beside its tensors. Raises BuildError."""
    from safetensors import safe_open

    if not path.is_file():
        raise BuildError(f"there is no weights file {path}")
    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}
    except Exception as error:  # whatever a broken or a hostile file makes the reader raise
        raise _unreadable(path, error) from None


def write(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """A state dict as safetensors, or as torch.save writes it, by the name's ending.

    metadata: what a safetensors file says beside its tensors; torch.save has no place for it
    Raises BuildError for another ending, and for a place that cannot be written to.
    """
    if path.suffix not in (SAFETENSORS, *PICKLES):
        raise BuildError(
            f"{path}: weights are written to {SAFETENSORS}, or to {' '.join(PICKLES)} by torch.save"
        )
    # Each tensor with memory of its own: safetensors refuses views of one storage, and a pickle
    # would write the whole storage for each of them.
    alone = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    if path.is_dir() or is_other(path):
        what = "a folder" if path.is_dir() else "no regular file"
        raise BuildError(f"{path}: this is {what}.  name another file")
    try:
        with draft_of(path) as draft:
            draft.touch()
            _write(draft, alone, path.suffix, metadata or {})
            with draft.open("rb") as file:
                os.fsync(file.fileno())
    except OSError as error:
        raise BuildError(
            f"{path}: cannot be written ({error.strerror or error}).  choose another place"
        ) from None


def _content(path: Path) -> tuple[object, dict[str, str]]:
    import torch

    if path.suffix == SAFETENSORS:
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    with torch.serialization.safe_globals([argparse.Namespace]):
        return torch.load(path, map_location="cpu", weights_only=True), {}


def _unreadable(path: Path, error: Exception) -> BuildError:
    return BuildError(
        f"{path} cannot be read as weights: {_reason(path, error)}\n"
        "  archdsl reads safetensors, and pickles of plain tensors without code"
    )


def _reason(path: Path, error: Exception) -> str:
    """Why a file could not be read; torch's own words would advise to run its code."""
    words = str(error).strip()
    if path.suffix == SAFETENSORS:
        return words.partition("\n")[0]
    code = re.search(r"\bGLOBAL (\S+)", words)
    return f"it holds {code[1]}, which is code" if code else "it is not what torch.save writes"


def _write(
    path: Path, tensors: dict[str, Tensor], suffix: str, metadata: Mapping[str, str]
) -> None:
    if suffix == SAFETENSORS:
        from safetensors.torch import save_file

        save_file(tensors, path, metadata={**metadata, "format": "pt"})
    else:
        import torch

        with path.open("wb") as file:  # of a path its name would stand in what is written
            torch.save(tensors, file)
