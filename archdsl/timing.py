"""The verb that times specs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archdsl import given
from archdsl.api import Specish, load
from archdsl.errors import BenchError
from archdsl.printable import shown
from archdsl.specification import Spec

if TYPE_CHECKING:
    from archdsl.benchmarking import Benchmark


def bench(
    *specs: Specish,
    names: Sequence[str] | None = None,
    batch: int | Sequence[int] = 1,
    form: str | Sequence[str] = "built",
    compile: bool = False,
    mode: Literal["eval", "train"] = "eval",
    device: str = "cpu",
    size: int | tuple[int, int] | None = None,
    threads: int | None = None,
    rounds: int = 20,
    seconds: float = 0.2,
    told: Callable[[str], None] | None = None,
) -> Benchmark:
    """Time specs in turn with each other: images per second, latency, peak memory.

    names: what each is called in the table; by default as it was given, or the spec's own name
    batch: images at once, or several such numbers, each a table of its own
    form: "built", "fused", "code" or "onnx", or several of them
    compile: whether every module is timed as torch.compile has it, too
    mode: "train" times forward and backward
    device: "cpu", "cuda", "cuda:1", "mps"
    size: height and width of the images; by default those of each spec
    threads: of torch and of onnxruntime; by default as many as torch has
    rounds: how often each has its turn; seconds: how long a turn takes at least
    told: called with what is being done now, in words
    A space stands for its default member. The same spec twice shows what the machine makes of
    equals. Raises BenchError for what cannot be measured, and SpecError for a bad spec.
    """
    from archdsl.benchmarking.benchmark import benchmark
    from archdsl.benchmarking.request import checked

    request = checked(
        batch=batch, form=form, compile=compile, mode=mode, device=device,
        threads=threads, rounds=rounds, seconds=seconds,
    )  # fmt: skip
    given.function("told", told, BenchError)
    found = [_sized(load(x), size) for x in specs]
    if not found:
        raise BenchError('there is nothing to time.  write  archdsl.bench("poolformer_s12")')
    named = list(zip(_names(names, specs, found), found, strict=True))
    return benchmark(named, request, told or (lambda now: None))


def _names(names: object, specs: Sequence[Specish], found: Sequence[Spec]) -> list[str]:
    if names is None:
        pairs = zip(specs, found, strict=True)
        return [str(x) if isinstance(x, (str, Path)) else spec.name for x, spec in pairs]
    if not isinstance(names, (list, tuple)) or len(names) != len(found):
        raise BenchError(f"names are a list of as many as specs, {len(found)}, and not "
                         f"{shown(names)}")  # fmt: skip
    return [given.word("names", name, BenchError) for name in names]


def _sized(spec: Spec, size: object) -> Spec:
    from archdsl.benchmarking.request import size_of

    if size is None:
        return spec
    return load(spec, set={"input": [spec.network().input[0], *size_of(size)]})
