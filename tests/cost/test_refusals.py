"""What cannot be counted exactly is refused, with the address, the reason and the cure."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.cost.measure import measure
from archdsl.errors import ArchError, CountError

WHERE = "stages.0.blocks.1.token_mixer"


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


class Inner(nn.Module):
    def forward(self, x):
        return x.cumprod(1)


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.steps = nn.Sequential(nn.ReLU(), Inner())

    def forward(self, x):
        return self.steps(x)


def scripted():
    with pytest.warns(DeprecationWarning):
        return torch.jit.script(branching)


def branching(x):
    if x.size(2) > 3:
        return torch.matmul(x, x)
    return x


def test_an_operator_without_a_rule_names_itself_the_address_and_the_cure(of):
    with pytest.raises(CountError) as caught:
        of(lambda m, x: x.cumprod(1))
    assert str(caught.value) == (
        f"{WHERE}: aten::cumprod has no counting rule.  write one, "
        '@archdsl.macs("aten::cumprod"), that returns its MACs, or 0 where it is free; or give '
        "the module a method `macs`"
    )


def test_the_address_is_that_of_the_innermost_module():
    with pytest.raises(CountError, match=rf"^{re.escape(WHERE)}\.steps\.1: aten::cumprod "):
        measure(Outer, (8, 6, 6), WHERE)


@pytest.mark.parametrize(
    ("forward", "operator"),
    [
        (lambda m, x: x.logcumsumexp(1), "aten::logcumsumexp"),
        (lambda m, x: torch.cdist(x[0], x[0])[None], "aten::cdist"),
        (lambda m, x: F.cosine_similarity(x, x, dim=1)[None], "aten::cosine_similarity"),
        (lambda m, x: F.bilinear(x, x, torch.zeros(3, 6, 6)), "aten::bilinear"),
        (lambda m, x: torch.linalg.matrix_exp(x), "aten::linalg_matrix_exp"),
        (lambda m, x: x + x.nonzero().shape[0], "aten::nonzero"),
        (lambda m, x: x + x.masked_select(x > 0).sum(), "aten::masked_select"),
        (lambda m, x: Doubled.apply(x), "prim::PythonOp.Doubled"),
    ],
)
def test_operators_that_are_neither_counted_nor_free(of, forward, operator):
    with pytest.raises(CountError, match=f"^{re.escape(WHERE)}: {re.escape(operator)} has no"):
        of(forward)


def test_a_refused_operator_whose_result_is_thrown_away(of):
    def wasteful(m, x):
        x.cumprod(1)
        return x

    with pytest.raises(CountError, match="aten::cumprod"):
        of(wasteful)


def test_a_torchscript_function_is_not_skipped(of):
    function = scripted()
    with pytest.raises(CountError, match="a TorchScript function cannot be counted"):
        of(lambda m, x: function(x))
    assert of(lambda m, x: branching(x)).macs == 8 * 6 * 6 * 6


def test_a_torchscript_module_is_not_skipped():
    class Branching(nn.Module):
        def forward(self, x):
            if x.size(2) > 3:
                return torch.matmul(x, x)
            return x

    class Plain(nn.Module):
        def forward(self, x):
            return torch.matmul(x, x)

    with pytest.warns(DeprecationWarning):
        branching, plain = torch.jit.script(Branching()), torch.jit.script(Plain())
    for module in (branching, plain):
        with pytest.raises(CountError):
            measure(lambda made=module: nn.Sequential(made), (8, 6, 6), WHERE)


def test_an_operator_of_a_library_of_its_own(of):
    @torch.library.custom_op("archdsl_tests::square", mutates_args=())
    def square(x: torch.Tensor) -> torch.Tensor:
        return x @ x

    with pytest.raises(CountError, match=r'@archdsl\.macs\("archdsl_tests::square"\)'):
        of(lambda m, x: square(x))
    archdsl.macs("archdsl_tests::square")(lambda inputs, outputs: 8 * 6 * 6 * 6)
    assert of(lambda m, x: square(x)).macs == 8 * 6 * 6 * 6


def test_complex_numbers_multiply_four_times(of):
    with pytest.raises(CountError, match=r"aten::matmul: it multiplies complex numbers"):
        of(lambda m, x: (torch.complex(x, x) @ torch.complex(x, x)).abs())
    assert of(lambda m, x: (torch.complex(x, x) * 2).abs()).macs == 0


def test_an_einsum_of_three_operands_has_no_one_order(of):
    with pytest.raises(CountError, match="its cost depends on their order; write it as products"):
        of(lambda m, x: torch.einsum("bchw,cd,de->behw", x, m.weight, m.weight))


def test_a_product_that_is_summed_is_a_hidden_contraction(of):
    def hidden(m, x):
        return (x[:, None] * m.weight[None, :, :, None, None]).sum(2)

    with pytest.raises(CountError, match="a product of two tensors that is summed"):
        of(hidden)
    assert of(lambda m, x: torch.einsum("bchw,dc->bdhw", x, m.weight)).macs == 36 * 64


@pytest.mark.parametrize(
    "harmless",
    [
        lambda m, x: (x * x).sum(1, keepdim=True),
        lambda m, x: (x * 3).sum(1, keepdim=True),
        lambda m, x: (x * m.weight[0, 0]).sum(1, keepdim=True),
        lambda m, x: (x * x.mean((2, 3), keepdim=True)).mean((2, 3)),
        lambda m, x: (x * m.weight[0][:, None, None] + 1).mean((2, 3)),
    ],
)
def test_sums_that_hide_nothing(of, harmless):
    assert of(harmless).macs == 0


def test_a_hidden_contraction_behind_a_view_is_still_seen(of):
    with pytest.raises(CountError, match="a product of two tensors that is summed"):
        of(lambda m, x: (x.flatten(2) * x.flatten(2).flip(1)).transpose(1, 2).sum(-1))


def test_a_mask_as_an_index_gives_a_shape_of_the_data(of):
    with pytest.raises(CountError, match="indexing with a mask"):
        of(lambda m, x: x[:, torch.arange(8) > 3])
    assert of(lambda m, x: x[:, torch.arange(4, 8)]).out_shape == (4, 6, 6)


@pytest.mark.parametrize(
    ("reading", "what"),
    [
        (lambda m, x: x @ x if x.mean() > 0 else x, "the value of a tensor"),
        (lambda m, x: x * float(m.weight[0, 0]), "the value of a tensor"),
        (lambda m, x: x[:, : x.argmax()] if x.any() else x, "the value of a tensor"),
        (lambda m, x: x[:, : (x[0, 0, 0, 0] + 3).int()], "the value of a tensor"),
        (lambda m, x: x if torch.equal(x, x) else x @ x, "whether two tensors are equal"),
        (lambda m, x: x + torch.tensor(x.tolist()), "a tensor as a list"),
        (lambda m, x: x + torch.from_numpy(x.numpy()), "a tensor as an array"),
        (lambda m, x: x + torch.from_dlpack(np.from_dlpack(x)), "the memory of a tensor"),
        (lambda m, x: x + (x.data_ptr() > 0), "the memory of a tensor"),
    ],
)
def test_a_forward_that_reads_values_may_cost_anything(of, reading, what):
    with pytest.raises(CountError, match=rf"reads {what} \(test_refusals\.py:\d+\), so its cost"):
        of(reading)


def test_a_forward_that_hangs_on_shapes_alone_is_counted(of):
    def padded(m, x):
        height = x.shape[2]
        if height % 4:
            x = F.pad(x, (0, 0, 0, 4 - height % 4))
        return x @ x.transpose(2, 3)

    assert of(padded).macs == 8 * 8 * 8 * 6


def test_values_that_are_read_once_and_cached_are_no_matter(of):
    def cached(m, x):
        if not hasattr(m, "steps"):
            m.steps = int(torch.arange(4).max())
        return x * m.steps

    assert of(cached).macs == 0


def test_a_forward_that_fails_says_on_what(of):
    with pytest.raises(CountError) as caught:
        of(lambda m, x: x @ m.weight)
    assert str(caught.value).startswith(
        f"{WHERE}: it cannot be counted, because it fails on an input of 8x6x6: RuntimeError: "
    )
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_forward_that_gives_no_tensor(of):
    with pytest.raises(CountError, match="gives a tuple, and a layer gives one tensor"):
        of(lambda m, x: (x, x))


def test_an_error_of_archdsl_passes_through(of):
    def refuses(m, x):
        raise ArchError("in its own words")

    with pytest.raises(ArchError, match="in its own words"):
        of(refuses)


def test_a_registered_rule_is_used(of):
    @archdsl.macs("aten::cumsum")
    def half_a_square(inputs, outputs):
        x, axis, dtype = inputs
        assert (x, axis, dtype) == ((1, 8, 6, 6), 1, None)
        assert outputs == [(1, 8, 6, 6)]
        return 7

    assert of(lambda m, x: x.cumsum(1)).macs == 7


def test_a_registered_rule_for_a_custom_function(of):
    @archdsl.macs("prim::PythonOp.Doubled")
    def free(inputs, outputs):
        return 0

    assert of(lambda m, x: Doubled.apply(x) @ x).macs == 8 * 6 * 6 * 6


@pytest.mark.parametrize("answer", [1.5, True, -1, None])
def test_a_rule_must_give_an_int(of, answer):
    archdsl.macs("aten::cumsum")(lambda inputs, outputs: answer)
    with pytest.raises(CountError, match=r"the rule for aten::cumsum gave .*, and a count is an"):
        of(lambda m, x: x.cumsum(1))


def test_a_rule_that_fails_is_named(of):
    archdsl.macs("aten::cumsum")(lambda inputs, outputs: inputs[9])
    with pytest.raises(CountError, match="the rule for aten::cumsum fails: IndexError: "):
        of(lambda m, x: x.cumsum(1))


def test_a_registered_rule_may_be_about_complex_numbers(of):
    archdsl.macs("aten::fft_rfft2")(lambda inputs, outputs: 5)
    assert of(lambda m, x: torch.fft.rfft2(x).abs()).macs == 5


@pytest.mark.parametrize("operator", ["aten::linear", "aten::gelu", "prim::Constant"])
def test_a_rule_for_what_is_counted_already_is_refused(operator):
    with pytest.raises(ArchError, match=rf"^{re.escape(__file__)}:\d+: {operator} is counted"):
        archdsl.macs(operator)(lambda inputs, outputs: 0)


def test_two_rules_for_one_operator_are_refused():
    def one(inputs, outputs):
        return 0

    def other(inputs, outputs):
        return 1

    archdsl.macs("aten::cumsum")(one)
    archdsl.macs("aten::cumsum")(one)
    with pytest.raises(ArchError, match=r"aten::cumsum has a rule at .*, and again at "):
        archdsl.macs("aten::cumsum")(other)


@pytest.mark.parametrize("name", ["cumsum", "aten::", "aten cumsum", ""])
def test_a_rule_for_no_operator_is_refused(name):
    with pytest.raises(ArchError, match="is no name of an operator"):
        archdsl.macs(name)
