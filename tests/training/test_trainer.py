from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from archdsl.errors import SearchError
from archdsl.training.trainer import precision


def test_precision_follows_the_hardware(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert precision("auto") == "bf16-mixed"
    assert precision("16") == "16-mixed"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert precision("auto") == "32-true"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert precision("auto") == precision("32") == "32-true"
    assert precision("bf16") == "bf16-mixed"
    with pytest.raises(SearchError, match=r"16 needs a GPU\.  choose from auto 32 bf16"):
        precision("16")


BROKEN = """
import sys, types, importlib.machinery
from importlib.abc import Loader, MetaPathFinder

class Broken(MetaPathFinder, Loader):
    def find_spec(self, name, path, target=None):
        if name == "{blocked}":
            return importlib.machinery.ModuleSpec(name, self)
    def exec_module(self, module):
        raise {error}

sys.meta_path.insert(0, Broken())
from archdsl.errors import SearchError
try:
    import archdsl.training.{module}
except SearchError as error:
    print(error)
"""


@pytest.mark.parametrize("module", ["train", pytest.param("evaluate", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("blocked", "error", "words"),
    [
        (
            "lightning",
            "RuntimeError('operator torchvision::nms does not exist')",
            "the installed torchvision does not match torch",
        ),
        ("lightning", "ImportError('no such thing')", "Lightning cannot be imported"),
    ],
)
def test_an_import_of_lightning_that_breaks_is_told_in_words(module, blocked, error, words):
    code = BROKEN.format(blocked=blocked, error=error, module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert words in done.stdout
