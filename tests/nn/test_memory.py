"""Weights are contiguous wherever they can be seen, and kernels channels-last while one trains."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import archdsl
from archdsl import shipped
from archdsl.nn.memory import channels_last_convolutions, kernels, laid, like
from archdsl.nn.pointwise import Pointwise
from tests.soon import soon

SPECS = sorted(shipped.names(shipped.BASELINES))
SMALL = ["poolformer_s12", "convformer_s18", "transnext_micro", "ffnet_1", "swin_tiny"]

FILTER = """
import torch
from torch import Tensor, nn
from archdsl import token_mixer

@token_mixer("spectral")
class Spectral(nn.Module):
    '''A filter over frequencies.'''

    def __init__(self, dim: int, size: tuple[int, int]) -> None:
        super().__init__()
        height, width = size
        self.filter = nn.Parameter(torch.randn(height, width // 2 + 1, dim, 2) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.fft.rfft2(x.permute(0, 2, 3, 1).contiguous(), dim=(1, 2), norm="ortho")
        y = y * torch.view_as_complex(self.filter)
        y = torch.fft.irfft2(y, s=x.shape[2:], dim=(1, 2), norm="ortho")
        return y.permute(0, 3, 1, 2)

    def macs(self, x: Tensor) -> int:
        return 4 * self.filter.numel() // 2
"""

SPECTRAL: dict[str, Any] = {
    "archdsl": 1,
    "name": "spectral_net",
    "imports": ["./spectral.py"],
    "input": [1, 12, 12],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 3, "norm": "batch_norm"},
    "downsample": {"type": "conv", "kernel": 2, "stride": 2, "padding": 0},
    "block": {"norm": "layer_norm", "token_mixer": "spectral", "channel_mixer": "mlp"},
    "stages": [{"dim": 8, "depth": 1}, {"dim": 12, "depth": 1}],
}


def strange(module: nn.Module) -> list[str]:
    """The tensors that do not lie contiguously."""
    return [name for name, tensor in module.state_dict().items() if not tensor.is_contiguous()]


@pytest.fixture
def spectral(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[archdsl.Spec]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spectral.py").write_text(FILTER)
    yield archdsl.load(SPECTRAL)


@pytest.mark.parametrize("name", soon(SPECS))
def test_every_published_model_has_contiguous_weights(name: str) -> None:
    with torch.device("meta"):
        model = archdsl.build(name)
    assert strange(model) == []


@pytest.mark.parametrize("name", SMALL)
def test_so_have_its_deployed_form_its_copies_its_backbone_and_its_code(name: str) -> None:
    shallow = {f"stages.{stage}.depth": 1 for stage in range(4)}
    spec = archdsl.load(name, set=shallow)
    model = archdsl.build(spec)
    model.reset_classifier(7)
    namespace: dict[str, Any] = {}
    exec(archdsl.export(spec), namespace)
    for made in (
        model,
        archdsl.fuse(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        archdsl.build(spec, features=[0]),
        namespace[name](),
    ):
        assert strange(made) == []
        assert all(parameter.is_contiguous() for parameter in made.parameters())


def test_safetensors_takes_a_state_dict_as_it_is(tmp_path: Path) -> None:
    model = archdsl.build("poolformer_s12")
    path = tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    again = archdsl.build("poolformer_s12", weights=path)
    assert strange(again) == []
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in load_file(path).items())


class Turned(nn.Module):
    """A module that lays its own tensors otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(3, 4).T)
        self.register_buffer("table", torch.arange(3).expand(4, 3))


def test_tensors_that_a_component_lays_otherwise_are_laid_contiguously() -> None:
    from archdsl.nn.model import MetaFormer, Stage

    turned = Turned()
    wanted = turned.matrix.detach().clone()
    model = MetaFormer(stem=[turned], stages=[Stage(blocks=[nn.Identity()])])
    assert strange(model) == []
    assert torch.equal(turned.matrix, wanted)
    assert model.stem[0] is turned


def test_convolutions_lie_channels_last_inside_and_contiguous_afterwards() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), Pointwise(4, 5), nn.Conv2d(5, 5, 3, groups=5))
    before = copy.deepcopy(model.state_dict())
    plain = [parameter.stride() for parameter in model.parameters()]
    with channels_last_convolutions(model):
        inside = [parameter.stride() for parameter in model.parameters()]
        model.to(memory_format=torch.channels_last)
        assert inside == [parameter.stride() for parameter in model.parameters()]
    assert plain == [parameter.stride() for parameter in model.parameters()]
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_they_are_contiguous_after_an_error_too() -> None:
    model = nn.Conv2d(3, 4, 3)
    with pytest.raises(ZeroDivisionError), channels_last_convolutions(model):
        assert not model.weight.is_contiguous()
        raise ZeroDivisionError
    assert model.weight.is_contiguous()


