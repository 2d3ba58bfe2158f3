"""What TransNeXt's attentions compute, cost and refuse."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.compiler.network import Layer
from archdsl.components.component import component
from archdsl.cost import layer_cost
from archdsl.errors import SpecError
from archdsl.nn.shifted import NeighbourWindow
from archdsl.nn.token_mixers.aggregated_attention import AggregatedAttention
from tests.nn import transnext_plain as plain
from tests.nn.transnext_models import golden, spec_of
from tests.nn.transnext_plain import DIM, attention, formula


@pytest.mark.parametrize(
    ("kind", "size", "options"),
    [
        ("aggregated", (6, 6), {}),
        ("aggregated", (5, 7), {"pool": 2}),
        ("aggregated", (9, 4), {"window": 5, "pool": 3, "bias": False}),
        ("aggregated", (7, 8), {"pool_size": 3, "pretrain_size": 5}),
        ("aggregated", (3, 2), {"pool": 4, "head_dim": 4, "window": 7}),
        ("aggregated", (6, 9), {"interpolate_from": 8, "pool": 4}),
        ("aggregated", (6, 9), {"interpolate_from": 8, "pretrain_size": 5, "pool_size": 2}),
        ("cosine", (4, 4), {}),
        ("cosine", (3, 7), {"bias": False, "pretrain_size": 9}),
        ("cosine", (5, 2), {"interpolate_from": 4, "head_dim": 16}),
    ],
)
def test_outputs_and_gradients_are_those_of_the_equations(
    kind: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    mixer = attention(kind, size, **options).double()
    results = []
    for forward in (mixer, lambda x: formula(mixer, x)):
        mixer.zero_grad()
        x = torch.randn(2, DIM, *size, generator=torch.Generator().manual_seed(0)).double()
        y = forward(x.requires_grad_())
        (y * torch.linspace(-1, 1, y.numel()).view(y.shape)).sum().backward()
        gradients = [parameter.grad.clone() for parameter in mixer.parameters()]
        results.append([y.detach(), x.grad, *gradients])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["aggregated", "cosine"])
@pytest.mark.parametrize("options", [{"pretrain_size": 12}, {"interpolate_from": 12}, {}])
def test_a_mixer_takes_maps_of_other_sizes_than_its_own(kind: str, options: dict[str, int]) -> None:
    mixer = attention(kind, (6, 6), reduction=2, **options)
    for size in ((6, 6), (4, 9), (11, 8), (1, 1)):
        x = torch.randn(2, DIM, *size)
        with torch.no_grad():
            torch.testing.assert_close(mixer(x), formula(mixer, x), rtol=0, atol=1e-5)


def test_a_model_measures_other_images_by_those_it_was_built_for() -> None:
    config = golden("nano_64_b2")["config"]
    built_for_64 = archdsl.build(spec_of(config, [1, 3, 64, 64])).eval()
    other = archdsl.build(spec_of({**config, "pretrain_size": 64}, [1, 3, 96, 160])).eval()
    other.load_state_dict(built_for_64.state_dict())
    x = torch.randn(1, 3, 96, 160)
    with torch.no_grad():
        assert torch.equal(built_for_64(x), other(x))


def test_window_products_have_gradients_of_any_order() -> None:
    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    one, other, weights = randn(1, 12, 2, 2), randn(1, 12, 2, 2), randn(1, 2, 12, 9)
    window = NeighbourWindow((3, 4), 3, torch.device("cpu"))
    for function, pair in ((window.products, (one, other)), (window.sums, (weights, other))):
        torch.autograd.gradcheck(function, pair)
        torch.autograd.gradgradcheck(function, pair)


def test_maps_come_out_in_channels_last_memory() -> None:
    for kind in ("aggregated", "cosine"):
        x = torch.randn(2, DIM, 6, 8).contiguous(memory_format=torch.channels_last)
        y = attention(kind, (6, 8))(x)
        assert y.is_contiguous(memory_format=torch.channels_last)


KINDS = pytest.mark.parametrize("kind", ["aggregated", "cosine"])


@KINDS
def test_a_program_of_a_mixer_gives_the_same(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    with torch.no_grad():
        expected = mixer(x)
        program = torch.export.export(mixer, (x,)).module()
        torch.testing.assert_close(program(x), expected, rtol=0, atol=1e-6)
        assert torch.equal(mixer(x), expected)


@KINDS
def test_gradients_by_function_transforms_are_the_same(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)).double(), torch.randn(2, DIM, 6, 6, dtype=torch.float64)
    parameters = {name: parameter.detach() for name, parameter in mixer.named_parameters()}

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        result: Tensor = torch.func.functional_call(mixer, parameters, (x,))
        return result.square().sum()

    found = torch.func.grad(loss)(parameters)
    mixer(x).square().sum().backward()
    for name, parameter in mixer.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-9, atol=1e-11)


# what a pass costs


SIZES = [((8, 8), {}), ((9, 14), {"pool": 3, "window": 5}), ((7, 7), {"pool_size": 3})]


@pytest.mark.parametrize(("size", "options"), SIZES)
def test_macs_are_those_of_a_formulation_of_matrix_products(
    size: tuple[int, int], options: dict[str, int]
) -> None:
    mixer = attention("aggregated", size, **options)
    x = torch.randn(1, DIM, *size)
    grid = plain.pool_grid(mixer, size)
    # It depends on parameters alone, and so is no part of what is counted.
    bias = plain.position_bias(mixer.position_bias, size, grid, mixer)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        plain.aggregated(mixer, x, bias)
    made = component("token_mixer", "aggregated_attention", head_dim=8, **options)
    context = (("dim", DIM), ("size", size), ("reduction", 1))
    row = layer_cost(Layer("here", made, context, (DIM, *size), (DIM, *size)))
    assert mixer.macs((1, DIM, *size)) == row.macs == counter.get_total_flops() // 2
    assert mixer.macs((3, DIM, *size)) == 3 * row.macs


@KINDS
def test_a_pass_on_the_meta_device_shows_the_same_macs(kind: str) -> None:
    made = component("token_mixer", f"{kind}_attention", head_dim=8)
    context = (("dim", DIM), ("size", (6, 9)), ("reduction", 1))
    row = layer_cost(Layer("here", made, context, (DIM, 6, 9), (DIM, 6, 9)))
    mixer = attention(kind, (6, 9)).to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        assert mixer(torch.empty(1, DIM, 6, 9, device="meta")).shape == (1, DIM, 6, 9)
    assert counter.get_total_flops() // 2 == row.macs


class Largest(TorchDispatchMode):
    """The most bytes behind a tensor that an operator gave."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, Tensor):
                self.bytes = max(self.bytes, tensor.untyped_storage().nbytes())
        return result


