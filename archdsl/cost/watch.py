"""Whether a forward pass reads the values of a tensor: then its cost may depend on the data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from archdsl.cost.dispatch import DispatchMode

_TORCH = str(Path(torch.__file__).parent)
_HERE = str(Path(__file__).parent)

_READING_OPERATORS = {
    torch.ops.aten._local_scalar_dense.default: "the value of a tensor",
    torch.ops.aten.equal.default: "whether two tensors are equal",
}
"""What `item`, `bool(...)`, `int(...)`, an index or a bound that is a tensor come down to."""

_READING_METHODS = {
    Tensor.tolist: "a tensor as a list",
    Tensor.numpy: "a tensor as an array",
    Tensor.__array__: "a tensor as an array",
    Tensor.__dlpack__: "the memory of a tensor",
    Tensor.data_ptr: "the memory of a tensor",
}
"""These read the memory, and no operator tells."""


class Watch:
    """What was read while it watched: (what, where) in order."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, str]] = []
        self._paused = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs inside."""
        with _Methods(self), _Operators(self):
            yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Look away: what runs inside answers for itself."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def saw(self, what: str | None) -> None:
        """Note a read; None is no read."""
        if what is not None and not self._paused:
            self.reads.append((what, _caller()))


class _Operators(DispatchMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self._watch.saw(_READING_OPERATORS.get(func))
        return func(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self._watch.saw(_READING_METHODS.get(func))
        return func(*args, **(kwargs or {}))


def _caller() -> str:
    """`file:line` of the innermost frame outside torch."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith((_TORCH, _HERE)) and frame.f_back is not None:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