def test_no_other_tensor_of_four_axes_is_moved() -> None:
    class Own(nn.Conv2d):
        pass

    class Filter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.filter = nn.Parameter(torch.randn(4, 3, 5, 2))

    model = nn.Sequential(
        Own(3, 4, 3), Filter(), nn.ConvTranspose2d(4, 3, 3),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 3, 3)),
    )  # fmt: skip
    assert kernels(model) == []
    with channels_last_convolutions(model):
        assert strange(model) == []


@pytest.mark.parametrize("memory", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (4, 1, 3, 3), (4, 3, 1, 1), (1, 1, 1, 1)])
def test_what_is_laid_has_the_strides_of_its_format(
    shape: tuple[int, ...], memory: torch.memory_format
) -> None:
    x = torch.randn(shape)
    for start in (x, x.to(memory_format=torch.channels_last), laid(x, torch.channels_last)):
        found = laid(start, memory)
        assert torch.equal(found, x)
        assert found.stride() == torch.empty(shape).to(memory_format=memory).stride()


def test_state_is_laid_as_its_parameter_lies() -> None:
    parameter = laid(torch.randn(4, 3, 2, 2), torch.channels_last)
    state = torch.randn(4, 3, 2, 2)
    found = like(state, parameter)
    assert found.stride() == parameter.stride()
    assert torch.equal(found, state)
    assert like(found, parameter) is found
    step = torch.tensor(3.0)
    assert like(step, parameter) is step


def test_ddp_finds_gradients_as_its_buckets_lie(tmp_path: Path) -> None:
    model = archdsl.build(archdsl.load("poolformer_s12", set={"input": [3, 32, 32], "classes": 10}))
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parallel = nn.parallel.DistributedDataParallel(model)
            for _ in range(2):
                parallel(torch.randn(2, 3, 32, 32)).sum().backward()
    finally:
        torch.distributed.destroy_process_group()
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.stride() == parameter.stride()


def test_a_filter_over_frequencies_builds_counts_fuses_and_leaves(spectral: archdsl.Spec) -> None:
    model, images = archdsl.build(spectral), torch.randn(2, 1, 12, 12)
    assert (
        archdsl.count(spectral).by_address["stages.0.blocks.0.token_mixer"].macs == 4 * 12 * 7 * 8
    )
    namespace: dict[str, Any] = {}
    exec(archdsl.export(spectral), namespace)
    made = namespace["spectral_net"]()
    made.load_state_dict(model.state_dict())
    with torch.no_grad():
        wanted: Tensor = model.eval()(images)
        for other in (made.eval(), archdsl.fuse(model), copy.deepcopy(model)):
            torch.testing.assert_close(other(images), wanted)
    save_file(made.state_dict(), "spectral.safetensors")
    assert archdsl.build(spectral, weights="spectral.safetensors") is not None


def test_it_is_searched(spectral: archdsl.Spec) -> None:
    search = {"proxy": {"data": "digits", "epochs": 1, "batch": 100}, "trials": 1}
    result = archdsl.search({**SPECTRAL, "search": search}, out="run")
    saved = load_file(next(Path("run").rglob("*.safetensors")))
    assert saved["stages.0.blocks.0.token_mixer.filter"].shape == (12, 7, 8, 2)
    assert result.best.metrics["accuracy"] > 0
