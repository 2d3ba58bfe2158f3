"""A layer that takes too much memory to be measured is refused before it takes any."""

from __future__ import annotations

import functools
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl import memory
from archdsl.cost import room
from archdsl.cost.measure import measure
from archdsl.errors import CountError, SpecError
from tests.cost.single import of

CURE = "choose a smaller input, or smaller dims, kernels and ratios"
SPEC = """
archdsl: 1
name: one
input: {input}
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
block: {{token_mixer: {mixer}, channel_mixer: {{type: mlp, ratio: {ratio}}}}}
stages: [{{dim: 64, depth: 1}}]
"""


def counted(input: str = "[3, 64, 64]", mixer: str = "pooling", ratio: str = "4") -> int:
    text = SPEC.format(input=input, mixer=mixer, ratio=ratio)
    return archdsl.count(archdsl.loads(text)).macs


def test_a_common_network_has_room() -> None:
    assert counted() > 0
    assert counted(mixer="{type: depthwise, kernel: 101}") > 0


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            {"input": "[3, 4096, 4096]"},
            "stages.0.blocks.0.channel_mixer: measuring it takes 3.0 GB of memory, 132 kB of it "
            "for parameters",
            marks=pytest.mark.slow,  # the layers before it are measured
        ),
        (
            {"input": "[3, 100000000, 100000000]"},
            "stem.0: measuring it takes at least 120,000 TB of memory",
        ),
        (
            {"input": f"[3, {10**30}, 4]"},
            "stem.0: measuring it takes at least over a million TB of memory",
        ),
        (
            {"mixer": "{type: depthwise, kernel: 100001}"},
            "stages.0.blocks.0.token_mixer: measuring it takes 2.6 TB of memory, 2.6 TB of it for "
            "parameters",
        ),
        (
            {"ratio": "100000"},
            "stages.0.blocks.0.channel_mixer: measuring it takes 16.4 GB of memory, 3.3 GB of it "
            "for parameters",
        ),
    ],
)
def test_what_has_none_is_refused_with_what_it_would_take(
    spec: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda: 1 << 40)
    with pytest.raises(CountError) as caught:
        counted(**spec)
    assert str(caught.value) == f"{words}, and 2.0 GB may be taken.  {CURE}"


def test_less_may_be_taken_where_less_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    make = lambda: nn.Conv2d(8, 1000, 3, padding=1)  # noqa: E731
    monkeypatch.setattr(memory, "free", lambda: 1_200_000)
    with pytest.raises(CountError) as caught:
        measure(make, (8, 16, 16), "stem.0", ours=True)
    assert str(caught.value) == (
        "stem.0: measuring it takes 1.3 MB of memory, 292 kB of it for parameters, and 1.2 MB may "
        f"be taken.  {CURE}"
    )
    monkeypatch.setattr(memory, "free", lambda: 1_400_000)
    assert measure(make, (8, 16, 16), "stem.0", ours=True).macs == 256 * 1000 * 72


def test_attention_takes_no_room_for_all_pairs() -> None:
    layer = of("token_mixer", "attention", (64, 128, 128))
    from archdsl.compiler.builder import build_layer

    room.check(lambda: build_layer(layer), layer.in_shape)  # the pairs would be 2 GB


class Sized(nn.Module):
    """Of somebody else: it may not be asked on meta tensors."""

    def __init__(self, side: int = 1, pairs: bool = False) -> None:
        super().__init__()
        self.pairs = pairs
        self.weight = nn.Parameter(torch.ones(side, side))
        self.scale = float(self.weight.sum())

    def forward(self, x):
        if not self.pairs:
            return x * self.scale
        tokens = x.flatten(2)
        return x + F.softmax(tokens.transpose(1, 2) @ tokens, 2).mean() * self.scale


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (functools.partial(Sized, 10**6), "4.0 TB"),
        (functools.partial(Sized, 30_000), "3.6 GB"),
        (functools.partial(Sized, 1, pairs=True), "4.2 GB"),
    ],
)
def test_somebody_elses_module_is_stopped_before_the_operator_that_takes_too_much(make, least):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CountError) as caught:
        measure(make, (8, 180, 180), "where")
    assert str(caught.value) == (
        f"where: measuring it takes at least {least} of memory, and 2.0 GB may be taken.  {CURE}"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
    assert measure(Sized, (8, 16, 16), "where").macs == 0


MIXER = """
import torch
from torch import nn
from archdsl import token_mixer

@token_mixer("sided")
class Sided(nn.Module):
    def __init__(self, dim, *, side: int = 3):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(side, side))

    def forward(self, x):
        return x * self.weight.mean()
"""


def test_a_component_that_is_too_large_to_be_run_once(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 1 << 40)
    (tmp_path / "sided.py").write_text(MIXER)
    text = "imports: [./sided.py]\n" + SPEC.removeprefix("\narchdsl: 1\n")
    file = tmp_path / "a.yaml"

    def loaded(side: int) -> archdsl.Spec:
        mixer = f"{{type: sided, side: {side}}}"
        file.write_text("archdsl: 1\n" + text.format(input="[3, 16, 16]", mixer=mixer, ratio=1))
        return archdsl.load(file)

    assert archdsl.count(loaded(5)).params > 0
    with pytest.raises(SpecError) as caught:
        loaded(100_000)
    assert str(caught.value) == (
        f"stages.0.blocks.0.token_mixer: token mixer 'sided' ({tmp_path / 'sided.py'}:6) with "
        f"dim = 64 takes at least 40.0 GB of memory, and 2.0 GB may be taken.  {CURE}"
    )


PEAK = """
from pathlib import Path
from archdsl import memory
from archdsl.compiler.builder import build_layer
from archdsl.cost import room
from archdsl.cost.measure import measure
from tests.cost.single import of

layer = of("channel_mixer", "mlp", (64, {side}, {side}), ratio=4)
tally = room._Tally
class Noted(tally):
    def __exit__(self, *rest):
        print(self.total)
        return super().__exit__(*rest)
room._Tally = Noted
make = lambda: build_layer(layer)
def most():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
measure(make, (64, 8, 8), "warm", ours=True)
before = most()
measure(make, layer.in_shape, "where", ours=True)
print(most() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say")
def test_what_is_foretold_is_what_is_taken() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(side=384)], capture_output=True, text=True, check=True
    )
    _, foretold, taken = map(int, done.stdout.split())
    assert 0.6 * foretold < taken < 1.4 * foretold
