"""Code and programs that are wrong in one place: refused, with the layer, beside right ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from torch import nn

from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.errors import ExportDiffers
from archdsl.exporters import Exported, Files, form
from archdsl.exporters.factory import function_name
from archdsl.exporters.registry import Run, find
from archdsl.exporters.run_code import run_code
from archdsl.exporters.traced import program as programs
from archdsl.exporters.traced.module import weighted
from archdsl.exporters.wanted import Wanted
from tests.exporters.gate.networks import NETWORK, checked

pytestmark = pytest.mark.usefixtures("no_others")

Weights = Mapping[str, torch.Tensor]
Change = Callable[[nn.Module], None]


class Nothing(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def part(model: nn.Module, address: str) -> nn.Module | None:
    return dict(model.named_modules()).get(address)


def transposed(model: nn.Module) -> None:
    mixer = part(model, "stages.1.blocks.0.channel_mixer")
    if mixer is not None and hasattr(mixer, "fc1"):
        weight = mixer.fc1.weight
        weight.data = weight.data.swapaxes(0, 1).contiguous()


def approximated(model: nn.Module) -> None:
    mixer = part(model, "stages.1.blocks.1.channel_mixer")
    if mixer is not None and hasattr(mixer, "act"):
        mixer.act = nn.GELU("tanh")


def unnormalised(model: nn.Module) -> None:
    block = part(model, "stages.0.blocks.0")
    if block is not None and getattr(block, "norm2", None) is not None:
        block.norm2 = Nothing()


def unscaled(model: nn.Module) -> None:
    block = part(model, "stages.1.blocks.0")
    if block is not None and getattr(block, "layer_scale1", None) is not None:
        block.layer_scale1 = Nothing()


WRONG: dict[str, tuple[Change, str]] = {
    "a transposed weight": (transposed, "stages.1.blocks.0.channel_mixer"),
    "an approximated activation": (approximated, "stages.1.blocks.1.channel_mixer"),
    "a dropped normalisation": (unnormalised, "stages.0.blocks.0.norm2"),
    "a dropped scale": (unscaled, "stages.1.blocks.0.layer_scale1"),
}


def right(model: nn.Module) -> None:
    pass


def as_code(change: Change) -> Exported:
    """Code whose model is changed once its weights are loaded, as wrong code would compute."""

    def run(files: Files, network: Network, state: Weights) -> Run:
        opened = run_code(files, network, state)
        assert isinstance(opened, nn.Module)
        change(opened)
        return opened

    form("wrong_code", run=run, tolerance=0)(_code)
    return checked("wrong_code")


def _code(network: Network) -> Files:
    """code"""
    return find("code").files(network)


def as_program(change: Change, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """A program that is captured of a changed model."""
    found = programs.module_of

    def changed(network: Network, wanted: Wanted) -> nn.Module:
        model = found(network, wanted)
        change(model)
        return model

    monkeypatch.setattr(programs, "module_of", changed)
    return checked("program")


@pytest.mark.parametrize("name", WRONG)
def test_wrong_code_is_refused_and_its_layer_named(name: str) -> None:
    change, layer = WRONG[name]
    with pytest.raises(ExportDiffers) as caught:
        as_code(change)
    assert f"it differs from {layer} on; nothing was written" in str(caught.value)


def test_right_code_is_equal_to_the_bit() -> None:
    found = as_code(right).checked
    assert found is not None and found.comparison is not None
    assert found.comparison.largest == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_is_refused_and_its_layer_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, layer = WRONG[name]
    with pytest.raises(ExportDiffers) as caught:
        as_program(change, monkeypatch)
    assert f"it differs from {layer} on; nothing was written" in str(caught.value)


def test_a_right_program_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    found = as_program(right, monkeypatch).checked
    assert found is not None and found.comparison is not None
    assert found.comparison.within(1e-6)


def test_code_that_needs_archdsl_is_refused() -> None:
    text = find("code").files(NETWORK)["tiny.py"]
    assert isinstance(text, str)
    with pytest.raises(ImportError, match=r"^the exported file imports archdsl\.nn$"):
        wrong = text.replace("import torch\n", "import archdsl.nn\nimport torch\n", 1)
        run_code({"tiny.py": wrong}, NETWORK, {})
    state = weighted(NETWORK, None).state_dict()
    assert callable(run_code({"tiny.py": text}, NETWORK, state))


def test_the_factory_is_found_where_a_class_has_its_name() -> None:
    network = replace(NETWORK, name="list")
    files = find("code").files(network)
    state = build(network).state_dict()
    assert function_name("list") == "list_"
    assert callable(run_code(files, network, state))
