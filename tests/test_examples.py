"""Every example runs as its first lines say."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("spec", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_spec_loads_and_its_default_is_counted(spec: Path) -> None:
    space = archdsl.space(spec)
    assert archdsl.count(space.default()).macs > 0


def test_the_mixer_passes_the_conformance_suite() -> None:
    from archdsl.testing import check_mixer

    archdsl.load(EXAMPLES / "own_mixer" / "space.yaml")
    check_mixer("shift_conv")
