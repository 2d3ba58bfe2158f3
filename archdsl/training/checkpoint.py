"""The state of a training in a file: whole or not there, and of this very training."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archdsl import regular
from archdsl.components.options import written
from archdsl.drafts import draft_of, drop_left
from archdsl.errors import SearchError
from archdsl.training.failures import first_line, is_out_of_memory
from archdsl.training.metrics import Metrics
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe, later
from archdsl.training.trainer import CheckpointIO
from archdsl.views.terminal import Unwritable, say

TRAINING = "training"
"""Where a checkpoint says of which training it is, and how far that has come."""

ASIDE = ".unreadable"
"""What is added to the name of a checkpoint that cannot be read."""

_DIGEST = 16


class Torn(ValueError):
    """A checkpoint is not as it was written."""


class Sealed(CheckpointIO):
    """Checkpoints with a digest of their content behind it, each written in one step.

    A kill leaves the old one or the new one. Nothing waits for the disk: what a power cut takes
    or tears is found by its digest, and the training begins anew.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a state. Raises SearchError where it cannot be written."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        content = buffer.getbuffer()
        try:
            with draft_of(Path(path)) as draft, draft.open("wb") as file:
                file.write(content)
                file.write(_digest(content))
        except OSError as error:
            raise SearchError(
                f"{path} cannot be written: {error.strerror or error}.  see to it, and the same "
                "command goes on"
            ) from None

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """The state that was written. Raises Torn for a file that is not as it was."""
        with regular.opened(Path(path)) as file:
            content = memoryview(file.read())
        if len(content) < _DIGEST or content[-_DIGEST:] != _digest(content[:-_DIGEST]):
            raise Torn(f"{path} is not as it was written")
        state: dict[str, Any] = torch.load(
            io.BytesIO(content[:-_DIGEST]),
            map_location=map_location or "cpu",
            weights_only=weights_only,
        )
        return state

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete a checkpoint."""
        Path(path).unlink(missing_ok=True)


def trained_so_far(
    path: Path, training: Mapping[str, Any], *, weights_only: bool
) -> list[Metrics] | None:
    """The metrics of the epochs that a checkpoint has behind it; None where there is none to read.

    What a kill left half written is deleted. What cannot be read is moved aside, which is said on
    standard error: its training begins anew.
    training: what `training_of` says; weights_only: whether nothing but plain values is read
    Raises SearchError for the checkpoint of another training, and for what is no file.
    """
    with contextlib.suppress(OSError):
        drop_left(path)
    try:
        said = Sealed().load_checkpoint(path, weights_only=weights_only)[TRAINING]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SearchError(
            f"{path} cannot be read: {error.strerror or error}.  see to it, or name another file"
        ) from None
    except Exception as error:
        if is_out_of_memory(error):
            raise
        aside = path.with_name(path.name + ASIDE)
        path.replace(aside)
        why = "it is not as it was written" if isinstance(error, Torn) else first_line(error)
        _note(
            f"{path} cannot be gone on from: {why}.  it is kept as {aside.name}, and its training "
            "begins anew"
        )
        return None
    for name, now in training.items():
        was = said["of"].get(name, later().get(name))
        if was != now:
            raise SearchError(
                f"{path} is the checkpoint of another training: {_difference(name, was, now)}.  "
                "name another file, or delete this one"
            )
    history: list[Metrics] = said["history"]
    return history


def _note(text: str) -> None:
    """Say something on standard error, if there is one: a training is worth more."""
    if sys.stderr is not None:
        with contextlib.suppress(Unwritable):
            say(text, sys.stderr)


def trunk_of(training: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a training that another can branch off from while its rate is constant."""
    return {k: v for k, v in training.items() if k not in ("epochs", "cooldown", "validate_every")}


def training_of(model: nn.Module, recipe: Recipe, data: Prepared, seed: int) -> dict[str, Any]:
    """What tells a training from others, as plain values.

    The weights that a model begins with are not looked at, nor every pixel.
    """
    return {
        "seed": seed,
        **recipe.record(),
        "network": _network(model),
        "data": _data(data),
    }


def _difference(name: str, was: Any, now: Any) -> str:
    if name in ("network", "data"):
        return f"its {name} {'was' if name == 'network' else 'were'} another"
    return f"its {name} was {written(was)}, and now it is {written(now)}"


def _network(model: nn.Module) -> str:
    tensors = [(name, tuple(t.shape), str(t.dtype)) for name, t in model.state_dict().items()]
    layers = re.sub(r" at 0x[0-9a-f]+", "", repr(model))  # an act that is a function, say
    return _digest(f"{layers} {tensors}".encode()).hex()


def _data(data: Prepared) -> str:
    component = data.source.component
    options = dict(component.options) if component is not None else {}
    options.pop("path", None)  # data may move
    named = None if component is None else component.type
    figures = (data.info.counts, data.classes, data.size, data.input_shape, data.steps)
    labels = b"" if data.data is None else data.data.train.labels.tobytes()
    return _digest(repr((named, options, figures)).encode() + labels).hex()


def _digest(content: bytes | memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()
