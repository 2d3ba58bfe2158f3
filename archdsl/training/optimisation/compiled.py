"""A model through torch.compile while it is trained, and as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from archdsl.errors import SearchError
from archdsl.training.failures import first_line


@contextmanager
def compiled(model: nn.Module, wanted: bool) -> Iterator[None]:
    """Inside, a call of the model runs what torch.compile makes of it, if that is wanted.

    The model is compiled in place and in one piece: its addresses and its state dict are what they
    were, and no part of it runs uncompiled.
    Raises SearchError where it cannot be compiled.
    """
    if not wanted:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException

    model.compile(fullgraph=True)
    try:
        yield
    except TorchDynamoException as error:
        why = first_line(getattr(error, "inner_exception", error))
        raise SearchError(
            f"recipe: compile: torch.compile cannot do this network here ({why}).  "
            "write  train.compile: false"
        ) from error
    finally:
        model._compiled_call_impl = None
