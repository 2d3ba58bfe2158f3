"""Blocks, stages and the whole network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.nn.block import DropPath, MetaFormerBlock, Scale
from archdsl.nn.model import ClassToken, MetaFormer, Stage


class Times(nn.Module):
    """Its input times a number, and what it saw."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.seen: tuple[int, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        self.seen = tuple(x.shape)
        return x * self.factor


class TokenTimes(Times):
    tokens = True


def test_a_block_is_its_equation() -> None:
    block = MetaFormerBlock(
        norm1=Times(2),
        token_mixer=Times(3),
        layer_scale1=Scale(4, 5),
        res_scale1=Scale(4, 7),
        norm2=Times(11),
        channel_mixer=Times(13),
        layer_scale2=Scale(4, 17),
        res_scale2=Scale(4, 19),
    )
    x = torch.ones(1, 4, 2, 2)
    token = 7 + 5 * 3 * 2
    channel = 19 * token + 17 * 13 * 11 * token
    assert torch.equal(block(x), x * channel)


def test_what_a_block_has_not_is_left_out() -> None:
    x = torch.randn(1, 4, 2, 2)
    assert torch.equal(MetaFormerBlock()(x), x)
    assert torch.equal(MetaFormerBlock(token_mixer=Times(3))(x), x + x * 3)
    assert torch.equal(MetaFormerBlock(norm2=Times(2), channel_mixer=Times(3))(x), x + x * 2 * 3)
    assert list(MetaFormerBlock(token_mixer=Times(3)).state_dict()) == []


def test_scales_are_learned_channel_by_channel() -> None:
    scale = Scale(3, 0.5)
    with torch.no_grad():
        scale.scale.copy_(torch.tensor([1.0, 2.0, 3.0]))
    y = scale(torch.ones(2, 3, 4, 5))
    assert torch.equal(y[0, :, 0, 0], torch.tensor([1.0, 2.0, 3.0]))
    assert scale.scale.requires_grad


def test_a_mixer_of_tokens_sees_a_view_of_the_map() -> None:
    mixer = TokenTimes(1.0)
    x = torch.randn(2, 4, 3, 5).contiguous(memory_format=torch.channels_last)
    seen: list[Tensor] = []
    mixer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    y = MetaFormerBlock(token_mixer=mixer)(x)
    assert mixer.seen == (2, 15, 4)
    assert seen[0].data_ptr() == x.data_ptr()
    assert torch.equal(y, 2 * x)
    assert torch.equal(seen[0][0, 7], x[0, :, 1, 2])  # row by row


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_drop_path_drops_whole_images_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(4000, 1, 2, 2)
    y = DropPath(rate)(x)
    images = y.flatten(1)
    assert torch.equal(images, images[:, :1].expand(-1, 4))  # all of an image or nothing
    dropped = images[:, 0] == 0
    assert dropped.float().mean().item() == pytest.approx(rate, abs=0.03)
    torch.testing.assert_close(images[~dropped], torch.full_like(images[~dropped], 1 / (1 - rate)))


def test_drop_path_does_nothing_in_eval_or_at_rate_zero() -> None:
    x = torch.randn(8, 2, 2, 2)
    assert torch.equal(DropPath(0.5).eval()(x), x)
    assert torch.equal(DropPath(0.0)(x), x)


def test_drop_path_at_rate_one_drops_everything() -> None:
    x = torch.randn(8, 2, 2, 2)
    assert torch.equal(DropPath(1.0)(x), torch.zeros_like(x))


def test_the_two_branches_of_a_block_are_dropped_apart() -> None:
    torch.manual_seed(0)
    block = MetaFormerBlock(token_mixer=Times(1), channel_mixer=Times(10), drop_path=0.5)
    values = set(block(torch.ones(200, 1, 1, 1)).flatten().tolist())
    assert values == {1.0, 3.0, 21.0, 63.0}


