"""ONNX files of models, with a free batch, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from tests.tools import tried
from tests.tools.models import FAMILIES, built, images, small

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

# What torch.onnx says of torch's own parts and of its own options.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
]

NAMES = (*FAMILIES, "others")
IN_A_MOMENT = ("poolformer_s12", "resmlp_s12")
SMALLEST = [
    pytest.param(name, marks=[] if name in IN_A_MOMENT else pytest.mark.slow) for name in NAMES
]


def in_onnx(spec: archdsl.Spec, folder: Path) -> tried.Runs:
    return tried.in_onnx(built(spec), images(spec, 2), folder / "model.onnx")


@pytest.mark.parametrize("name", SMALLEST)
def test_an_onnx_file_says_what_the_model_says(name: str, tmp_path: Path) -> None:
    spec = small(name)
    tried.assert_same(in_onnx(spec, tmp_path), built(spec), lambda batch: images(spec, batch))


@pytest.mark.slow
def test_one_shipped_model_of_full_size(tmp_path: Path) -> None:
    spec = archdsl.load("swin_tiny")
    tried.assert_same(in_onnx(spec, tmp_path), built(spec), lambda batch: images(spec, batch))
