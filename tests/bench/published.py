"""Images per second of the published models, archdsl's beside timm's or a plain formulation.

    python -m venv bench && bench/bin/python -m pip install -r requirements.txt
    bench/bin/python -m pip install --no-deps -r tests/bench/requirements-timm.txt
    bench/bin/python -m tests.bench.published [--only SPEC ...] [--device cuda] [--rounds 9]

Run in the repository's root. `--no-deps` keeps the build of torch that is there. Prints a table of
docs/benchmarks.md. Both models have the same weights, and their outputs are compared first;
they run in turn in one process. archdsl's convolution weights lie channels-last, as its maps do and
as its own training lays them; the reference lies as it comes. A cell is images per second of
archdsl and of the reference, medians over the rounds, then how many times as fast archdsl is: the
median over the rounds, and the middle half of them.

On a busy machine `--cpu-time` reads the CPU time of the process instead of the wall clock, its
threads asleep while they wait. `--build` times the construction instead, `archdsl.build` from the
spec's name against `timm.create_model`.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn

import archdsl
from archdsl.nn.memory import channels_last_convolutions
from tests.bench.references import ROWS, Row, both, images, timm_model
from tests.bench.timing import Clock, Pair, Work, alternate, wall_clock


def main() -> None:
    """Measure and print, row by row."""
    args = _arguments()
    if args.cpu_time and os.environ.get("OMP_WAIT_POLICY") != "passive":
        os.environ["OMP_WAIT_POLICY"] = "passive"  # read where the threads' library is loaded
        os.execv(sys.executable, sys.orig_argv)
    torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    clock = time.process_time if args.cpu_time else wall_clock(device)
    rows = [row for row in ROWS if not args.only or row.spec in args.only]
    print(_machine(device, args.threads))
    if args.build:
        print("| spec | against | seconds: archdsl, timm | archdsl's time over timm's |")
        print("|---|---|---|---|")
        for row in rows:
            if isinstance(row.reference, str):
                print(_build_row(row, row.reference, args.rounds, clock), flush=True)
        return
    print(
        "| spec | against | batch | forward: archdsl, reference | times as fast | forward and",
        end="",
    )
    print(" backward: archdsl, reference | times as fast |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(_row(row, device, args.rounds, clock, args.no_backward), flush=True)


def _row(row: Row, device: torch.device, rounds: int, clock: Clock, forward_only: bool) -> str:
    batch = row.batch[device.type != "cpu"]
    models = [model.to(device) for model in both(row)]
    x = images(row, batch).to(device)
    cells = [row.spec, row.words, str(batch)]
    with channels_last_convolutions(models[0]):
        one, other = (_forward(model.eval(), x) for model in models)
        cells += _cells(alternate(one, other, rounds=rounds, clock=clock), batch)
        if not forward_only:
            one, other = (_step(model.train(), x) for model in models)
            cells += _cells(alternate(one, other, rounds=rounds, clock=clock), batch)
    gc.collect()
    return f"| {' | '.join(cells)} |"


def _forward(model: nn.Module, x: Tensor) -> Work:
    @torch.no_grad()
    def work() -> Tensor:
        y: Tensor = model(x)
        return y

    return work


def _step(model: nn.Module, x: Tensor) -> Work:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def work() -> Sequence[Tensor]:
        return torch.autograd.grad(model(x).square().mean(), parameters)

    return work


def _cells(pair: Pair, batch: int) -> list[str]:
    ours, theirs = (f"{batch / seconds:.3g}" for seconds in pair.medians)
    return [f"{ours}, {theirs}", pair.words()]


def _build_row(row: Row, name: str, rounds: int, clock: Clock) -> str:
    def ours() -> object:
        return archdsl.build(row.spec)

    def theirs() -> object:
        return timm_model(name)

    ours(), theirs()  # what is read and registered once
    pair = alternate(theirs, ours, rounds=rounds, clock=clock, sample=0)  # turned: ratio of times
    reference, own = pair.medians
    return f"| {row.spec} | timm {name} | {own:.3f}, {reference:.3f} | {pair.words()} |"


def _machine(device: torch.device, threads: int) -> str:
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{threads} threads"
    return f"torch {torch.__version__}, {where}\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", metavar="SPEC")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--no-backward", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