def test_the_class_token_goes_first() -> None:
    token = ClassToken(4)
    x = torch.randn(2, 4, 3, 5).contiguous(memory_format=torch.channels_last)
    y = token(x)
    assert y.shape == (2, 4, 16, 1)
    assert torch.equal(y[:, :, 0, 0], token.token[0].expand(2, -1))
    assert torch.equal(y[:, :, 1:, 0], x.flatten(2))
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_without_a_head_a_model_gives_its_last_map() -> None:
    model = MetaFormer(stem=[nn.Conv2d(3, 4, 2, 2)], stages=[Stage(blocks=[MetaFormerBlock()])])
    assert model(torch.randn(1, 3, 8, 8)).shape == (1, 4, 4, 4)


SPEC = """
archdsl: 1
name: little
input: [3, 64, 64]
classes: 7
drop_path: 0.2
stem:
  - {type: conv, dim: 8, kernel: 3, stride: 2, norm: batch_norm, act: gelu}
  - {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2, pre_norm: layer_norm}
out_norm: layer_norm
block: {norm: group_norm, token_mixer: pooling, channel_mixer: mlp, layer_scale: 1e-5}
stages:
  - {dim: 16, depth: 2}
  - {dim: 32, depth: 1, token_mixer: {type: attention, head_dim: 8}, pos_embed: learned}
  - {dim: 48, depth: 2, channel_mixer: conv_glu, token_mixer: none, res_scale: 1}
head: {type: linear, pool_norm: layer_norm}
"""


def test_every_layer_is_a_module_at_its_address_with_the_shapes_that_the_network_says() -> None:
    network = archdsl.loads(SPEC).network()
    model = archdsl.build(archdsl.loads(SPEC)).eval()
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    for layer in network.layers():
        module = model.get_submodule(layer.address)
        assert type(module) is layer.component.definition.cls
        module.register_forward_hook(
            lambda _, inputs, output, address=layer.address: shapes.update(
                {address: (tuple(inputs[0].shape[1:]), tuple(output.shape[1:]))}
            )
        )
    assert model(torch.randn(1, 3, 64, 64)).shape == (1, 7)
    for layer in network.layers():
        seen_in, seen_out = shapes[layer.address]
        if getattr(layer.component.definition.cls, "tokens", False):
            dim, height, width = layer.in_shape
            assert seen_in == seen_out == (height * width, dim)
        elif layer.address == "head":
            assert (seen_in, seen_out) == (layer.in_shape, (7,))
        else:
            assert (seen_in, seen_out) == (layer.in_shape, layer.out_shape)


def test_scales_and_rates_stand_where_the_network_says() -> None:
    spec = archdsl.loads(SPEC)
    model = archdsl.build(spec)
    for block in spec.network().blocks():
        module = model.get_submodule(block.address)
        assert isinstance(module, MetaFormerBlock)
        assert module.drop_path.rate == block.branches[0].drop_path
        for branch in block.branches:
            for name in ("layer_scale", "res_scale"):
                init = getattr(branch, name)
                scale = getattr(module, f"{name}{branch.index}")
                assert (scale is None) == (init is None)
                if scale is not None:
                    assert torch.equal(scale.scale, torch.full((block.shape[0],), init))


def test_maps_stay_in_channels_last_memory_through_the_whole_network() -> None:
    model = archdsl.build(archdsl.loads(SPEC)).eval()
    scattered: list[str] = []

    def look(name: str, output: Tensor) -> None:
        if output.dim() == 4 and not output.is_contiguous(memory_format=torch.channels_last):
            scattered.append(name)

    for name, module in model.named_modules():
        module.register_forward_hook(lambda _, __, output, name=name: look(name, output))
    model(torch.randn(2, 3, 64, 64))
    assert scattered == []


def test_a_training_step_reaches_every_param() -> None:
    torch.manual_seed(0)
    model = archdsl.build(archdsl.loads(SPEC, {"drop_path": 0, "block.layer_scale": 1}))
    model(torch.randn(4, 3, 64, 64)).pow(3).sum().backward()
    for name, param in model.named_parameters():
        assert param.grad is not None, name
        assert param.grad.abs().sum() > 0, name


def test_a_model_works_at_other_sizes_than_its_input() -> None:
    spec = archdsl.loads(SPEC, {"stages.1.pos_embed": None})
    model = archdsl.build(spec).eval()
    for size in ((48, 80), (33, 47)):
        assert model(torch.randn(1, 3, *size)).shape == (1, 7)
