"""DDP: two processes have the gradients of one, and what they save loads back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import multiprocessing

import archdsl
from tests.tools.models import FAMILIES, built, images, small
from tests.tools.two_processes import PROCESSES, loss, train


def in_two_processes(names: list[str], folder: Path) -> None:
    multiprocessing.spawn(train, (names, folder), nprocs=PROCESSES)


def assert_as_in_one(name: str, folder: Path) -> None:
    """Gradients that are those of the whole batch, and weights that `build` reads."""
    spec = small(name)
    gradients, state = torch.load(folder / f"{name}.pt")
    model = built(spec)
    loss(model, images(spec, 2 * PROCESSES)).backward()
    expected = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    assert gradients.keys() == expected.keys()
    for one, grad in expected.items():
        assert grad is not None, one
        most = float(grad.abs().max())
        torch.testing.assert_close(gradients[one], grad, rtol=0, atol=1e-5 * max(1.0, most))
    assert all(key.startswith("module.") for key in state)
    torch.save(state, folder / "wrapped.pt")
    again = archdsl.build(spec, weights=folder / "wrapped.pt").state_dict()
    assert again.keys() == model.state_dict().keys()
    assert all(torch.equal(again[key], state[f"module.{key}"]) for key in again)


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    names = [*FAMILIES, "others"]
    in_two_processes(names, tmp_path)
    for name in names:
        assert_as_in_one(name, tmp_path)
