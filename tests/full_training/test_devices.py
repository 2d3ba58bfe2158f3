"""Several devices: each has a part of a batch, and together they train what one would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from archdsl.training import Prepared, Recipe, prepare
from archdsl.training.batches import Batches, to_judge_by
from tests.cli.conftest import TINY
from tests.training.conftest import SOURCE

SPEC = f"""{TINY}
search:
  proxy:
    data: {{type: digits, canvas: 8, noise: 0.1, clutter: 0}}
    epochs: 2
    steps_per_epoch: 6
    lr: 1e-3
"""


@pytest.fixture(scope="module")
def data() -> Prepared:
    return prepare(Recipe(batch=50), SOURCE, (1, 8, 8), 10)


def joined(parts: list[list[Any]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of all devices together, image by image in turn."""
    found = []
    for shares in zip(*parts, strict=True):
        images, labels = (list(zip(*one, strict=False)) for one in zip(*shares, strict=True))
        found.append((images, labels))
    return found


@pytest.mark.parametrize("devices", [2, 3])
@pytest.mark.parametrize("shuffled", [True, False])
def test_the_shares_of_all_devices_are_the_batches_of_one(
    data: Prepared, devices: int, shuffled: bool
) -> None:
    assert data.data is not None

    def passed(rank: int, of: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        assert data.data is not None
        return list(
            Batches(
                data.data.train, data.data.views, (8, 8), 50, lambda: torch.device("cpu"),
                (lambda: 3) if shuffled else None, interpolation="bilinear",
                share=lambda: (rank, of),
            )
        )  # fmt: skip

    whole, parts = passed(0, 1), [passed(rank, devices) for rank in range(devices)]
    assert len({len(part) for part in parts}) == 1
    every = torch.cat([images for images, _ in whole])
    for number, shares in enumerate(zip(*parts, strict=True)):
        for rank, (images, labels) in enumerate(shares):
            if number + 1 < len(whole):
                assert torch.equal(images, whole[number][0][rank::devices])
                assert torch.equal(labels, whole[number][1][rank::devices])
            assert len(images) > 0
    assert sum(len(images) for part in parts for images, _ in part) == len(every)


def test_a_rest_that_is_too_small_for_all_devices_is_judged_with_the_batch_before(
    data: Prepared,
) -> None:
    assert data.data is not None
    val = data.data.val
    recipe = Recipe(batch=len(val) - 1, validation_batch=1)

    def sizes(rank: int, of: int) -> list[int]:
        assert data.data is not None
        batches = to_judge_by(
            val, data.data.views, (8, 8), recipe, lambda: torch.device("cpu"), lambda: (rank, of)
        )
        return [len(images) for images, _ in batches]

    assert sizes(0, 1) == [len(val) - 1, 1]
    assert [len(sizes(rank, 2)) for rank in range(2)] == [1, 1]
    assert sum(sum(sizes(rank, 2)) for rank in range(2)) == len(val)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archdsl", "train", "tiny.yaml", *words], cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=500,
    )  # fmt: skip


def figures(folder: Path) -> list[dict[str, float]]:
    return [one["metrics"] for one in json.loads((folder / "train.json").read_text())["epochs"]]


@pytest.mark.slow
def test_two_processes_train_what_one_does_but_for_rounding(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC)
    one = run(tmp_path, "--out", "one")
    assert one.returncode == 0, one.stderr
    two = run(tmp_path, "--out", "two", "--devices", "2")
    assert two.returncode == 0, two.stderr
    for left, right in zip(figures(tmp_path / "one"), figures(tmp_path / "two"), strict=True):
        assert left == pytest.approx(right, abs=5e-3)
    weights = [load_file(tmp_path / name / "best.safetensors") for name in ("one", "two")]
    assert all(torch.allclose(weights[0][n], weights[1][n], atol=1e-3) for n in weights[0])
    again = run(tmp_path, "--out", "two", "--devices", "2")
    assert (again.returncode == 2 and "add --resume" in again.stderr) or "is done" in again.stderr
    assert two.stderr.count("epoch 1 of 2") == 1
    assert two.stdout.count("the best of 2 epochs") == 1 and "stopped" not in two.stdout
