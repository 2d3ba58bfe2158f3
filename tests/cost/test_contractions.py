"""Every counting rule against a count by hand, through the tracer."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from archdsl.cost.contractions import CONTRACTIONS, attention, einsum
from archdsl.cost.free import FREE

N = 6 * 6


def test_convolution(of):
    weight = torch.zeros(12, 8, 3, 3)
    assert of(lambda m, x: F.conv2d(x, weight, padding=1)).macs == N * 12 * 8 * 9


def test_convolution_with_stride_and_dilation(of):
    weight = torch.zeros(12, 8, 3, 3)
    # (6 + 2 - 5) // 2 + 1 = 2 on each side
    assert of(lambda m, x: F.conv2d(x, weight, None, 2, 1, 2)).macs == 4 * 12 * 8 * 9


def test_convolution_with_groups(of):
    weight = torch.zeros(16, 2, 3, 5)
    assert of(lambda m, x: F.conv2d(x, weight, padding=(1, 2), groups=4)).macs == N * 16 * 2 * 15


def test_depthwise_convolution(of):
    weight = torch.zeros(8, 1, 7, 7)
    assert of(lambda m, x: F.conv2d(x, weight, padding=3, groups=8)).macs == N * 8 * 49


def test_a_bias_is_an_addition_and_free(of):
    weight, bias = torch.zeros(12, 8, 1, 1), torch.zeros(12)
    assert of(lambda m, x: F.conv2d(x, weight, bias)).macs == N * 12 * 8


def test_convolution_with_padding_in_words(of):
    weight = torch.zeros(12, 8, 3, 3)
    assert of(lambda m, x: F.conv2d(x, weight, padding="same")).macs == N * 12 * 8 * 9
    assert of(lambda m, x: F.conv2d(x, weight, padding="valid")).macs == 16 * 12 * 8 * 9


def test_convolution_of_one_and_three_axes(of):
    one, three = torch.zeros(4, 8, 5), torch.zeros(4, 8, 1, 3, 3)
    assert of(lambda m, x: F.conv1d(x.flatten(2), one, padding=2)).macs == N * 4 * 8 * 5
    assert of(lambda m, x: F.conv3d(x[:, :, None], three)).macs == 16 * 4 * 8 * 9


def test_convolution_of_a_map_without_a_batch_axis(of):
    weight = torch.zeros(12, 8, 3, 3)
    assert of(lambda m, x: F.conv2d(x[0], weight, padding=1)).macs == N * 12 * 8 * 9


def test_transposed_convolution(of):
    weight = torch.zeros(8, 5, 2, 2)
    assert of(lambda m, x: F.conv_transpose2d(x, weight, stride=2)).macs == N * 8 * 5 * 4


def test_transposed_convolution_with_groups_and_output_padding(of):
    weight = torch.zeros(8, 3, 3, 3)  # four groups of 2 channels in, 3 out

    def up(m, x):
        return F.conv_transpose2d(x, weight, stride=2, padding=1, output_padding=1, groups=4)

    assert of(up).out_shape == (12, 12, 12)
    assert of(up).macs == N * 8 * 3 * 9


def test_linear(of):
    weight = torch.zeros(5, 8)
    assert of(lambda m, x: F.linear(x.permute(0, 2, 3, 1), weight)).macs == N * 8 * 5


def test_linear_over_positions(of):
    weight = torch.zeros(10, N)
    assert of(lambda m, x: F.linear(x.flatten(2), weight)).macs == 8 * N * 10


def test_matrix_products(of):
    a, b = torch.zeros(4, 7, 8), torch.zeros(8, 5)
    assert of(lambda m, x: x + (a @ b).sum()).macs == 4 * 7 * 8 * 5
    assert of(lambda m, x: x + torch.mm(a[0], b).sum()).macs == 7 * 8 * 5
    assert of(lambda m, x: x + torch.bmm(a, b.expand(4, 8, 5)).sum()).macs == 4 * 7 * 8 * 5


def test_a_product_that_broadcasts(of):
    a, b = torch.zeros(3, 1, 7, 8), torch.zeros(4, 8, 5)
    assert of(lambda m, x: x + (a @ b).sum()).macs == 3 * 4 * 7 * 8 * 5


def test_products_with_vectors(of):
    a, v, w = torch.zeros(4, 7, 8), torch.zeros(8), torch.zeros(7)
    assert of(lambda m, x: x + (a @ v).sum()).macs == 4 * 7 * 8
    assert of(lambda m, x: x + (w @ a).sum()).macs == 4 * 7 * 8
    assert of(lambda m, x: x + torch.mv(a[0], v).sum()).macs == 7 * 8
    assert of(lambda m, x: x + torch.dot(v, v)).macs == 8
    assert of(lambda m, x: x + v @ v).macs == 8


def test_products_that_are_added_to_something(of):
    a, b, c = torch.zeros(4, 7, 8), torch.zeros(4, 8, 5), torch.zeros(7, 5)
    v = torch.zeros(8)
    assert of(lambda m, x: x + torch.addmm(c, a[0], b[0]).sum()).macs == 7 * 8 * 5
    assert of(lambda m, x: x + torch.addmv(c[:, 0], a[0], v).sum()).macs == 7 * 8
    assert of(lambda m, x: x + torch.addbmm(c, a, b).sum()).macs == 4 * 7 * 8 * 5
    assert of(lambda m, x: x + torch.baddbmm(c, a, b).sum()).macs == 4 * 7 * 8 * 5


def test_tensordot(of):
    a = torch.zeros(8, 6, 5)
    assert of(lambda m, x: torch.tensordot(x, a, dims=([1, 2], [0, 1]))).macs == 6 * 8 * 6 * 5
    assert of(lambda m, x: torch.tensordot(x, m.weight, dims=([1], [0]))).macs == N * 8 * 8


@pytest.mark.parametrize(
    ("equation", "operands", "macs"),
    [
        ("bchw,dc->bdhw", [(1, 8, 6, 6), (5, 8)], N * 8 * 5),
        ("bhnc, bhmc -> bhnm", [(1, 2, 36, 4), (1, 2, 36, 4)], 2 * 36 * 36 * 4),
        ("bchw,dc", [(1, 8, 6, 6), (5, 8)], N * 8 * 5),
        ("...c,dc->...d", [(1, 6, 6, 8), (5, 8)], N * 8 * 5),
        ("...ij,...jk", [(2, 3, 4, 5), (3, 5, 6)], 2 * 3 * 4 * 5 * 6),
        ("...ij,...jk", [(2, 1, 4, 5), (3, 5, 6)], 2 * 3 * 4 * 5 * 6),
        ("i...,i...->...", [(7, 2, 3), (7, 2, 3)], 7 * 2 * 3),
        ("...c,...c->c", [(2, 3, 8), (2, 3, 8)], 2 * 3 * 8),
        # the ellipsis of one operand alone is summed before the product
        ("...c,c->c", [(2, 3, 8), (8,)], 8),
        # so is a label of one operand alone
        ("ij,jk->k", [(4, 5), (5, 6)], 5 * 6),
        ("ij,k->k", [(4, 5), (6,)], 6),
        ("ij,ij->", [(4, 5), (4, 5)], 20),
        ("ij,jk->ik", [(4, 1), (5, 6)], 4 * 6),
        ("ij,jk->ik", [(4, 5), (5, 1)], 4 * 5),
        ("ij,ik->ijk", [(1, 5), (4, 6)], 0),
        # nothing is summed over: elementwise
        ("bchw,c->bchw", [(1, 8, 6, 6), (8,)], 0),
        ("i,j->ij", [(8,), (6,)], 0),
        ("ii,ij->j", [(4, 4), (4, 6)], 4 * 6),
        # one operand: a view or a sum
        ("bchw->bhwc", [(1, 8, 6, 6)], 0),
        ("ii->", [(4, 4)], 0),
    ],
)
def test_einsum(of, equation, operands, macs):
    tensors = [torch.zeros(shape) for shape in operands]
    assert of(lambda m, x: x + torch.einsum(equation, *tensors).amax()).macs == macs


def test_einsum_of_the_other_form(of):
    a, b = torch.zeros(4, 5), torch.zeros(5, 6)
    assert of(lambda m, x: x + torch.einsum(a, [0, 1], b, [1, 2], [0, 2]).sum()).macs == 4 * 5 * 6


def test_the_rule_for_einsum_takes_shapes():
    assert einsum(["ab,bc->ac", [(2, 3), (3, 4)], None], [(2, 4)]) == 24


def test_fused_attention(of):
    q = torch.zeros(1, 2, 36, 4)
    k = torch.zeros(1, 2, 9, 4)
    v = torch.zeros(1, 2, 9, 3)
    expected = 2 * 36 * 9 * 4 + 2 * 36 * 9 * 3
    assert of(lambda m, x: x + F.scaled_dot_product_attention(q, k, v).sum()).macs == expected


def test_fused_attention_with_a_mask_counts_every_position(of):
    q = torch.zeros(1, 2, 36, 4)

    def masked(m, x):
        return x + F.scaled_dot_product_attention(q, q, q, is_causal=True).sum()

    assert of(masked).macs == 2 * (2 * 36 * 36 * 4)


def test_fused_attention_with_shared_keys(of):
    q, k = torch.zeros(1, 6, 36, 4), torch.zeros(1, 2, 36, 4)

    def grouped(m, x):
        return x + F.scaled_dot_product_attention(q, k, k, enable_gqa=True).sum()

    assert of(grouped).macs == 2 * (6 * 36 * 36 * 4)


def test_fused_attention_costs_what_its_plain_form_costs(of):
    q = torch.zeros(1, 2, 36, 4)
    fused = of(lambda m, x: x + F.scaled_dot_product_attention(q, q, q).sum())
    plain = of(lambda m, x: x + ((q @ q.transpose(-2, -1)).softmax(-1) @ q).sum())
    assert fused.macs == plain.macs == attention([(1, 2, 36, 4)] * 3, [(1, 2, 36, 4)])


def test_torchs_own_attention_module(of):
    inner = nn.MultiheadAttention(8, 2, batch_first=True).requires_grad_(False)

    def attend(m, x):
        tokens = x.flatten(2).transpose(1, 2)
        return inner(tokens, tokens, tokens)[0]

    expected = N * 8 * 3 * 8 + 2 * (N * N * 8) + N * 8 * 8
    assert of(attend).macs == expected


def test_work_under_vmap_is_counted(of):
    def each(m, x):
        return torch.vmap(lambda image: torch.einsum("chw,dc->dhw", image, m.weight))(x)

    assert of(each).macs == N * 8 * 8


def test_work_on_parameters_in_every_pass_is_counted(of):
    assert of(lambda m, x: x * (m.weight @ m.weight).sum()).macs == 8 * 8 * 8


def test_work_whose_result_is_thrown_away_is_counted(of):
    def wasteful(m, x):
        x @ x
        return x

    assert of(wasteful).macs == 8 * 6 * 6 * 6


@pytest.mark.parametrize(
    "free",
    [
        lambda m, x: F.gelu(x) * F.silu(x) + F.relu(x).square(),
        lambda m, x: F.softmax(x.flatten(2), -1),
        lambda m, x: F.layer_norm(x.permute(0, 2, 3, 1), (8,)),
        lambda m, x: F.group_norm(x, 2),
        lambda m, x: F.rms_norm(x.permute(0, 2, 3, 1), (8,)),
        lambda m, x: F.batch_norm(x, torch.zeros(8), torch.ones(8)),
        lambda m, x: F.avg_pool2d(x, 3, 1, 1) - F.max_pool2d(x, 3, 1, 1),
        lambda m, x: F.adaptive_avg_pool2d(x, 1),
        lambda m, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda m, x: F.pixel_shuffle(x, 2),
        lambda m, x: torch.roll(F.pad(x, (1, 1, 1, 1)), 1, 2),
        lambda m, x: F.unfold(x, 3, padding=1),
        lambda m, x: F.normalize(x, dim=1),
        lambda m, x: x[:, [1, 0, 3, 2, 5, 4, 7, 6]],
        lambda m, x: x.masked_fill(x > 0, 0.0),
        lambda m, x: torch.where(x > 0, x, -x).sum((2, 3)),
        lambda m, x: F.dropout(x, 0.5, m.training),
        lambda m, x: (x - x.mean((1, 2, 3), keepdim=True)) / (x.var((1, 2, 3)) + 1e-6).sqrt(),
        lambda m, x: x.reshape(1, 2, 4, 6, 6).transpose(1, 2).flatten(1, 2).clone(),
        lambda m, x: x * torch.tensor([0.5]) + torch.arange(6) + torch.as_tensor(m.weight)[0, 0],
        lambda m, x: x.clamp_(0).mul_(2).relu_(),
    ],
)
def test_free_work_costs_nothing(of, free):
    assert of(free).macs == 0


def test_every_name_in_the_table_is_an_operator():
    known = {schema.name for schema in torch._C._jit_get_all_schemas()}
    ours = [name for name in (*CONTRACTIONS, *FREE) if name.startswith("aten::")]
    # every elementwise one is listed in place, too; not all have that form
    assert [name for name in ours if not {name, name.removesuffix("_")} & known] == []


def test_nothing_is_both_counted_and_free():
    assert not FREE & CONTRACTIONS.keys()