def kept_for_the_backward_pass(function: Callable[[Tensor], Tensor], x: Tensor) -> int:
    """Bytes of the tensors that a pass with gradients keeps."""
    storages = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        function(x.requires_grad_())
    return sum(storages.values())


def test_nothing_is_unfolded() -> None:
    mixer = AggregatedAttention(48, (28, 28), 1, pool=4).eval()
    x = torch.randn(2, 48, 28, 28)
    largest = {}
    for name, forward in (("own", mixer), ("plain", lambda x: plain.aggregated(mixer, x))):
        with torch.no_grad():
            forward(x)
            with Largest() as seen:
                forward(x)
        largest[name] = seen.bytes
    logits = 2 * 2 * 28**2 * (9 + 49)
    assert largest["plain"] >= 4 * 9 * x.numel()
    assert largest["own"] <= 4 * max(logits, 2 * 2 * 30**2 * 48)
    training = mixer.train()
    kept = [
        kept_for_the_backward_pass(forward, x)
        for forward in (training, lambda x: plain.aggregated(training, x))
    ]
    assert kept[0] < kept[1] / 2


# what fits


def micro(side: int | tuple[int, int], **patches: Any) -> Any:
    height, width = side if isinstance(side, tuple) else (side, side)
    return archdsl.load("transnext_micro", set={"input": [3, height, width], **patches})


