"""Two processes that train one model with DDP, on the halves of a batch."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tests.tools.models import built, images, small

PROCESSES = 2
PATIENCE = timedelta(minutes=5)  # so that one that fails does not leave the other waiting for ever


def loss(model: nn.Module, x: Tensor) -> Tensor:
    """The mean over the images: the mean over processes of it is that of the whole batch."""
    return model(x).square().mean()  # type: ignore[no-any-return]


def train(rank: int, names: list[str], folder: Path) -> None:
    """Two steps of every model, so that a parameter without a gradient stops the second.

    Leaves NAME.pt with the gradients of the first, and the wrapped model's state dict after both.
    """
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=PROCESSES,
        timeout=PATIENCE,
    )  # fmt: skip
    try:
        for name in names:
            spec = small(name)
            model = DistributedDataParallel(built(spec))
            optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
            half = images(spec, 2 * PROCESSES).chunk(PROCESSES)[rank]
            gradients: dict[str, Tensor] = {}
            for _ in range(2):
                optimizer.zero_grad()
                loss(model, half).backward()
                gradients = gradients or {
                    name: p.grad.clone()
                    for name, p in model.module.named_parameters()
                    if p.grad is not None
                }
                optimizer.step()
            if rank == 0:
                torch.save((gradients, model.state_dict()), folder / f"{name}.pt")
    finally:
        dist.destroy_process_group()
