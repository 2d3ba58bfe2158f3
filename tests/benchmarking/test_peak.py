"""The peak of a pass is what was there at once, to the byte, and too large a batch is refused."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch

from archdsl import memory
from archdsl.benchmarking import room
from archdsl.benchmarking.peak import peak, resident_peak
from archdsl.benchmarking.subject import made
from archdsl.compiler.builder import build
from archdsl.errors import BenchError

CPU = torch.device("cpu")
MIB = 1 << 20


def test_tensors_count_as_long_as_they_are_there():
    def one_after_the_other() -> None:
        for _ in range(3):
            torch.empty(MIB, dtype=torch.uint8)

    def at_once() -> list[torch.Tensor]:
        return [torch.empty(MIB, dtype=torch.uint8) for _ in range(3)]

    assert peak(one_after_the_other, 0, CPU) == MIB
    assert peak(at_once, 0, CPU) == 3 * MIB
    assert peak(lambda: None, 7, CPU) == 7


def test_on_a_gpu_what_others_hold_is_left_out(monkeypatch):
    said = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 1000)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: said.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 1300)
    assert peak(lambda: said.append("work"), 20, torch.device("cuda")) == 320
    assert said == ["reset", "work"]
    assert peak(lambda: said.append("work"), 20, torch.device("mps")) is None


def test_nothing_of_the_profiler_is_printed(capfd):
    peak(lambda: torch.ones(3), 0, CPU)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_it_is_the_same_each_time(workload):
    assert made(workload(batch=2), CPU).memory == made(workload(batch=2), CPU).memory


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_weights_images_and_what_a_pass_makes_are_in_it(workload, mode):
    found = made(workload(batch=2, mode=mode), CPU).memory
    weights = sum(p.numel() for p in build(workload().network).parameters())
    images, first_map = 2 * 32 * 32, 2 * 8 * 16 * 16
    assert found is not None and found > 4 * (weights + images + first_map)


def test_training_takes_more(workload):
    modes = [made(workload(batch=4, mode=mode), CPU).memory or 0 for mode in ("eval", "train")]
    assert modes[0] < modes[1]


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("mixer", ["pooling", {"type": "attention", "head_dim": 4}, "sep_conv"])
def test_what_a_batch_needs_at_least_is_no_more_than_it_takes(workload, monkeypatch, mode, mixer):
    one = workload(batch=32, mode=mode, **{"block.token_mixer": mixer})
    taken = made(one, CPU).memory
    assert taken is not None
    monkeypatch.setattr(memory, "free", lambda: taken)
    room.refuse_too_much(one)
    monkeypatch.setattr(memory, "free", lambda: taken // 2)
    with pytest.raises(BenchError, match=r"small: a batch of 32 in .* needs at least .* are free"):
        room.refuse_too_much(one)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux says it")
def test_a_file_of_onnx_makes_a_process_larger_by_its_weights_at_least(workload):
    pytest.importorskip("onnxruntime")
    wide = workload("onnx", **{"stages.1.dim": 1024})
    weights = 4 * sum(p.numel() for p in build(wide.network).parameters())
    grown, small = made(wide, CPU).memory, made(workload("onnx"), CPU).memory
    assert grown is not None and small is not None
    assert weights > 8e6 and grown - small > weights / 2
    assert resident_peak(b"no model", 1, (1, 1, 32, 32)) is None


def test_what_was_made_is_gone_once_it_is_let_go(workload):
    step = made(workload(), CPU).step
    gone = weakref.ref(step)
    del step
    gc.collect()
    assert gone() is None
