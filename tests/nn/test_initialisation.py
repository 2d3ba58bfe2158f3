"""Fresh weights are drawn as the published code draws them, group by group.

Of a drawn group the mean and the spread are measured, within five standard errors of what they
should be; a constant is exact. Every tensor belongs to a group.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import archdsl
from tests.soon import SMALLEST, soon

Check = Callable[[Tensor, Tensor], None]


def constant(value: float) -> Check:
    def check(found: Tensor, weight: Tensor) -> None:
        assert (found == torch.tensor(value)).all()

    return check


def drawn(found: Tensor, mean: float, std: float, kurtosis: float) -> None:
    """The first two moments of independent draws; the kurtosis says how well the second shows."""
    count = found.numel()
    assert abs(found.mean().item() - mean) < 5 * std / math.sqrt(count)
    spread = 5 * math.sqrt((kurtosis - 1) / count) / 2
    assert found.std().item() == pytest.approx(std, rel=max(spread, 1e-3))


def small_normal(found: Tensor, weight: Tensor) -> None:
    """A normal of std 0.02. The published cut at ±2 is at a hundred standard deviations."""
    drawn(found, 0, 0.02, kurtosis=3)
    assert found.abs().max() > 0.04


def torchs_own(found: Tensor, weight: Tensor) -> None:
    """Uniform up to 1 / sqrt(fan-in), for a weight and for its bias."""
    bound = 1 / math.sqrt(weight[0].numel())
    assert found.abs().max() <= bound
    drawn(found, 0, bound / math.sqrt(3), kurtosis=1.8)


def rows_of_softmax(found: Tensor, weight: Tensor) -> None:
    """The softmax of uniform numbers: logarithms that are uniform over a span of 1."""
    assert (weight.sum(dim=1) - 1).abs().max() < 1e-5
    logs = weight.log()
    assert (logs.amax(dim=1) - logs.amin(dim=1)).max() <= 1
    drawn((logs - logs.mean(dim=1, keepdim=True)).flatten(), 0, math.sqrt(1 / 12), kurtosis=1.8)


ONES, ZEROS = constant(1), constant(0)
NORMS = {
    r"(norm|norm1|norm2)\.weight$": ONES,
    r"(norm|norm1|norm2)\.bias$": ZEROS,
    r"norm\.running_mean$": ZEROS,
    r"norm\.running_var$": ONES,
    r"norm\.num_batches_tracked$": ZEROS,
}
POOLFORMER = {
    r"^stem\.0\.conv\.": torchs_own,
    r"downsample\.0\.conv\.": torchs_own,
    r"channel_mixer\.fc[12]\.weight$": small_normal,
    r"channel_mixer\.fc[12]\.bias$": ZEROS,
    r"^head\.classifier\.weight$": small_normal,
    r"^head\.classifier\.bias$": ZEROS,
}
ABLATION = {
    **POOLFORMER,
    r"pos_embed\.map$": ZEROS,
    r"token_mixer\.(qkv|proj|fc1)\.weight$": small_normal,
    r"token_mixer\.proj\.bias$": ZEROS,
}
METAFORMER = {
    r"^stem\.0\.conv\.weight$": small_normal,
    r"^stem\.0\.conv\.bias$": ZEROS,
    r"downsample\.0\.conv\.weight$": small_normal,
    r"downsample\.0\.conv\.bias$": ZEROS,
    r"act\.scale$": ONES,
    r"act\.bias$": ZEROS,
    r"res_scale[12]\.scale$": ONES,
    r"channel_mixer\.fc[12]\.weight$": small_normal,
    r"token_mixer\.(widen|depthwise|narrow|qkv|proj)\.weight$": small_normal,
    r"token_mixer\.matrix$": rows_of_softmax,
    r"^head\.(classifier|fc1|fc2)\.weight$": small_normal,
    r"^head\.(classifier|fc1|fc2)\.bias$": ZEROS,
}
FFNET = {
    r"^stem\.[01]\.conv\.weight$": small_normal,
    r"downsample\.0\.(large|small)\.weight$": small_normal,
    r"downsample\.1\.of\.conv\.weight$": small_normal,
    r"mixer\.query\.(conv|large|small)\.weight$": small_normal,
    r"mixer\.(key|value)\.(large\.|small\.)?weight$": small_normal,
    r"mixer\.(key|value)\.bias$": ZEROS,
    r"^head\.classifier\.weight$": small_normal,
    r"^head\.classifier\.bias$": ZEROS,
}


def scaled(init: float) -> dict[str, Check]:
    return {r"layer_scale[12]\.scale$": constant(init)}


MODELS: dict[str, dict[str, Check]] = {
    "poolformer_s12": POOLFORMER | scaled(1e-5),
    "poolformer_s24": POOLFORMER | scaled(1e-5),
    "poolformer_s36": POOLFORMER | scaled(1e-6),
    "metaformer_id_s12": POOLFORMER | scaled(1e-5),
    "metaformer_ppaa_s12": ABLATION | scaled(1e-5),
    "metaformer_ppff_s12": ABLATION | scaled(1e-5),
    "identityformer_s12": METAFORMER,
    "randformer_s12": METAFORMER,
    "poolformerv2_s12": METAFORMER,
    "convformer_s18": METAFORMER,
    "caformer_s18": METAFORMER,
    "ffnet_1": FFNET,
    "ffnet_2": FFNET,
    "ffnet_3": FFNET | scaled(1e-6),
}


SOON = {*SMALLEST, "metaformer_id_s12", "metaformer_ppaa_s12"}


@pytest.mark.parametrize("name", soon(MODELS, SOON))
def test_fresh_weights_are_drawn_as_the_published_ones(name: str) -> None:
    torch.manual_seed(0)
    state = archdsl.build(name).state_dict()
    rules = {**MODELS[name], **NORMS}
    members: dict[str, list[str]] = defaultdict(list)
    for tensor_name in state:
        matching = [pattern for pattern in rules if re.search(pattern, tensor_name)]
        assert len(matching) == 1, tensor_name
        members[matching[0]].append(tensor_name)
    for pattern, names in members.items():
        # tensors of one shape and fan-in together: one draw of many numbers
        alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for tensor_name in names:
            alike[tuple(weight_of(state, tensor_name).shape)].append(tensor_name)
        for group in alike.values():
            found = torch.cat([state[tensor_name].float().flatten() for tensor_name in group])
            rules[pattern](found, weight_of(state, group[0]))


def weight_of(state: dict[str, Tensor], name: str) -> Tensor:
    """The weight to which a bias belongs; any other tensor itself."""
    return state.get(re.sub(r"bias$", "weight", name), state[name])


def test_a_wrong_start_shows() -> None:
    torch.manual_seed(0)
    weight = torch.randn(64, 256) * 0.02
    small_normal(weight, weight)
    with pytest.raises(AssertionError):
        small_normal(weight * 1.05, weight)
    with pytest.raises(AssertionError):
        small_normal(weight + 0.001, weight)
    with pytest.raises(AssertionError):
        torchs_own(weight * 2, weight)
    with pytest.raises(AssertionError):
        constant(1e-6)(torch.full((3,), 1e-5), weight)
