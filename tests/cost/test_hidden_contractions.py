"""A contraction that no operator names is refused in whatever way it is written."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from archdsl.cost.measure import measure
from archdsl.errors import CountError
from tests.cost.parts import WHERE, Parts, macs, queries_and_keys, shifted, tokens

SUMMED = (
    f"{WHERE}: a product of two tensors that is summed is a contraction, which no counter sees.  "
    "write it as a matmul or an einsum, or give the module a method `macs`"
)
ADDED = (
    f"{WHERE}: a chain that adds 4 or more products of different tensors is a contraction, which "
    "no counter sees.  write it as a matmul or an einsum, or give the module a method `macs`"
)
SQUARED = (
    f"{WHERE}: the summed square of a sum or difference that is larger than both its tensors has "
    "their product in it, a contraction, which no counter sees.  write it as a matmul or an "
    "einsum, or give the module a method `macs`"
)
PROJECTIONS = 2 * 36 * 8 * 8


def logits(how):
    """A mixer whose N x N logits are `how(q, k)` for q (B, N, 1, C) and k (B, 1, N, C)."""

    def forward(m, x):
        q, k = queries_and_keys(m, x)
        return how(q[:, :, None], k[:, None])

    return forward


def refused(function):
    with pytest.raises(CountError) as caught:
        macs(function)
    return str(caught.value)


def test_the_cure_is_counted():
    product = macs(lambda m, x: (lambda q, k: q @ k.transpose(1, 2))(*queries_and_keys(m, x)))
    assert product == PROJECTIONS + 36 * 36 * 8


@pytest.mark.parametrize(
    "how",
    [
        lambda q, k: (q * k).sum(-1),
        lambda q, k: (q * 0.5 * k).sum(-1),
        lambda q, k: (q * k * 8**-0.5).sum(-1),
        lambda q, k: (-(q * k)).sum(-1),
        lambda q, k: -(q * -k).sum(-1),
        lambda q, k: (q * k + 0.0).sum(-1),
        lambda q, k: (1 - q * k).sum(-1),
        lambda q, k: (q * k).mean(-1),
        lambda q, k: (q * k).nansum(-1),
        lambda q, k: (q * k).sum(),
        lambda q, k: (q * k).norm(p=1, dim=-1),
        lambda q, k: (q * k).norm(dim=-1),
        lambda q, k: torch.linalg.vector_norm(q * k, 3, dim=-1),
        lambda q, k: (q * k).std(-1),
        lambda q, k: torch.var_mean(q * k, -1)[1],
        lambda q, k: (q * k).logsumexp(-1),
        lambda q, k: (q * k).cumsum(-1)[..., -1],
        lambda q, k: F.avg_pool1d((q * k)[0], 8),
        lambda q, k: F.avg_pool2d(q * k, (1, 8)),
        lambda q, k: F.adaptive_avg_pool2d(q * k, (36, 1)),
        lambda q, k: F.adaptive_avg_pool1d((q * k)[0], 1),
        lambda q, k: (q * k).masked_fill(torch.ones(36, 36, 1) > 2, 0.0).sum(-1),
        lambda q, k: torch.where(k > 0, q * k, 0.0).sum(-1),
        lambda q, k: F.dropout(q * k, 0.1, False).sum(-1),
        lambda q, k: (q * k).clamp(-1, 1).sum(-1),
        lambda q, k: F.relu(q * k).sum(-1),
        lambda q, k: (q * k).double().sum(-1).float(),
        lambda q, k: (q / (1 / k)).sum(-1),
        lambda q, k: (q / k).sum(-1),
        lambda q, k: torch.addcmul(torch.zeros(1), q, k).sum(-1),
        lambda q, k: torch.addcdiv(torch.zeros(1), q, k, value=2).sum(-1),
        lambda q, k: torch.lerp(torch.zeros(1), q, k.expand(1, 36, 36, 8)).sum(-1),
        lambda q, k: q.repeat(1, 1, 36, 1).mul_(k).sum(-1),
        lambda q, k: torch.zeros(1, 36, 36, 8).add_(q * k).sum(-1),
        lambda q, k: torch.zeros(1, 36, 36, 8).addcmul_(q, k).sum(-1),
        lambda q, k: torch.empty(1, 36, 36, 8).copy_(q * k).sum(-1),
        lambda q, k: torch.einsum("bnmc->bnm", q * k),
        lambda q, k: torch.einsum("bnc,bmc->bnmc", q[:, :, 0], k[:, 0]).sum(-1),
        lambda q, k: torch.einsum("...c,...c->...c", q, k).sum(-1),
        lambda q, k: torch.einsum("bnmc,bnm->bnm", q * k, torch.ones(1, 36, 36)),
        lambda q, k: (q * k).permute(0, 3, 1, 2).reshape(1, 8, -1).sum(1),
        lambda q, k: (q * k).unflatten(3, (2, 4)).sum((3, 4)),
        lambda q, k: (q * k).reshape(-1, 4).sum(1),
        lambda q, k: sum(part.sum(-1) for part in (q * k).chunk(2, -1)),
        lambda q, k: (q * k).roll(3, -1).flip(1)[:, 1:].sum(-1),
        lambda q, k: F.pad(q * k, (0, 3)).sum(-1),
        lambda q, k: (q.expand(1, 36, 36, 8) * k.expand(1, 36, 36, 8)).sum(-1),
        lambda q, k: torch.cat([q * k, q * k], -1).sum(-1),
        lambda q, k: torch.zeros(1, 36, 36, 1).index_add(3, torch.zeros(8).long(), q * k),
        lambda q, k: torch.zeros(1, 36, 36, 8).scatter_add(
            3, torch.zeros(1, 36, 36, 8).long(), q * k
        ),
        lambda q, k: torch.vmap(lambda a, b: (a * b).sum(-1))(q, k),
        lambda q, k: (torch.complex(q, q) * torch.complex(k, k)).sum(-1).real,
        lambda q, k: (q * k).pow(3).sum(-1),
        lambda q, k: torch.exp(q.log() + k.log()).sum(-1),
        lambda q, k: torch.exp2(torch.log2(q) - torch.log2(k) + 1).mean(-1),
        lambda q, k: (q.log() + k.log()).logsumexp(-1),
        lambda q, k: torch.exp((q.log() - k.log()).logsumexp(-1)),
        lambda q, k: (q * k).topk(4, -1).values.sum(-1),
        lambda q, k: (q * k).sort(-1)[0].sum(-1),
        lambda q, k: torch.stack(torch.broadcast_tensors(q, k)).prod(0).sum(-1),
        lambda q, k: torch.xlogy(q, k).sum(-1),
        lambda q, k: torch.mul(q, k, out=torch.empty(1, 36, 36, 8)).sum(-1),
        lambda q, k: torch.stack([(q[:, i] * k[:, 0]).mean(-1) for i in range(36)], 1),
        lambda q, k: (q[..., None] * k[:, 0, :, None, None]).cumsum(1),
        lambda q, k: (F.normalize(q, dim=-1) * F.normalize(k, dim=-1)).sum(-1),
        lambda q, k: (q * q.transpose(1, 2)).sum(-1),
        lambda q, k: (q * q.roll(1, 1)).sum(-1),
    ],
)  # fmt: skip
def test_a_product_is_followed_to_its_sum(how):
    assert refused(logits(how)) == SUMMED


@pytest.mark.parametrize(
    "how",
    [
        lambda q, k: (q * k).amax(-1),  # nothing is added
        lambda q, k: (q.log() + k.log()).amax(-1),
        lambda q, k: (q.log() + 1).logsumexp(-1) + (k + 1).logsumexp(-1),
        lambda q, k: (q * k).amax(-1).sum(-1),
        lambda q, k: (q.sum(-1) * k.sum(-1)).sum(1),  # each of them along another axis
        lambda q, k: (q * k.mean(-1, keepdim=True)).sum(-1),
        lambda q, k: torch.einsum("bnc,bmc->bnmc", q[:, :, 0], k[:, 0]),
        lambda q, k: (q - k).abs().sum(-1),  # no product in it
        lambda q, k: (q - k).norm(p=1, dim=-1),
        lambda q, k: (q - k).norm(p=float("inf"), dim=-1),
        lambda q, k: (q * (k > 0)).sum(-1),  # a mask chooses
        lambda q, k: (q * torch.arange(8)).sum(-1),  # a constant
        lambda q, k: (q * torch.ones(8)).sum(-1),
        lambda q, k: (q * 2 + k * 3).sum(-1),
        lambda q, k: (q.log() + k.log()).sum(-1),
        lambda q, k: torch.exp(q + k).sum(-1),  # a softmax with a bias
        lambda q, k: torch.exp(q.log() + q.log()).sum(-1),
    ],
)
def test_its_neighbours_cost_nothing(how):
    assert macs(logits(how)) == PROJECTIONS


@pytest.mark.parametrize(
    "how",
    [
        lambda q, k: (q - k).pow(2).sum(-1),
        lambda q, k: (q + k).square().mean(-1),
        lambda q, k: ((q - k) ** 2).sum(-1).neg().exp(),
        lambda q, k: ((q - k) * (q - k)).sum(-1),
        lambda q, k: (q - k).norm(dim=-1),
        lambda q, k: (q - k).norm(p=4, dim=-1),
        lambda q, k: torch.linalg.vector_norm(k - q, dim=-1),
        lambda q, k: (q.expand(1, 36, 36, 8) - k.expand(1, 36, 36, 8)).pow(2).sum(-1),
        lambda q, k: torch.sub(q, k, alpha=2).pow(2).sum(-1),
        lambda q, k: (q - k).relu().square().sum(-1),
        lambda q, k: (q + k).var(-1),
        lambda q, k: (q - q.transpose(1, 2)).pow(2).sum(-1),
    ],
)
def test_a_square_of_a_broadcast_sum_has_a_product_in_it(how):
    assert refused(logits(how)) == SQUARED


def test_a_square_of_a_sum_no_larger_than_its_terms_has_none():
    assert macs(lambda m, x: (x - m.convs[0](x)).pow(2).sum(1, keepdim=True)) == 36 * 64
    assert macs(lambda m, x: (x - m.scales[0]).pow(2).sum(1, keepdim=True)) == 0
    assert macs(logits(lambda q, k: (q - k).pow(2).amax(-1))) == PROJECTIONS


def test_rows_added_in_a_loop():
    def loop(pairs):
        return lambda m, x: sum(
            a[:, :, None] * b[:, None] for a, b in pairs(*queries_and_keys(m, x))
        )

    assert refused(loop(lambda q, k: zip(q.unbind(2), k.unbind(2), strict=True))) == ADDED
    assert refused(loop(lambda q, k: ((q[..., c], k[..., c]) for c in range(4)))) == ADDED
    three = macs(loop(lambda q, k: ((q[..., c], k[..., c]) for c in range(3))))
    assert three == PROJECTIONS


def test_rows_added_in_place():
    def forward(count):
        def loop(m, x):
            q, k = queries_and_keys(m, x)
            out = torch.zeros(1, 36, 36)
            for c in range(count):
                out += q[:, :, None, c] * k[:, None, :, c]
            return out

        return loop

    assert refused(forward(8)) == ADDED
    assert macs(forward(3)) == PROJECTIONS


@pytest.mark.parametrize("join", [torch.stack, torch.cat])
def test_rows_joined_and_summed(join):
    def forward(m, x):
        q, k = queries_and_keys(m, x)
        rows = [q[:, None, :, c] * k[:, None, :, c] for c in range(8)]
        return join(rows, 1).sum(1)

    assert refused(forward) == ADDED


def test_rows_written_and_summed():
    def rows(m, x):
        q, k = queries_and_keys(m, x)
        out = torch.zeros(1, 36, 8)
        for c in range(8):
            out[:, :, c] = q[:, :, c] * k[:, :, c]
        return out

    assert refused(lambda m, x: rows(m, x).sum(-1)) == ADDED
    assert macs(rows) == PROJECTIONS


def into_a_part(product):
    out = torch.zeros(1, 36, 16)
    out[:, :, :8] = product
    return out


def into_places(product):
    out = torch.zeros(1, 36, 8)
    out[:, torch.arange(36)] = product
    return out


def through_a_view(product):
    out = torch.zeros(1, 36, 8)
    out.view(36, 8).copy_(product[0])
    return out


def turned(product):
    out = torch.zeros(1, 8, 36)
    out.transpose(1, 2).copy_(product)
    return out.transpose(1, 2)


@pytest.mark.parametrize("written", [into_a_part, into_places, through_a_view, turned])
def test_a_product_that_is_written_somewhere_and_summed(written):
    def product(m, x):
        q, k = queries_and_keys(m, x)
        return written(q * k)

    assert refused(lambda m, x: product(m, x).sum(-1)) == SUMMED
    assert macs(product) == PROJECTIONS


@pytest.mark.parametrize(
    "step",
    [
        lambda total, product: (total + product).clamp(-5, 5) * 0.9,
        lambda total, product: torch.where(torch.ones(36) > 0, total + product, total),
        lambda total, product: torch.add(total, product, alpha=-1),
        lambda total, product: total - product.neg(),
        lambda total, product: torch.add(total, product, out=torch.empty(1, 36)),
        lambda total, product: F.dropout(F.relu(total + product)),
    ],
)
def test_whatever_is_done_to_a_chain_between_its_terms(step):
    def chain(count):
        def forward(m, x):
            q, k = queries_and_keys(m, x)
            total = torch.zeros(1, 36)
            for c in range(count):
                total = step(total, q[..., c] * k[..., c])
            return total

        return forward

    assert refused(chain(4)) == ADDED
    assert macs(chain(3)) == PROJECTIONS


def test_a_chain_of_chains():
    def forward(m, x):
        q, k = queries_and_keys(m, x)
        terms = [q[..., c] * k[..., c] for c in range(4)]
        return (terms[0] + terms[1]) - (terms[2] + terms[3])

    assert refused(forward) == ADDED


def test_each_row_added_to_its_own_place_is_no_chain():
    def forward(m, x):
        q, k = queries_and_keys(m, x)
        out = torch.zeros(1, 36, 8)
        for c in range(8):
            out[:, :, c] += q[:, :, c] * k[:, :, c]
        return out

    assert macs(forward) == PROJECTIONS


def addcmul(m, x):
    out = torch.zeros(1, 8, 6, 6)
    for slot, weight in zip(shifted(x), m.scales, strict=True):
        out.addcmul_(slot, weight)
    return out


def onto_places(m, x):
    out = torch.zeros(1, 8, 8, 8)
    for i in range(3):
        for j in range(3):
            out[:, :, i : i + 6, j : j + 6] += x * m.filter[:, i, j].view(8, 1, 1)
    return out


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: sum(s * w for s, w in zip(shifted(x), m.scales, strict=True)),
        lambda m, x: sum(
            s * m.filter.flatten(1)[:, i].view(8, 1, 1) for i, s in enumerate(shifted(x))
        ),
        lambda m, x: sum(s * m.numbers.flatten()[i] for i, s in enumerate(shifted(x))),
        lambda m, x: sum(torch.roll(x, i, 3) * m.scales[i] for i in range(4)),
        lambda m, x: torch.stack([s * w for s, w in zip(shifted(x), m.scales, strict=True)]).mean(
            0
        ),
        lambda m, x: sum(m.sliced[i] * part for i, part in enumerate(x.unbind(2))),
        addcmul,
        onto_places,
        # as many independent pairs
        lambda m, x: sum(m.convs[i](x) * m.convs[i + 1](x) for i in range(0, 8, 2)),
        # a learned activation on a basis
        lambda m, x: sum(
            w * f(x) for w, f in zip(m.scales, (F.relu, F.tanh, F.silu, F.gelu), strict=False)
        ),
    ],
)
def test_a_filter_as_shifted_products(function):
    assert refused(function) == ADDED


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: (torch.stack(shifted(x)) * torch.stack([*m.scales])[:, None]).sum(0),
        lambda m, x: (F.unfold(x, 3, padding=1).view(1, 8, 9, 36) * m.filter.view(8, 9, 1)).sum(2),
        lambda m, x: (x.unfold(2, 3, 1).unfold(3, 3, 1) * m.filter[:, None, None]).sum((-1, -2)),
        lambda m, x: F.fold(
            F.unfold(x, 3, padding=1) * F.unfold(m.convs[0](x), 3, padding=1), (6, 6), 3, padding=1
        ),
        lambda m, x: F.glu(x, 1).sum(1),
        lambda m, x: (x[:, None] * m.fc.weight[:, :, None, None]).neg().mean(2),
        lambda m, x: (tokens(x)[..., None] * tokens(x)[:, :, None]).mean(1),
        # attention pooling
        lambda m, x: (x * m.convs[0](x)[:, :1].flatten(2).softmax(2).view(1, 1, 6, 6)).sum((2, 3)),
        lambda m, x: (x * m.table).mean((2, 3)),
        lambda m, x: (x * m.scales[0] + 1).sum(1),
        # how alike a position is to the mean of all
        lambda m, x: x * (x * x.mean((2, 3), keepdim=True)).sum(1, keepdim=True),
    ],
)
def test_a_sum_over_what_a_parameter_weighs(function):
    assert refused(function) == SUMMED


def test_a_fold_of_patches_that_do_not_overlap_is_a_move():
    def gated(m, x):
        patches = F.unfold(x, 2, stride=2)
        return F.fold(patches * torch.sigmoid(patches.flip(1)), (6, 6), 2, stride=2)

    assert macs(gated) == 0


def test_the_module_inside_is_named():
    class Inner(nn.Module):
        def forward(self, x):
            return (tokens(x) * tokens(x).flip(1)).clamp(0).mean(-1)

    with pytest.raises(CountError) as caught:
        measure(lambda: nn.Sequential(nn.ReLU(), Inner()), (8, 6, 6), WHERE)
    assert str(caught.value) == SUMMED.replace(WHERE, f"{WHERE}.1")


def test_a_product_in_one_module_and_its_sum_in_another():
    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(8, 8, 1)

        def forward(self, x):
            return x * self.conv(x)

    with pytest.raises(CountError, match=r"token_mixer\.1: a product of two tensors that is"):
        measure(lambda: nn.Sequential(Gate(), nn.AdaptiveAvgPool2d(1)), (8, 6, 6), WHERE)
    assert measure(lambda: nn.Sequential(Gate(), nn.AdaptiveMaxPool2d(1)), (8, 6, 6), "l").macs


def test_a_method_macs_answers_for_it():
    class Answers(Parts):
        def macs(self, x):
            return 5

    def hidden(m, x):
        return (x * m.table).sum((2, 3))

    assert measure(lambda: Answers(hidden), (8, 6, 6), WHERE).macs == 5
