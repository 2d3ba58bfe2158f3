"""Norms, gates, residuals, rotations and blends are elementwise, however they are written."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from archdsl.errors import CountError
from tests.cost.parts import (
    affine_norm,
    layer_norm,
    macs,
    queries_and_keys,
    rms_norm,
    softmax,
    squeeze_excite,
    tokens,
)

CONV = 36 * 8 * 8
FC = 8 * 8


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: rms_norm(x) * m.scales[0],
        lambda m, x: affine_norm(m, x),
        lambda m, x: layer_norm(x, (1, 2, 3)),
        lambda m, x: layer_norm(x, (2, 3)),
        lambda m, x: (x - x.mean(1, keepdim=True)).pow(2).mean(1),
        lambda m, x: (x * (x - x.mean(1, keepdim=True))).mean(1),
        lambda m, x: x.pow(2).mean(1) - x.mean(1).pow(2),
        lambda m, x: (x * x).sum(1),
        lambda m, x: (x * x.abs() * torch.sigmoid(x)).sum(1),
        lambda m, x: torch.einsum("bchw,bchw->bchw", x, x).sum(1),
        lambda m, x: (tokens(x) * tokens(x).tanh()).sum(-1),
        lambda m, x: x / x.norm(dim=1, keepdim=True),
        lambda m, x: x / x.var(1, keepdim=True).add(1e-6).sqrt(),
        lambda m, x: x * x.var(1, keepdim=True).add(1e-6).pow(-0.5),
        lambda m, x: softmax(x, 1),
        lambda m, x: softmax(x * m.table, 1),
        lambda m, x: (x - m.scales[0]) / (m.scales[1] + 1e-5).sqrt() * m.scales[2] + m.scales[3],
    ],
)
def test_a_tensor_times_an_image_of_itself(function):
    assert macs(function) == 0


@pytest.mark.parametrize("function", [torch.sigmoid, torch.tanh, F.relu, F.gelu, torch.exp])
def test_an_activation_written_out_and_summed(function):
    assert macs(lambda m, x: (x * function(x)).sum(1)) == 0


@pytest.mark.parametrize(
    "norm", [rms_norm, layer_norm, lambda x: softmax(x, 1), lambda x: x / x.norm(dim=1)]
)
def test_what_was_normalised_by_itself_may_be_pooled(norm):
    assert macs(lambda m, x: norm(x).mean((2, 3))) == 0


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: squeeze_excite(m, x).mean((2, 3)),
        lambda m, x: (x * m.fc(x.mean((2, 3))).view(1, 8, 1, 1).expand(1, 8, 6, 6)).sum((2, 3)),
        lambda m, x: (x.flatten(2) * m.fc(x.amax((2, 3)))[:, :, None].repeat(1, 1, 36)).sum(2),
        lambda m, x: (x * F.interpolate(m.fc(x.mean((2, 3)))[:, :, None, None], size=(6, 6))).mean(
            (2, 3)
        ),
        # a gate for heads, spread over their channels and taken apart again
        lambda m, x: (
            (x.flatten(2) * m.fc(x.mean((2, 3)))[:, ::4, None].expand(1, 2, 4).reshape(1, 8, 1))
            .unflatten(1, (2, 4))
            .sum(2)
            .add(m.fc(x.mean((2, 3)))[0, 0])
        ),
    ],
)
def test_a_factor_that_is_broadcast_along_what_is_summed(function):
    assert macs(function) >= FC


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: (x * m.scales[0]).mean((2, 3)),
        lambda m, x: F.avg_pool2d(x * m.scales[0], 3, 1, 1),
        lambda m, x: (x * m.table[:1, :, :]).sum(1),
        lambda m, x: (x * m.inside).sum((2, 3)) / m.inside.sum(),
        lambda m, x: (x * m.inside.float()).sum((2, 3)),
        lambda m, x: x.masked_fill(~m.inside, 0.0).sum((2, 3)),
    ],
)
def test_a_layer_scale_and_a_mask(function):
    assert macs(function) == 0


def test_a_mask_of_numbers_is_a_weight():
    with pytest.raises(CountError, match="a product of two tensors that is summed"):
        macs(lambda m, x: (x * m.table[0]).sum((2, 3)))


@pytest.mark.parametrize("depth", [1, 4, 7])
def test_residuals_with_a_layer_scale_are_no_chain(depth):
    def residuals(scale):
        def forward(m, x):
            for i in range(depth):
                x = x + scale(m, i) * m.convs[i](x)
            return x

        return forward

    assert macs(residuals(lambda m, i: m.scales[i])) == depth * CONV
    assert macs(residuals(lambda m, i: m.scales[0])) == depth * CONV
    assert macs(residuals(lambda m, i: m.sliced[i])) == depth * CONV
    assert macs(residuals(lambda m, i: m.numbers[i // 3, i % 3])) == depth * CONV


def test_other_residuals_are_no_chain_either():
    def forward(step):
        def residuals(m, x):
            for i in range(6):
                x = x + step(m, i, x)
            return x

        return residuals

    pooled = forward(lambda m, i, x: m.scales[i] * (F.avg_pool2d(x, 3, 1, 1) - x))
    assert macs(pooled) == 0
    excited = forward(lambda m, i, x: squeeze_excite(m, m.convs[i](x)))
    assert macs(excited) == 6 * (CONV + FC)
    gated = forward(lambda m, i, x: x * torch.sigmoid(m.convs[i](x)))
    assert macs(gated) == 6 * CONV
    linear_units = forward(lambda m, i, x: m.convs[i](x) * m.convs[i + 1](x))
    assert macs(linear_units) == 12 * CONV


def rotated(x, cosine, sine):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine], -1)


def rotated_by_halves(x, cosine, sine):
    a, b = x.chunk(2, -1)
    cosine, sine = torch.cat([cosine] * 2, -1), torch.cat([sine] * 2, -1)
    return x * cosine + torch.cat([-b, a], -1) * sine


def rotated_in_place(x, cosine, sine):
    out = torch.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cosine - x[..., 1::2] * sine
    out[..., 1::2] = x[..., 0::2] * sine + x[..., 1::2] * cosine
    return out


def rotated_as_complex(x, cosine, sine):
    pairs = torch.view_as_complex(x.unflatten(2, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.complex(cosine, sine)).flatten(2)


@pytest.mark.parametrize(
    "rotate", [rotated, rotated_by_halves, rotated_in_place, rotated_as_complex]
)
def test_rotary_positions(rotate):
    """RoFormer (arXiv 2104.09864); the angles may be learned."""

    def attention(angles):
        def forward(m, x):
            q, k = queries_and_keys(m, x)
            angle = angles(m)
            q, k = (rotate(each, angle.cos(), angle.sin()) for each in (q, k))
            return q @ k.transpose(1, 2)

        return forward

    steps = torch.arange(36)[:, None]
    fixed = attention(lambda m: steps * torch.arange(4)[None] * 0.1)
    learned = attention(lambda m: steps * m.numbers.flatten()[:4])
    assert macs(fixed) == macs(learned) == 2 * CONV + 36 * 36 * 8


@pytest.mark.parametrize(
    "blend",
    [
        lambda g, a, b: g * a + (1 - g) * b,
        lambda g, a, b: torch.lerp(b, a, g),
        lambda g, a, b: b + g * (a - b),
        lambda g, a, b: torch.addcmul((1 - g) * b, g, a),
    ],
)
def test_blends(blend):
    def forward(m, x):
        return blend(torch.sigmoid(m.convs[0](x)), m.convs[1](x), m.convs[2](x))

    def often(m, x):
        for i in range(4):
            x = blend(torch.sigmoid(m.convs[i](x)), m.convs[i + 1](x), x)
        return x

    assert macs(forward) == 3 * CONV
    assert macs(often) == 8 * CONV


@pytest.mark.parametrize(
    ("function", "cost"),
    [
        # NAFNet (arXiv 2204.04676): a product of halves, and channel attention over it
        (lambda m, x: squeeze_excite(m, m.convs[0](x) * m.convs[1](x)), 2 * CONV + FC),
        # Mamba-2 (arXiv 2405.21060): a norm over what was gated
        (lambda m, x: rms_norm(m.convs[0](x) * F.silu(m.convs[1](x))) * m.scales[0], 2 * CONV),
        # CBAM (arXiv 1807.06521): channels, then positions
        (
            lambda m, x: (lambda y: y * torch.sigmoid(y.mean(1, keepdim=True)))(
                squeeze_excite(m, x)
            ),
            FC,
        ),
        # GRN of ConvNeXt V2 (arXiv 2301.00808)
        (
            lambda m, x: (
                lambda g: (
                    m.scales[0] * (x * (g / (g.mean(1, keepdim=True) + 1e-6))) + m.scales[1] + x
                )
            )(x.norm(p=2, dim=(2, 3), keepdim=True)),
            0,
        ),
        # SimAM (ICML 2021)
        (
            lambda m, x: (
                lambda d: (
                    x * torch.sigmoid(d / (4 * (d.sum((2, 3), keepdim=True) / 35 + 1e-4)) + 0.5)
                )
            )((x - x.mean((2, 3), keepdim=True)).pow(2)),
            0,
        ),
        # DiT (arXiv 2212.09748): scales and gates that are parts of one linear layer
        (
            lambda m, x: (lambda g: x + g[0] * m.convs[0](layer_norm(x) * (1 + g[1]) + g[2]))(
                [part.repeat(1, 4)[:, :, None, None] for part in m.fc(x.mean((2, 3))).chunk(4, 1)]
            ),
            CONV + FC,
        ),
        # selective kernels (arXiv 1903.06586)
        (
            lambda m, x: (lambda g: g * m.convs[0](x) + (1 - g) * m.convs[1](x))(
                torch.sigmoid(m.fc(x.mean((2, 3))))[:, :, None, None]
            ),
            2 * CONV + FC,
        ),
        # coordinate attention (arXiv 2103.02907)
        (
            lambda m, x: (
                x * m.convs[0](x.mean(3, keepdim=True)) * m.convs[1](x.mean(2, keepdim=True))
            ),
            2 * 6 * FC,
        ),
        # GeM pooling with a learned power (arXiv 1711.02512)
        (
            lambda m, x: F.avg_pool2d(x.clamp(min=1e-6).pow(m.numbers[0, :1]), 6).pow(
                1 / m.numbers[0, :1]
            ),
            0,
        ),
        # StarReLU (arXiv 2210.13452), pooled
        (lambda m, x: (m.numbers[0, 0] * F.relu(x) ** 2 + m.numbers[0, 1]).mean((1, 2, 3)), 0),
        # weight standardisation (arXiv 1903.10520)
        (lambda m, x: F.conv2d(x, layer_norm(m.fc.weight)[:, :, None, None]), CONV),
        # a batch norm folded by hand: x·s + (b - mean·s)
        (
            lambda m, x: (
                lambda v, mean: (lambda s: x * s + (m.scales[1] - mean * s))(
                    m.scales[0] * torch.rsqrt(v + 1e-5)
                )
            )(*torch.var_mean(x, 1, keepdim=True)),
            0,
        ),
        # positions in two parts
        (lambda m, x: affine_norm(m, x + m.table[:, :1] + m.table[:, :, :1]), 0),
    ],
)
def test_modules_of_the_literature(function, cost):
    assert macs(function) == cost


STEPS = {
    "rms_norm": lambda m, x, i: rms_norm(x) * m.scales[i],
    "layer_norm": lambda m, x, i: layer_norm(x) * m.scales[i] + m.scales[i + 1],
    "instance_norm": lambda m, x, i: layer_norm(x, (2, 3)),
    "squeeze_excite": lambda m, x, i: squeeze_excite(m, x),
    "swish": lambda m, x, i: x * torch.sigmoid(x),
    "gate": lambda m, x, i: x * torch.sigmoid(m.convs[i](x)),
    "unit": lambda m, x, i: m.convs[i](x) * m.convs[i - 1](x),
    "residual": lambda m, x, i: x + m.scales[i] * m.convs[i](x),
    "pooling": lambda m, x, i: x + m.scales[i] * (F.max_pool2d(x, 3, 1, 1) - x),
    "blend": lambda m, x, i: torch.lerp(x, m.convs[i](x), torch.sigmoid(m.scales[i])),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_norms_gates_and_residuals_one_after_another_hide_nothing(names):
    def forward(m, x):
        for i, name in enumerate(names):
            x = STEPS[name](m, x, i)
        return x

    convolutions = {"gate": 1, "unit": 2, "residual": 1, "blend": 1}
    cost = sum(convolutions.get(name, 0) * CONV + (name == "squeeze_excite") * FC for name in names)
    assert macs(forward) == cost


BEFORE = [lambda q: q, lambda q: -q, lambda q: q * 0.5, lambda q: q + 0.0, lambda q: q.double()]
BETWEEN = [
    lambda p: -p,
    lambda p: p / 3,
    lambda p: p + 0.0,
    lambda p: p.clamp(-9, 9),
    lambda p: F.dropout(p, 0.5, False),
    lambda p: p.masked_fill(torch.eye(36)[:, :, None] > 0, 0.0),
    lambda p: torch.where(torch.eye(36)[:, :, None] > 0, p, 0.0),
    lambda p: p.contiguous(),
    lambda p: p.transpose(1, 2),
    lambda p: p.roll(1, 1),
    lambda p: p.unflatten(3, (2, 4)).flatten(3),
    lambda p: p.to(torch.float64),
]
SUMS = [
    lambda p: p.sum(-1),
    lambda p: p.mean(3),
    lambda p: p.nansum(-1),
    lambda p: p.norm(p=1, dim=-1),
    lambda p: F.avg_pool2d(p, (1, 8)),
    lambda p: torch.einsum("bnmc->bnm", p),
    lambda p: p.sum((1, 3)),
    lambda p: p.cumsum(-1)[..., -1],
]


@given(
    st.sampled_from(BEFORE),
    st.sampled_from(BEFORE),
    st.lists(st.sampled_from(BETWEEN), max_size=5),
    st.sampled_from(SUMS),
)
@settings(max_examples=40, deadline=None)
def test_one_contraction_in_many_disguises_is_refused(one, other, between, total):
    def product(m, x):
        q, k = queries_and_keys(m, x)
        found = one(q)[:, :, None] * other(k)[:, None]
        for step in between:
            found = step(found)
        return found

    with pytest.raises(CountError, match="a product of two tensors that is summed"):
        macs(lambda m, x: total(product(m, x)))
    assert macs(product) == 2 * CONV
