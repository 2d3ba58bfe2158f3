"""TransNeXt's aggregated attention beside a formulation that unfolds its windows.

    .venv/bin/python -m tests.bench.aggregated_attention [--rounds 9] [--batch 4]

Run in the repository's root. Prints a table of docs/benchmarks.md: how many times as fast archdsl
is, by the CPU time of this process on one thread, both in turn, the median over the rounds and
the middle half of them; and the most memory that the tensors of one pass take at once, as a part
of the other's. What is there before the pass, weights and input, counts for neither. archdsl's
convolution weights lie channels-last, as its maps do and as its own training lays them; the
other's are contiguous.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

import archdsl
from archdsl.nn.memory import channels_last_convolutions
from archdsl.nn.token_mixers.aggregated_attention import AggregatedAttention
from tests.bench import plain_transnext
from tests.bench.timing import Work, alternate

STAGES = ((48, 56, 8), (96, 28, 4), (192, 14, 2))  # dim, side, pool of transnext_micro at 224x224
HEADER = """\
| | eval, speed | eval, peak memory | training step, speed | training step, peak memory |
|---|---|---|---|---|"""


def main() -> None:
    """Measure and print, row by row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(HEADER)
    for number, (dim, side, pool) in enumerate(STAGES, 1):
        ours, theirs = _mixers(dim, side, pool)
        maps = torch.randn(args.batch, dim, side, side).to(memory_format=torch.channels_last)
        tokens = maps.flatten(2).transpose(1, 2).contiguous()
        with channels_last_convolutions(ours):
            cells = _cells((ours, maps), (theirs, tokens), args.rounds)
        print(f"| stage {number} ({side}×{side}) | {' | '.join(cells)} |", flush=True)
    ours = archdsl.build(archdsl.load("transnext_micro", set={"drop_path": 0}))
    theirs = _filled(plain_transnext.transnext_micro(), ours)
    x = torch.randn(args.batch, 3, 224, 224)
    with channels_last_convolutions(ours):
        cells = _cells((ours, x), (theirs, x), args.rounds)
    print(f"| transnext_micro, whole, 224×224 | {' | '.join(cells)} |", flush=True)


def _mixers(dim: int, side: int, pool: int) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    ours = AggregatedAttention(dim, (side, side), 224 // side, pool=pool)
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.2)
    theirs = _filled(plain_transnext.AggregatedAttention(dim, (side, side), pool=pool), ours)
    x = torch.randn(1, dim, side, side)
    with torch.no_grad():
        difference = ours(x).flatten(2).transpose(1, 2) - theirs(x.flatten(2).transpose(1, 2))
    assert difference.abs().max() < 1e-4
    return ours, theirs


def _filled(model: nn.Module, like: nn.Module) -> nn.Module:
    given = like.state_dict()
    model.load_state_dict({n: given[n].reshape(t.shape) for n, t in model.state_dict().items()})
    return model


def _cells(ours: tuple[nn.Module, Tensor], theirs: tuple[nn.Module, Tensor], n: int) -> list[str]:
    cells = []
    for work in (_forward, _step):
        pair = work(*ours), work(*theirs)
        for one in pair:
            one()  # what eval keeps is there
        cells.append(alternate(*pair, rounds=n, clock=time.process_time).words())
        cells.append(f"{_peak(pair[0]) / _peak(pair[1]):.2f}")
    return cells


def _forward(model: nn.Module, x: Tensor) -> Work:
    model.eval()
    return torch.no_grad()(lambda: model(x))


def _step(model: nn.Module, x: Tensor) -> Work:
    model.train()
    x = x.clone().requires_grad_()
    wanted = [x, *model.parameters()]
    return lambda: torch.autograd.grad(model(x).square().mean(), wanted)


def _peak(work: Callable[[], object]) -> int:
    """The most bytes that tensors made by the work hold at one time."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        made = work()
    del made
    assert profiled.profiler is not None
    events = profiled.profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    return max(itertools.accumulate(size for _, size in changes))


if __name__ == "__main__":
    main()
