from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from tests.saving.made import MIXERS, TINY


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    return archdsl.load("./tiny.yaml")


@pytest.fixture
def model(spec):
    torch.manual_seed(0)
    found = archdsl.build(spec)
    for tensor in found.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return found


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A model with a component of the user's, from a parent in another folder."""
    monkeypatch.chdir(tmp_path)
    Path("code").mkdir()
    Path("code/mixers.py").write_text(MIXERS)
    Path("code/parent.yaml").write_text(
        TINY.replace("params:", "imports: [./mixers.py]\nparams:").replace(
            "{type: attention, head_dim: 4}", "pointwise_of_a_test"
        )
    )
    Path("specs").mkdir()
    Path("specs/own.yaml").write_text("archdsl: 1\nname: own\nextends: ../code/parent.yaml\n")
    return archdsl.build("./specs/own.yaml", classes=4)
