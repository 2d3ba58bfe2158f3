"""What the tests against the published code's numbers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


def apart(found: Tensor, expected: Any) -> float:
    """The largest difference from numbers that are written down."""
    return float((found.double() - torch.as_tensor(expected, dtype=torch.float64)).abs().max())


def watched(model: nn.Module, paths: Mapping[str, str]) -> dict[str, Tensor]:
    """What each forward pass leaves behind, by the names that the golden files give it.

    paths: name -> path of the module whose output it is
    """
    seen: dict[str, Tensor] = {}

    def note(name: str, path: str) -> None:
        def hook(_: nn.Module, __: Any, output: Tensor) -> None:
            seen[name] = output

        model.get_submodule(path).register_forward_hook(hook)

    for name, path in paths.items():
        note(name, path)
    return seen


def assert_feature(found: Tensor, about: Mapping[str, Any], tolerance: float, name: str) -> None:
    """A map is the one whose figures and some of whose values are written down."""
    assert list(found.shape) == about["shape"], name
    flat = found.contiguous().flatten()
    assert apart(flat.mean(), about["mean"]) < tolerance, name
    assert apart(flat.std(correction=0), about["std"]) < tolerance, name
    assert apart(flat[:16], about["first16"]) < tolerance, name
    if "absmax" in about:
        assert apart(flat.abs().max(), about["absmax"]) < tolerance, name
        probes, values = torch.arange(16) * (flat.numel() - 1) // 15, about["probe16"]
    else:
        probes, values = about["spread32_index"], about["spread32"]
    assert apart(flat[probes], values) < tolerance, name


def assert_runs(test: Callable[..., None], cases: Iterable[str]) -> None:
    """A test is run on these cases as it is: none is left out, skipped or expected to fail."""
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    assert mark.name == "parametrize"
    assert list(mark.args[1]) == list(cases)
