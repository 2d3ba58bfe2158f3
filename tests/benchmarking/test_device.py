"""A device by its name, or why not."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.benchmarking.device import device_of
from archdsl.errors import BenchError
from tests.benchmarking.conftest import SMALL


@pytest.mark.parametrize("name", ["gpu", "xpu", "cpu:1", "cuda:x", "meta", "", "mps:1", 0, None])
def test_what_is_no_device_to_time_on_is_refused(name):
    with pytest.raises(BenchError, match=r"^device is (cpu, cuda, cuda:N or mps|a text), and not "):
        device_of(name)
    assert device_of("cpu") == torch.device("cpu")


def test_a_device_that_is_not_here_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BenchError) as refused:
        device_of("cuda")
    assert str(refused.value) == (
        f"device cuda: torch {torch.__version__} finds none.  leave it out, or write  --device cpu"
    )


def test_a_number_that_no_device_has_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(BenchError) as refused:
        device_of("cuda:2")
    assert str(refused.value) == (
        "device cuda:2: there is none of this number.  choose from: cuda:0 cuda:1"
    )
    assert device_of("cuda:1") == torch.device("cuda", 1)


@pytest.mark.gpu
def test_a_gpu_is_timed_and_its_memory_known():
    found = archdsl.bench(SMALL, SMALL, device="cuda", batch=8, rounds=2, seconds=0.01)
    assert all(row.memory and row.images_per_second > 0 for row in found.rows)
    assert found.rows[0].memory == found.rows[1].memory
