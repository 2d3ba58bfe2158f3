"""Modules that say what they cost: a method `macs` stands for everything inside.

    class Gathered(nn.Module):
        def forward(self, x, positions): ...

        def macs(self, x, positions):
            batch, dim, height, width = x
            return batch * dim * height * width * 9

`macs` takes what `forward` takes, with the shape of each tensor (a tuple, the batch axis first)
in its place, inside lists too, and returns an int: the MACs of that one call. At the top of a
layer the batch is 1; inside, windows or heads may have been folded into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from archdsl.cost.trace import CountRefused, whole_number


def leaves(module: nn.Module) -> dict[str, nn.Module]:
    """Path -> module for the outermost modules that say what they cost."""
    found: dict[str, nn.Module] = {}
    for path, inner in module.named_modules():
        if callable(getattr(type(inner), "macs", None)) and not any(
            path.startswith(f"{outer}.") or not outer for outer in found
        ):
            found[path] = inner
    return found


class Calls:
    """The calls of leaf modules in one forward pass, in order: what they cost and gave."""

    def __init__(self, leaves: dict[str, nn.Module]) -> None:
        self._leaves = leaves
        self._results: dict[str, list[Any]] = {path: [] for path in leaves}
        self.macs = 0

    @contextmanager
    def noted(self, around: Callable[[], Any]) -> Iterator[None]:
        """Run the leaves as they are and note what they say; `around` makes a context."""

        def noting(path: str, leaf: nn.Module) -> Callable[..., Any]:
            forward = leaf.forward

            def run(*args: Any, **kwargs: Any) -> Any:
                self.macs += _said(leaf, path, args, kwargs)
                with around():
                    result = forward(*args, **kwargs)
                self._results[path].append(result)
                return result

            return run

        with self._replaced(noting):
            yield

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """Give the noted results again without running the leaves: the tracer sees no inside.

        Raises CountRefused where the second pass does not call them as often as the first.
        """
        results = {path: iter(noted) for path, noted in self._results.items()}

        def replaying(path: str, leaf: nn.Module) -> Callable[..., Any]:
            def run(*args: Any, **kwargs: Any) -> Any:
                for result in results[path]:
                    return result
                raise CountRefused(_UNSTEADY, path)

            return run

        with self._replaced(replaying):
            yield
        for path, rest in results.items():
            if any(True for _ in rest):
                raise CountRefused(_UNSTEADY, path)

    @contextmanager
    def _replaced(self, make: Callable[[str, nn.Module], Callable[..., Any]]) -> Iterator[None]:
        for path, leaf in self._leaves.items():
            leaf.forward = make(path, leaf)
        try:
            yield
        finally:
            for leaf in self._leaves.values():
                del leaf.forward


_UNSTEADY = "it is not called equally often in two passes over the same map"


def _said(leaf: nn.Module, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    macs: Callable[..., Any] = leaf.macs  # type: ignore[assignment]
    try:
        found = macs(*map(_shaped, args), **{name: _shaped(arg) for name, arg in kwargs.items()})
    except Exception as error:
        raise CountRefused(
            f"its method `macs` fails: {type(error).__name__}: {error}", path
        ) from error
    return whole_number(found, "its method `macs`", path)


def _shaped(value: Any) -> Any:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, (tuple, list)):
        return [_shaped(item) for item in value]
    return value
