"""One module measured alone: what it is measured as, and what it leaves behind."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from archdsl.cost.measure import measure
from archdsl.errors import CountError

WHERE = "stages.0.blocks.1.token_mixer"
SHAPE = (8, 6, 6)


class TwoBranches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(8, 8, 3, padding=1)
        self.narrow = nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.wide(x) + self.narrow(x)

    def fused(self) -> nn.Module:
        return nn.Conv2d(8, 8, 3, padding=1)


class Cached(nn.Module):
    """Work on parameters alone, done once in eval."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(8))
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.training or self.kept is None:
            self.kept = self.weight @ self.weight
        return x * self.kept.diagonal()[:, None, None]


class Dropping(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert not self.training
        assert x.is_contiguous(memory_format=torch.channels_last)
        assert not torch.is_grad_enabled()
        return nn.functional.dropout(x, 0.5, self.training)


def test_params_are_those_of_the_deployed_form():
    found = measure(TwoBranches, SHAPE, WHERE)
    assert found.macs == 36 * 8 * 8 * 9
    assert found.params == 8 * 8 * 9 + 8
    assert found.train_params == 8 * 8 * 9 + 8 + 8 * 8 + 8


def test_a_part_of_a_module_is_folded_too():
    found = measure(lambda: nn.Sequential(TwoBranches(), nn.Conv2d(8, 4, 1)), SHAPE, WHERE)
    assert found.macs == 36 * 8 * 8 * 9 + 36 * 8 * 4
    assert found.out_shape == (4, 6, 6)


def test_frozen_parameters_are_parameters_and_buffers_are_not():
    def frozen():
        norm = nn.BatchNorm2d(8)
        norm.weight.requires_grad_(False)
        return norm

    assert measure(frozen, SHAPE, WHERE).params == 16


def test_work_that_eval_caches_is_not_counted():
    assert measure(Cached, SHAPE, WHERE).macs == 0


def test_a_module_runs_in_eval_without_gradients_on_channels_last():
    assert measure(Dropping, SHAPE, WHERE).macs == 0
    with torch.inference_mode():
        assert measure(Dropping, SHAPE, WHERE).macs == 0


def test_randomness_is_as_before():
    def noisy():
        random.random()
        np.random.rand()
        return nn.Linear(6, 6)

    def draw():
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    undisturbed = draw()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    measure(noisy, SHAPE, WHERE)
    assert draw() == undisturbed


def test_randomness_is_as_before_a_failure_too():
    state = torch.get_rng_state()
    with pytest.raises(CountError, match="ZeroDivisionError"):
        measure(lambda: nn.Linear(int(torch.rand(())) // 0, 1), SHAPE, WHERE)
    assert torch.equal(torch.get_rng_state(), state)


def test_every_module_starts_from_the_same_randomness():
    drawn = []

    def make():
        drawn.append(float(torch.rand(())))
        return nn.Identity()

    measure(make, SHAPE, WHERE)
    torch.rand(7)
    measure(make, SHAPE, WHERE)
    assert drawn[0] == drawn[1]


def test_it_says_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        def branches(x):
            return x @ x if x.shape[2] > 3 else x

        class Branching(nn.Module):
            forward = staticmethod(branches)

            def __init__(self):
                super().__init__()
                self.unused = nn.Linear(3, 3)

        measure(Branching, SHAPE, WHERE)
    assert capfd.readouterr() == ("", "")


def test_a_warning_of_the_modules_own_is_heard():
    class Loud(nn.Module):
        def forward(self, x):
            warnings.warn("this way up", UserWarning, stacklevel=1)
            return x

    with pytest.warns(UserWarning, match="this way up"):
        measure(Loud, SHAPE, WHERE)


def test_the_default_device_does_not_matter():
    with torch.device("meta"):
        assert measure(TwoBranches, SHAPE, WHERE).macs == 36 * 8 * 8 * 9


def test_a_module_is_gone_when_the_next_one_is_made():
    made: list[weakref.ref] = []

    def make():
        assert [ref for ref in made if ref() is not None] == []
        module = nn.Sequential(TwoBranches(), nn.Linear(6, 6), nn.ReLU())
        made.extend(weakref.ref(part) for part in module.modules())
        made.extend(weakref.ref(parameter) for parameter in module.parameters())
        return module

    for _ in range(3):
        measure(make, SHAPE, WHERE)


def test_measuring_in_two_threads_gives_the_same():
    found = []

    def work():
        for _ in range(3):
            found.append(measure(TwoBranches, SHAPE, WHERE))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9
    assert len(set(found)) == 1


MEMORY = """
import json, resource, archdsl

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

archdsl.count("poolformer_s12")
before = peak()
cost = archdsl.count(archdsl.load("poolformer_m48", set={"stages.3.depth": 16}))
print(json.dumps([cost.params, peak() - before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux alone")
def test_a_large_network_is_never_in_memory_whole():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=300
    )
    params, grown = json.loads(done.stdout)
    assert params > 100_000_000
    assert grown < params * 4 / 4  # a quarter of its weights; the largest layer is a twentieth


def test_importing_the_names_of_cost_brings_no_torch():
    code = "import sys, archdsl.cost; archdsl.macs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
