"""The images of a check: those of the task where they can be read, and the reason where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import archdsl
from archdsl.data.preprocessing import Pixels, Preprocessing
from archdsl.exporters.gate import drawn
from archdsl.task_images import task_images
from tests.exporters.test_export import SPEC

DIGITS: dict[str, Any] = {**SPEC, "input": [1, 12, 12]}


def searching(data: Any, spec: dict[str, Any] = DIGITS) -> archdsl.Spec:
    return archdsl.load({**spec, "search": {"proxy": {"data": data}}})


def test_images_of_a_spec_that_searches_are_from_validation() -> None:
    found = task_images(searching("digits"), None, None)
    assert found.words == "16 validation images of digits"
    assert found.pixels.shape == (16, 1, 12, 12)
    assert len({image.numpy().tobytes() for image in found.pixels}) == 16


def test_fewer_images_than_a_check_takes_come_again(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8)).astype("uint8")
    np.savez(tmp_path / "few.npz", x=x, y=np.arange(40) % 2)
    spec = searching({"type": "npz", "path": str(tmp_path / "few.npz")}, {**SPEC, "classes": 2})
    found = task_images(spec, None, None)
    assert found.pixels.shape == (16, 3, 8, 8)
    assert found.words.startswith("16 validation images of npz ")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (archdsl.load(DIGITS), "nothing says where real ones are"),
        (searching("digits", {**SPEC}), "the task's cannot be read (the spec does not fit the dat"),
        (
            searching({"type": "npz", "path": "absent.npz"}),
            "the task's cannot be read (",
        ),
        (archdsl.load(searching("digits"), sandbox=True), "a sandbox reads no data"),
    ],
)
def test_where_there_are_none_they_are_drawn_and_it_is_said_why(
    spec: archdsl.Spec, why: str
) -> None:
    found = task_images(spec, None, None)
    assert found.words.startswith(f"16 random images with the usual mean and deviation, as {why}")
    assert torch.equal(found.pixels, drawn(spec.network()).pixels)


def test_drawn_images_have_the_mean_and_the_deviation_of_the_task() -> None:
    network = archdsl.load({**SPEC, "input": [3, 64, 64]}).network()
    mean, std = (0.1, 0.5, 0.9), (0.1, 0.2, 0.4)
    said = Preprocessing((), 3, (64, 64), Pixels(1 / 255, mean, std))
    found = drawn(network, said)
    assert found.words == "16 random images with the task's mean and deviation"
    for channel in range(3):
        expected = (0.5 - mean[channel]) / std[channel]
        assert float(found.pixels[:, channel].mean()) == pytest.approx(expected, abs=0.05)
