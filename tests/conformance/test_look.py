"""A user's components are run once, and what they give is held to what the network expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.components.registry import find
from archdsl.errors import ArchError, SpecError
from tests.conformance.apart import registered, set_apart

with set_apart() as COMPONENTS:
    from tests.conformance import components, drawn_and_filled

NETWORK: dict[str, Any] = {
    "archdsl": 1,
    "name": "net",
    "input": [3, 18, 18],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 2, "stride": 2, "padding": 0},
    "downsample": {"type": "conv", "kernel": 3, "stride": 2},
    "block": {"norm": "layer_norm", "token_mixer": "pooling", "channel_mixer": "mlp"},
    "stages": [{"dim": 8, "depth": 1}, {"dim": 16, "depth": 1}],
}
OWN = {components.__name__, drawn_and_filled.__name__}
META = {"type": "meta_mixer", "query": "pointwise", "key": "depthwise", "value": "depthwise"}


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered(COMPONENTS):
        yield


def network(**changed: Any) -> dict[str, Any]:
    """The network with other keys; a block's by themselves."""
    block = {key: changed.pop(key) for key in list(changed) if key in (*NETWORK["block"], "act")}
    return {**NETWORK, **changed, "block": {**NETWORK["block"], **block}}


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"downsample": "halved"},
        "stages.1.downsample.0",
        "layer halved",
        "turns a map of 8x9x9 into 16x4x4, and the network expects 16x9x9\n"
        "  say so in the class, in a method that gives (4, 4) for (9, 9):\n"
        "      @staticmethod\n"
        "      def out_size(size: tuple[int, int]) -> tuple[int, int]:\n"
        "          return size[0] // 2, size[1] // 2",
    ),
    (
        {"downsample": "rounded_up"},
        "stages.1.downsample.0",
        "layer rounded_up",
        "turns a map of 8x9x9 into 16x5x5, and the network expects 16x4x4\n"
        "  let its out_size say (5, 5) for (9, 9), or mend its forward",
    ),
    (
        {"downsample": "rows_alone"},
        "stages.1.downsample.0",
        "layer rows_alone",
        "turns a map of 8x9x9 into 16x4x9, and the network expects 16x4x4\n"
        "  let its out_size say (4, 9) for (9, 9), or mend its forward",
    ),
    (
        {"stem": "narrow"},
        "stem.0",
        "layer narrow",
        "turns a map of 3x18x18 into 5x18x18, and the network expects 8x18x18\n"
        "  give dim_out channels, here 8",
    ),
    (
        {"token_mixer": "reduces"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer reduces",
        "turns 8x9x9 into 8x4x4, and the network expects 8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"token_mixer": "turned_tokens"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer turned_tokens",
        "turns 81x8 into 8x81, and the network expects 81x8\n  keep the shape: mend its forward",
    ),
    (
        {"token_mixer": "pair"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer pair",
        "gives a tuple, and a component gives one tensor\n  return the map alone",
    ),
    (
        {"token_mixer": "doubles"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer doubles",
        "turns float32 into float64\n  keep the type of its input: end with  .to(x.dtype)",
    ),
    (
        {"token_mixer": "in_place"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer in_place",
        "changes its input in place, which a residual branch or the caller still needs\n"
        "  work on a new tensor: write  x = x + y  for  x += y, and no inplace=True on the input",
    ),
    (
        {"token_mixer": "always_dropped"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer always_dropped",
        "passes no gradient on to its input\n"
        "  keep to operators with a gradient, without detach, no_grad or numbers taken out of "
        "tensors",
    ),
    (
        {"token_mixer": "squeezed"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer squeezed",
        "turns 1x8x9x9 into 8x9x9, and the network expects 1x8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"token_mixer": "two_images"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer two_images",
        "takes two images and not one (RuntimeError: shape '[2, 8, 9, 9]' is invalid for input of "
        "size 648)\n"
        "  keep the batch axis, whatever its length: no squeeze, and x.shape[0] where shapes are "
        "written",
    ),
    (
        {"token_mixer": "views"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer views",
        "fails on a map in channels-last memory, which all maps of a network have (RuntimeError: "
        "view size is not compatible with input tensor's size and stride (at least one dimension "
        "spans across two contiguous subspaces). Use .reshape(...) instead.)\n"
        "  write  reshape  for  view, or begin with  x = x.contiguous()",
    ),
    (
        {"token_mixer": "views_weights"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer views_weights",
        "fails where the weights of its convolutions lie channels-last, as training lays them "
        "(RuntimeError: view size is not compatible with input tensor's size and stride (at least "
        "one dimension spans across two contiguous subspaces). Use .reshape(...) instead.)\n"
        "  write  reshape  for  view  on weights",
    ),
    (
        {"token_mixer": "strides"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer strides",
        "gives other values for a map in channels-last memory than for the same map in contiguous\n"
        "  begin with  x = x.contiguous()  where strides or storage are read, as by as_strided",
    ),
    (
        {"token_mixer": "over_images"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer over_images",
        "gives an image other values, in eval, when another image is beside it\n"
        "  let no axis but those of one image be mixed: keep the batch axis out of sums and "
        "reshapes",
    ),
    (
        {"token_mixer": "detached"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer detached",
        "passes no gradient on to its input\n"
        "  keep to operators with a gradient, without detach, no_grad or numbers taken out of "
        "tensors",
    ),
    (
        {"token_mixer": "unused"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer unused",
        "has a parameter that no gradient reaches: spare.weight\n"
        "  use it in forward, or give it requires_grad=False if it is meant to be frozen",
    ),
    (
        {"token_mixer": "raises"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer raises",
        "fails on a map of 8x9x9 (ValueError: no maps today)\n  mend its forward",
    ),
    (
        {"token_mixer": "no_module"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer no_module",
        "is no nn.Module\n  derive the class from nn.Module",
    ),
    (
        {"token_mixer": "lazy"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer lazy",
        "has a parameter whose shape is left open: conv.weight\n"
        "  say its widths: they follow from dim, as in nn.Conv2d(dim, dim, 1)",
    ),
    (
        {"token_mixer": "not_made"},
        "stages.0.blocks.0.token_mixer",
        "token_mixer not_made",
        "cannot be made with dim = 8 (IndexError: index 9 is out of bounds for dimension 0 with "
        "size 8)\n"
        "  mend its constructor",
    ),
    (
        {"token_mixer": "by_place", "stages": [{"dim": 8, "depth": 3}]},
        "stages.0.blocks.2.token_mixer",
        "token_mixer by_place",
        "turns 8x9x9 into 8x5x5, and the network expects 8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"norm": "pools"},
        "stages.0.blocks.0.norm1",
        "norm pools",
        "turns 8x9x9 into 8x1x1, and the network expects 8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"stem": {"type": "conv", "kernel": 3, "norm": "pools"}},
        "stem.0",
        "norm pools",
        "turns 8x18x18 into 8x1x1, and the network expects 8x18x18\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"channel_mixer": {"type": "mlp", "act": "split"}},
        "stages.0.blocks.0.channel_mixer",
        "act split",
        "gives a tuple, and a component gives one tensor\n  return the map alone",
    ),
    (
        {"channel_mixer": {"type": "mlp", "act": "gated"}},
        "stages.0.blocks.0.channel_mixer",
        "act gated",
        "turns 32x9x9 into 16x9x9, and the network expects 32x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"token_mixer": {"type": "sep_conv", "act": "glu_of_torch"}},
        "stages.0.blocks.0.token_mixer",
        "act glu_of_torch",
        "fails on a map of 8x9x9 (RuntimeError: Halving dimension must be even, but dimension 3 "
        "is size 9)\n"
        "  mend its forward",
    ),
    (
        {"token_mixer": {**META, "query": "wide_query"}},
        "stages.0.blocks.0.token_mixer",
        "query wide_query",
        "turns 8x9x9 into 16x9x9, and the network expects 8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"token_mixer": {**META, "key": "pointwise", "value": "wrong_value"}},
        "stages.0.blocks.0.token_mixer",
        "value wrong_value",
        "turns 32x9x9 into 32x9x9, and the network expects 8x9x9\n"
        "  give dim channels, or as many as its  out_channels  and its static  dim_out  say",
    ),
    (
        {"stages": [{"dim": 8, "depth": 1, "pos_embed": "one_row"}]},
        "stages.0.pos_embed",
        "pos_embed one_row",
        "fails on a map of 8x9x9 (RuntimeError: The size of tensor a (9) must match the size of "
        "tensor b (10) at non-singleton dimension 2)\n"
        "  mend its forward",
    ),
    (
        {"stages": [{"dim": 8, "depth": 1, "pos_embed": "grown"}]},
        "stages.0.pos_embed",
        "pos_embed grown",
        "turns 8x9x9 into 8x10x9, and the network expects 8x9x9\n"
        "  keep the shape: mend its forward",
    ),
    (
        {"head": "thousand"},
        "head",
        "head thousand",
        "turns a map of 16x5x5 into 1000, and the network expects 10\n"
        "  give one vector for each image, as long as the context  classes  (dim with 0)",
    ),
    (
        {"head": "as_a_map"},
        "head",
        "head as_a_map",
        "turns a map of 16x5x5 into 10x1x1, and the network expects 10\n"
        "  give one vector for each image, as long as the context  classes  (dim with 0)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "address", "what", "words"), FAULTS, ids=lambda x: str(x)[:40])
def test_what_a_component_does_wrong_is_said_with_its_place_and_the_cure(
    changed: dict[str, Any], address: str, what: str, words: str
) -> None:
    kind, name = what.split()
    definition = find(kind, name)
    assert definition is not None
    with pytest.raises(SpecError) as caught:
        archdsl.load(network(**changed))
    wanted = f"{address}: {kind.replace('_', ' ')} '{name}' ({definition.where}) {words}"
    assert str(caught.value) == wanted
    assert definition.cls.__module__ in OWN or name == "glu_of_torch"


@pytest.mark.parametrize(
    "changed",
    [
        {"downsample": "halved_said"},
        {"downsample": "rounded_up_said"},
        {"downsample": "rows_said"},
        {"token_mixer": "fine"},
        {"token_mixer": "tokens_kept"},
        {"token_mixer": "reshapes"},
        {"token_mixer": "unused_frozen"},
        {"token_mixer": "numbers"},
        {"token_mixer": "starts_at_zero"},
        {"token_mixer": "drops"},
        {"token_mixer": "skipped"},
        {"token_mixer": "dropped"},
        {"token_mixer": "whole_numbers"},
        {"token_mixer": "one_for_all"},
        {"token_mixer": "by_place", "stages": [{"dim": 8, "depth": 2}]},
        {"channel_mixer": {"type": "mlp", "act": "doubled"}},
        {"head": "as_asked"},
    ],
    ids=str,
)
def test_its_nearest_good_neighbour_loads_and_gives_the_maps_that_are_shown(
    changed: dict[str, Any],
) -> None:
    spec = archdsl.load(network(**changed))
    stages = spec.network().stages
    backbone = archdsl.build(spec, features=range(len(stages))).eval()
    with torch.no_grad():
        maps = backbone(torch.randn(1, *spec.network().input))
    assert [tuple(m.shape[1:]) for m in maps] == [stage.shape for stage in stages]
    whole = archdsl.build(spec).eval()
    with torch.no_grad():
        assert whole(torch.randn(1, *spec.network().input)).shape == (1, 10)


@pytest.mark.slow
def test_a_large_map_is_looked_at_without_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[str] = []
    forward = components.Fine.forward

    def noted(self: components.Fine, x: Tensor) -> Tensor:
        where.append(x.device.type)
        return forward(self, x)

    monkeypatch.setattr(components.Fine, "forward", noted)
    archdsl.load(network(token_mixer="fine", input=[3, 1000, 1000]))
    assert set(where) == {"meta"}
    for name in ("reduces", "in_place", "views", "detached", "unused", "two_images", "doubles"):
        with pytest.raises(SpecError, match=f"'{name}'"):
            archdsl.load(network(token_mixer=name, input=[3, 1000, 1000]))


def test_one_that_computes_with_numbers_is_given_numbers_on_a_large_map() -> None:
    archdsl.load(network(token_mixer="numbers", input=[3, 300, 300]))


def test_every_alternative_of_a_space_is_run() -> None:
    choice = {"choice": ["pooling", "fine", "reduces"], "per": "block"}
    with pytest.raises(SpecError, match="'reduces'"):
        archdsl.load(network(token_mixer=choice))
    archdsl.load(network(token_mixer={"choice": ["pooling", "fine"], "per": "block"}))


def test_a_member_is_run_where_its_blocks_stand() -> None:
    stages = [{"dim": 8, "depth": {"range": [2, 3]}}]
    space = archdsl.space(network(token_mixer="by_place", stages=stages))
    archdsl.build(space.member({"stages.0.depth": 2}))
    with pytest.raises(SpecError, match="'by_place'"):
        archdsl.build(space.member({"stages.0.depth": 3}))


def test_every_width_of_a_space_is_run() -> None:
    stages = [{"dim": {"choice": [8, 5]}, "depth": 1}]
    archdsl.load(network(stem="narrow", stages=[{"dim": 5, "depth": 1}]))
    with pytest.raises(SpecError, match="here 8"):
        archdsl.load(network(stem="narrow", stages=stages))


def test_every_mixer_of_a_list_is_run() -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.load(network(token_mixer=["fine", "pooling", "reduces"]))
    assert caught.value.address == "stages.0.blocks.0.token_mixer.2"


def test_what_was_run_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    forward = components.Fine.forward
    monkeypatch.setattr(
        components.Fine, "forward", lambda self, x: (runs.append(1), forward(self, x))[1]
    )
    stages = [{"dim": 40, "depth": 3}, {"dim": 40, "depth": 2, "downsample": None}]
    archdsl.load(network(token_mixer="fine", stages=stages, name="one"))
    first = len(runs)
    archdsl.load(network(token_mixer="fine", stages=stages, name="other"))
    archdsl.load(network(token_mixer="fine", stages=stages[:1]))
    assert 0 < first == len(runs) <= 20


def test_randomness_is_as_before() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    archdsl.load(network(token_mixer="fine", stages=[{"dim": 24, "depth": 1}]))
    assert torch.equal(torch.rand(2), wanted)


def test_shipped_specs_have_nothing_to_run() -> None:
    assert archdsl.load("poolformer_s12").own == ()
    assert archdsl.load("digits").own == ()


def test_the_verbs_refuse_it_alike() -> None:
    wrong = network(downsample="halved")
    for verb in (archdsl.build, archdsl.count, archdsl.export, archdsl.space, archdsl.load):
        with pytest.raises(ArchError, match="say so in the class"):
            verb(wrong)
    with pytest.raises(ArchError, match="say so in the class"):
        archdsl.search(wrong, evaluate=lambda candidate: 0.0)