@pytest.mark.parametrize(
    ("side", "address", "problem", "nearest"),
    [
        (200, "stages.2.token_mixer", "16 does not divide 200x200", "192x192 or 224x224"),
        (225, "stages.0.token_mixer", "4 does not divide 225x225", "224x224 or 256x256"),
        (72, "stages.2.token_mixer", "16 does not divide 72x72", "64x64 or 96x96"),
        (80, "stages.3.token_mixer", "32 does not divide 80x80", "64x64 or 96x96"),
        (36, "stages.1.token_mixer", "8 does not divide 36x36", "64x64"),
        ((224, 230), "stages.0.token_mixer", "4 does not divide 224x230", "224x224 or 224x256"),
        (
            32, "stages.3.token_mixer",
            "32 leaves a single position along a side of 32x32", "64x64",
        ),
    ],
)  # fmt: skip
def test_an_input_without_one_grid_is_refused_with_the_nearest(
    side: Any, address: str, problem: str, nearest: str
) -> None:
    with pytest.raises(SpecError) as caught:
        micro(side)
    assert f"{address}: " in str(caught.value)
    assert f"measures distances on the input, and a reduction of {problem}\n" in str(caught.value)
    cure = f"choose an input of {nearest}, or a pretrain_size; with one, any input"
    assert str(caught.value).splitlines()[-1].strip() == cure
    micro(side, **{"params.pretrain_size": 224})
    for good in nearest.split(" or "):
        height, width = good.split("x")
        micro((int(height), int(width)))


def test_images_of_a_single_position_are_no_measure() -> None:
    with pytest.raises(SpecError) as caught:
        micro(224, **{"params.pretrain_size": 32})
    assert "stages.3.token_mixer: cosine_attention measures distances on images of 32, and a " in (
        str(caught.value)
    )
    assert str(caught.value).endswith("\n  choose 64 or more")
    micro(224, **{"params.pretrain_size": 64})


@pytest.mark.parametrize(("pool_size", "fits"), [(7, True), (13, True), (14, False), (20, False)])
def test_the_pooled_map_is_smaller_than_the_map(pool_size: int, fits: bool) -> None:
    patches = {"block.token_mixer.pool_size": pool_size}
    if fits:
        micro(224, **patches)
        return
    with pytest.raises(SpecError) as caught:
        micro(224, **patches)
    assert (
        f"stages.2.token_mixer: aggregated_attention pools a map of 14x14 to "
        f"{pool_size}x{pool_size}, which is not less" in str(caught.value)
    )
    assert str(caught.value).endswith("\n  choose a pool_size below 14")


def test_heads_that_do_not_divide_a_width() -> None:
    with pytest.raises(SpecError) as caught:
        micro(224, **{"stages.1.dim": 100})
    assert "dim is 100, which aggregated_attention cannot split into heads of 24" in (
        str(caught.value)
    )
    micro(224, **{"stages.1.dim": 120})


def test_a_reduction_is_that_of_the_strides_whatever_the_input() -> None:
    network = micro((70, 90), **{"params.pretrain_size": 64}).network()
    found = {}
    for layer in network.layers():
        if layer.component.kind == "token_mixer":
            context = dict(layer.context)
            found[context["size"]] = context["reduction"]
    assert found == {(18, 23): 4, (9, 12): 8, (5, 6): 16, (3, 3): 32}


# how it starts


def test_weights_start_as_those_of_the_published_models() -> None:
    torch.manual_seed(0)
    model = archdsl.build("transnext_micro")
    state = model.state_dict()

    def std(name: str) -> float:
        values = torch.cat([t.flatten() for key, t in state.items() if key.endswith(name)])
        return (values - values.mean()).square().mean().sqrt().item()

    linear = (
        "token_mixer.q.weight", "kv.weight", "qkv.weight", "token_mixer.proj.weight",
        "fc1.weight", "fc2.weight", "position_bias.fc1.weight", "position_bias.fc2.weight",
        "head.classifier.weight", "query_embedding", "learned_tokens",
    )  # fmt: skip
    for name in linear:
        assert std(name) == pytest.approx(0.02, rel=0.05), name
    assert std("window_bias") == pytest.approx(0.0004, rel=0.1)
    assert std("stem.0.conv.weight") == pytest.approx((2 / (49 * 48)) ** 0.5, rel=0.05)
    for stage, dim in enumerate((96, 192, 384), start=1):
        name = f"stages.{stage}.downsample.0.conv.weight"
        assert std(name) == pytest.approx((2 / (9 * dim)) ** 0.5, rel=0.05)
    for stage, dim in enumerate((48, 96, 192)):
        name = f"stages.{stage}.blocks.0.token_mixer.pool_proj.weight"
        assert std(name) == pytest.approx((2 / dim) ** 0.5, rel=0.05)
    assert std("depthwise.weight") == pytest.approx((2 / 9) ** 0.5, rel=0.02)
    for name, tensor in state.items():
        if name.endswith("temperature"):
            assert nn.functional.softplus(tensor).allclose(torch.tensor(1 / 0.24))
            assert tensor.flatten()[0].item() == pytest.approx(4.151041, abs=1e-6)
        elif name.endswith((".bias", "learned_bias")):
            assert not tensor.any(), name
        elif "norm" in name:
            assert (tensor == 1).all(), name


