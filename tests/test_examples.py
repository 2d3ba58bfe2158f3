"""Every example runs as its first lines say."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import archdsl

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_a_script_runs(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.slow
def test_the_segmentation_head_learns() -> None:
    example = runpy.run_path(str(EXAMPLES / "segmentation.py"))
    before, after = example["main"](steps=100)
    assert before < 0.2
    assert after > before + 0.2


@pytest.mark.slow
def test_the_detection_head_comes_to_the_figure_that_it_states() -> None:
    example = runpy.run_path(str(EXAMPLES / "detection.py"))
    (stated,) = re.findall(r"IoU of 0\.5 is (0\.\d+)", example["__doc__"])
    assert example["main"]() > float(stated) - 0.05


def test_average_precision_is_the_area_under_precision_by_recall() -> None:
    example = runpy.run_path(str(EXAMPLES / "detection.py"))
    precision = example["average_precision"]
    boxes = torch.tensor([[[0.0, 0, 10, 10], [20, 20, 30, 30], [40, 40, 50, 50]]] * 2)
    there = torch.ones(2, 3, dtype=torch.bool)
    right = [[(0.9, label, boxes[0, label]) for label in range(3)] for _ in range(2)]
    assert precision(right, boxes, there) == pytest.approx(1.0)
    half = [right[0], []]  # one of two objects of each class
    assert precision(half, boxes, there) == pytest.approx(0.5)
    beside = boxes[0, 0] + torch.tensor([6.0, 0, 6, 0])  # an IoU of a quarter
    first_wrong = [[(0.95, 0, beside), *right[0]], right[1]]
    assert precision(first_wrong, boxes, there) == pytest.approx((2 + 2 / 3) / 3)
    twice = [[*right[0], (0.8, 0, boxes[0, 0])], right[1]]  # a second box on an object is wrong
    assert precision(twice, boxes, there) == pytest.approx(1.0)


@pytest.mark.parametrize("spec", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_spec_loads_and_its_default_is_counted(spec: Path) -> None:
    space = archdsl.space(spec)
    assert archdsl.count(space.default()).macs > 0


def test_the_mixer_passes_the_conformance_suite() -> None:
    from archdsl.testing import check_mixer

    archdsl.load(EXAMPLES / "own_mixer" / "space.yaml")
    check_mixer("shift_conv")
