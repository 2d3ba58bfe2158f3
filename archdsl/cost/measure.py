"""One module measured alone: built once, folded, run to warm its caches, traced."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from archdsl import threads
from archdsl.compiler.builder import TokenMixer
from archdsl.compiler.network import Shape
from archdsl.cost.leaves import Calls, leaves
from archdsl.cost.trace import Refused, trace_macs
from archdsl.cost.watch import Watch
from archdsl.errors import ArchError, CountError
from archdsl.nn.fuse import fuse

_one_at_a_time = threading.RLock()  # the tracer and the filters of warnings are global


@dataclass(frozen=True, slots=True)
class Measured:
    """What a module costs at batch 1.

    params: parameters of the deployed form, frozen ones included; train_params: before folding
    out_shape: the output's shape without the batch axis
    """

    macs: int
    params: int
    train_params: int
    out_shape: tuple[int, ...]


def measure(
    make: Callable[[], nn.Module], in_shape: Shape, address: str, warmup: int = 1
) -> Measured:
    """Build a module, measure it on one input, and let it go.

    make: builds it; it is given away, and measured in its deployed form, in eval
    in_shape: (C, H, W); the input comes in channels-last memory
    address: where the module stands in the network; errors begin with it
    warmup: passes before the one that is measured
    Randomness is as before afterwards. Raises CountError, with the address of the innermost
    module at fault, for a cost that is not known exactly.
    """
    with _one_at_a_time, randomness_put_back(), torch.inference_mode(False), torch.no_grad():
        with threads.for_work(), torch.device("cpu"):
            module = make()
            try:
                train_params = _params(module)
                if any(callable(getattr(inner, "fused", None)) for inner in module.modules()):
                    module = fuse(module)
                module.eval()
                x = torch.zeros(1, *in_shape).contiguous(memory_format=torch.channels_last)
                macs, out_shape = _run(module, x, warmup)
            except Refused as error:
                path = _own_path(module, error.path)
                where = ".".join(part for part in (address, path) if part)
                raise CountError(f"{where}: {error}") from None
            except ArchError:
                raise
            except Exception as error:
                raise CountError(
                    f"{address}: it cannot be counted, because it fails on an input of "
                    f"{'x'.join(map(str, in_shape))}: {type(error).__name__}: {_line(error)}"
                ) from error
        return Measured(macs, _params(module), train_params, out_shape)


def _run(module: nn.Module, x: Tensor, warmup: int) -> tuple[int, tuple[int, ...]]:
    """MACs and the output's shape without the batch axis."""
    for _ in range(warmup):
        module(x)  # what eval caches is cached now
    calls, watch = Calls(leaves(module)), Watch()
    with calls.noted(watch.paused), watch.watching():
        out = module(x)
    if not isinstance(out, Tensor):
        raise Refused(f"it gives a {type(out).__name__}, and a layer gives one tensor", "")
    if watch.reads:
        what, where = watch.reads[0]
        raise Refused(
            f"its forward reads {what} ({where}), so its cost may depend on weights or data.  keep "
            "to tensors, or give the module a method `macs`",
            "",
        )
    with calls.replayed():
        traced = trace_macs(module, x)
    return traced + calls.macs, tuple(out.shape[1:])


def _own_path(module: nn.Module, path: str) -> str:
    """A path in a built layer as a path below the layer's address."""
    if isinstance(module, TokenMixer):
        return path.removeprefix("mixer").removeprefix(".")
    return path


def _line(error: Exception) -> str:
    """The first line of what it says; torch appends whole tensors and stacks."""
    return str(error).strip().partition("\n")[0]


def _params(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@contextmanager
def randomness_put_back() -> Iterator[None]:
    """The same start for every module, and no trace of it afterwards."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