# how it leaves


@pytest.mark.parametrize("case", ["nano_64_b2", "nano_AAAA_160_b1", "nano_dense_interp64_96x64_b1"])
def test_a_model_leaves_as_code_with_the_same_bits(case: str) -> None:
    about = golden(case)
    spec = spec_of(about["config"], about["input_shape"])
    module = types.ModuleType("exported")
    exec(compile(archdsl.export(spec), "transnext.py", "exec"), module.__dict__)
    models = []
    for make in (lambda: archdsl.build(spec), module.transnext):
        torch.manual_seed(0)
        models.append(make())
    ours, exported = models
    state = ours.state_dict()
    assert list(state) == list(exported.state_dict())
    assert all(torch.equal(state[key], tensor) for key, tensor in exported.state_dict().items())
    assert not any(hasattr(mixer, "macs") for mixer in exported.modules())
    x = torch.randn(*about["input_shape"])
    gradients = []
    for model in models:
        model.eval()
        with torch.no_grad():
            y = model(x)
        model.train()
        model(x).square().sum().backward()
        gradients.append([y, *(parameter.grad for parameter in model.parameters())])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


# how it is exported to a program


BATCH = {0: torch.export.Dim("batch")}


def program_of(mixer: nn.Module, x: Tensor) -> nn.Module:
    """The mixer's program with a free batch."""
    return torch.export.export(mixer, (x,), dynamic_shapes=(BATCH,)).module()


@pytest.mark.parametrize(
    ("kind", "size", "options"),
    [
        ("aggregated", (5, 7), {"pool": 2}),
        ("aggregated", (9, 4), {"window": 5, "pool": 3, "bias": False}),
        ("aggregated", (7, 8), {"pool_size": 3, "pretrain_size": 5}),
        ("aggregated", (3, 2), {"pool": 4, "head_dim": 4, "window": 7}),
        ("aggregated", (6, 9), {"interpolate_from": 8, "pool": 4}),
        ("cosine", (3, 7), {"bias": False, "pretrain_size": 9}),
        ("cosine", (5, 2), {"interpolate_from": 4, "head_dim": 16}),
    ],
)
def test_a_program_gives_the_same_whatever_the_options(
    kind: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    mixer = attention(kind, size, **options)
    program = program_of(mixer, torch.randn(2, DIM, *size))
    for batch in (1, 3):
        x = torch.randn(batch, DIM, *size)
        torch.testing.assert_close(program(x), mixer(x), rtol=0, atol=1e-5)


class Windows(nn.Module):
    """Products with the windows of a map, and sums over them."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, queries: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
        window = NeighbourWindow(self.size, 3, maps.device)
        products = window.products(queries, maps)
        return products, window.sums(products, maps)


def test_what_is_no_number_spoils_in_a_program_the_windows_that_hold_it_alone() -> None:
    windows = Windows((5, 6))
    queries, maps = torch.randn(2, 30, 2, 4), torch.randn(2, 30, 2, 4)
    program = torch.export.export(windows, (queries, maps)).module()
    maps[:, 14, 0] = math.nan  # the third row's third position, of one head
    maps[1, 2, 1, 3] = math.inf
    for found, expected in zip(program(queries, maps), windows(queries, maps), strict=True):
        spoiled = ~expected.isfinite()
        assert spoiled.any()
        assert torch.equal(~found.isfinite(), spoiled)
