"""A model given to a tool, and what the tool's model says beside it."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

Images = Callable[[int], Tensor]  # a number of images to so many

BATCHES = (1, 2, 3, 7)


def outputs(found: Any) -> list[Tensor]:
    return [found] if isinstance(found, Tensor) else list(found)


def assert_same(
    model: Callable[[Tensor], Any],
    expected: nn.Module,
    images: Images,
    batches: tuple[int, ...] = BATCHES,
) -> None:
    """The same outputs at batches of several sizes, but for the order of sums."""
    for batch in batches:
        x = images(batch)
        with torch.no_grad():
            pairs = zip(outputs(model(x)), outputs(expected(x)), strict=True)
            for one, other in pairs:
                most = float(other.abs().max())
                torch.testing.assert_close(one, other, rtol=0, atol=2e-5 * max(1.0, most))


def traced(model: nn.Module, images: Images) -> torch.jit.ScriptModule:
    """A trace of two images, saved and loaded."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(model, images(2)), file)
    file.seek(0)
    found: torch.jit.ScriptModule = torch.jit.load(file)
    return found


def exported(model: nn.Module, images: Images) -> torch.export.ExportedProgram:
    return torch.export.export(model, (images(2),), dynamic_shapes=({0: Dim("batch")},))


Runs = Callable[[Tensor], Tensor]


def in_onnx(model: nn.Module, x: Tensor, path: Path) -> Runs:
    """An ONNX file written with a free batch, as onnxruntime runs it. x: two images"""
    import onnxruntime

    program = torch.onnx.export(
        model, (x,), dynamo=True, dynamic_shapes=({0: Dim("batch")},), verbose=False
    )
    assert program is not None, "it is given for dynamo=True"
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (name,) = (one.name for one in session.get_inputs())
    return lambda x: torch.from_numpy(session.run(None, {name: x.numpy()})[0])


def assert_gradients_on_meta(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    """Every parameter that is trained gets a gradient, in training and in eval."""
    with torch.device("meta"):
        for training in (True, False):
            model = make().train(training)
            sum(y.sum() for y in outputs(model(torch.randn(2, *shape)))).backward()
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    assert parameter.grad is not None, name
                    assert parameter.grad.is_meta


def assert_copies_are_the_same(model: nn.Module, images: Images) -> None:
    """Copies of a model that has run, and of one that has not: as deepcopy and pickle make them."""
    x = images(1)
    for copied in (copy.deepcopy, pickled):
        with torch.no_grad():
            cold = copied(model)
            expected = outputs(model(x))
            for twin in (cold, copied(model)):
                assert list(twin.state_dict()) == list(model.state_dict())
                assert all(map(torch.equal, outputs(twin(x)), expected))


def pickled(model: nn.Module) -> nn.Module:
    found: nn.Module = pickle.loads(pickle.dumps(model))
    return found
