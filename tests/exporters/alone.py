"""Run exported files where archdsl cannot be imported, and say what their models are.

    python -I alone.py FILE FACTORY CxHxW [FILE FACTORY CxHxW ...]

prints one line of JSON per file: the fingerprint of its model. A test computes the same
fingerprint from archdsl's own model; imports here are torch and the standard library alone.
"""

from __future__ import annotations

import json
import runpy
import sys
import zlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Blocked:
    """A finder that lets nobody import archdsl."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == "archdsl":
            raise ImportError(f"{name} is not there")


def fingerprint(model: nn.Module, size: tuple[int, ...]) -> dict[str, object]:
    """Keys, fresh weights, outputs in eval and in training once vectors are drawn anew, gradients.

    Fresh layer scales are near zero and would hide a wrong mixer behind them.
    """
    state = model.state_dict()
    found: dict[str, object] = {"keys": list(state), "fresh": digest(state.values())}
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, tensor in state.items():
            if tensor.is_floating_point() and tensor.ndim < 2:
                tensor.normal_(std=0.1, generator=generator)
            if name.endswith("running_var"):
                tensor.abs_()
        images = torch.randn(2, *size, generator=generator)
        found["eval"] = digest([model.eval()(images)])
    torch.manual_seed(4)
    out = model.train()(images)
    out.square().mean().backward()
    found["train"] = digest([out])
    found["gradients"] = digest(p.grad for p in model.parameters() if p.grad is not None)
    return found


def digest(tensors: Iterable[Tensor]) -> str:
    """A hash of the bits of tensors and of their shapes."""
    hashed = 0
    for tensor in tensors:
        hashed = zlib.crc32(f"{tensor.dtype} {tuple(tensor.shape)}".encode(), hashed)
        hashed = zlib.crc32(tensor.detach().contiguous().numpy(), hashed)
    return f"{hashed:08x}"


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    sys.meta_path.insert(0, Blocked())  # type: ignore[arg-type]
    for at in range(0, len(arguments), 3):
        file, factory, size = arguments[at : at + 3]
        names = runpy.run_path(file)
        torch.manual_seed(0)
        model = names[factory]()
        print(json.dumps(fingerprint(model, tuple(map(int, size.split("x"))))))
    assert "archdsl" not in sys.modules


if __name__ == "__main__":
    main(sys.argv[1:])
