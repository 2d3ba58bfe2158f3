"""Activations with options, and by their other names, from the spec to the exported file."""

from __future__ import annotations

import types

import pytest
import torch
from torch import nn

import archdsl
from archdsl.errors import SpecError

HEAD = """
archdsl: 1
name: acts
input: [3, 8, 8]
classes: 4
stem: {type: conv, kernel: 3, act: {type: prelu, init: 0.1}}
block: {norm: layer_norm, token_mixer: {type: depthwise, kernel: 3}}
stages:
"""

ACTS = [
    "swish",
    "gelu_tanh",
    "prelu",
    "selu",
    "softsign",
    "tanhshrink",
    "logsigmoid",
    "{type: gelu, approximate: none}",
    "{type: gelu, approximate: tanh}",
    "{type: celu, alpha: 2}",
    "{type: elu, alpha: 0.5}",
    "{type: hardshrink, lambd: 0.1}",
    "{type: hardtanh, min_val: 0, max_val: 4}",
    "{type: leaky_relu, negative_slope: 0.1}",
    "{type: prelu, init: 0.05}",
    "{type: rrelu, lower: 0.1, upper: 0.2}",
    "{type: softplus, beta: 2, threshold: 5}",
    "{type: softshrink, lambd: 0.1}",
    "{type: threshold, threshold: 0.1, value: -0.2}",
]


def spec_of(*acts: str) -> archdsl.Spec:
    runs = "".join(
        f"      - {{depth: 1, channel_mixer: {{type: mlp, act: {act}}}}}\n" for act in acts
    )
    return archdsl.loads(f"{HEAD}  - dim: 8\n    runs:\n{runs}")


def acts_of(model: nn.Module) -> list[nn.Module]:
    return [block.channel_mixer.act for block in model.stages[0].blocks]


def test_every_activation_is_built_as_it_is_written() -> None:
    model = archdsl.build(spec_of(*ACTS))
    assert [repr(act) for act in acts_of(model)] == [
        "SiLU()",
        "GELU(approximate='tanh')",
        "PReLU(num_parameters=1)",
        "SELU()",
        "Softsign()",
        "Tanhshrink()",
        "LogSigmoid()",
        "GELU(approximate='none')",
        "GELU(approximate='tanh')",
        "CELU(alpha=2.0)",
        "ELU(alpha=0.5)",
        "Hardshrink(0.1)",
        "Hardtanh(min_val=0.0, max_val=4.0)",
        "LeakyReLU(negative_slope=0.1)",
        "PReLU(num_parameters=1)",
        "RReLU(lower=0.1, upper=0.2)",
        "Softplus(beta=2.0, threshold=5.0)",
        "Softshrink(0.1)",
        "Threshold(threshold=0.1, value=-0.2)",
    ]


def test_every_activation_leaves_as_it_was_built_and_reads_back_as_it_was_written() -> None:
    spec = spec_of(*ACTS)
    exported = types.ModuleType("exported")
    exec(compile(archdsl.export(spec), "exported.py", "exec"), vars(exported))
    torch.manual_seed(0)
    built = archdsl.build(spec)
    torch.manual_seed(0)
    other = exported.acts()
    assert list(built.state_dict()) == list(other.state_dict())
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(built.eval()(x), other.eval()(x))
    torch.manual_seed(1)
    ours = built.train()(x)
    torch.manual_seed(1)
    assert torch.equal(ours, other.train()(x))
    assert archdsl.loads(spec.dump()).network() == spec.network()


def test_each_prelu_has_a_slope_of_its_own_that_is_counted_and_trained() -> None:
    spec, without = spec_of("prelu", "prelu"), spec_of("relu", "relu")
    assert archdsl.count(spec).params == archdsl.count(without).params + 2
    assert archdsl.count(spec).macs == archdsl.count(without).macs
    model = archdsl.build(spec)
    one, other = (act.weight for act in acts_of(model))
    assert one is not other
    model(torch.randn(2, 3, 8, 8)).square().sum().backward()
    assert one.grad is not None
    assert other.grad is not None
    assert not torch.equal(one.grad, other.grad)


@pytest.mark.parametrize(
    ("other", "plain"), [("swish", "silu"), ("gelu_tanh", "{type: gelu, approximate: tanh}")]
)
def test_a_second_name_is_the_same_component(other: str, plain: str) -> None:
    assert spec_of(other).network() == spec_of(plain).network()
    inherited = archdsl.loads(
        spec_of(plain).dump(),
        set={"stages.0.runs.0.channel_mixer": {"type": "mlp", "act": {"choice": ["relu", other]}}},
    )
    assert inherited.network() == spec_of(plain).network()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GELU", "gelu"),
        ("SiLU", "silu"),
        ("ReLU", "relu"),
        ("ReLU6", "relu6"),
        ("LeakyReLU", "leaky_relu"),
        ("PReLU", "prelu"),
        ("Swish", "swish"),
        ("StarReLU", "star_relu"),
        ("HardSwish", "hardswish"),
        ("leakyrelu", "leaky_relu"),
        ("gelutanh", "gelu_tanh"),
    ],
)
def test_a_name_as_a_class_has_it_gets_the_name_that_is_meant(written: str, meant: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(written)
    assert caught.value.problem == (
        f"no act is called '{written}'.  did you mean '{meant}'?  (archdsl list act)"
    )
    spec_of(meant)


@pytest.mark.parametrize(
    ("bad", "good", "problem", "cure"),
    [
        (
            "{type: relu, inplace: true}",
            "relu",
            "relu has no option 'inplace'",
            "relu takes no options",
        ),
        (
            "{type: leaky_relu, slope: 0.1}",
            "{type: leaky_relu, negative_slope: 0.1}",
            "leaky_relu has no option 'slope'",
            "leaky_relu takes: negative_slope (number, 0.01)",
        ),
        (
            "{type: gelu, approximate: tan}",
            "{type: gelu, approximate: tanh}",
            "'tan' is not one of none | tanh",
            "",
        ),
        (
            "{type: softplus, beta: 0}",
            "{type: softplus, beta: 0.1}",
            "0 is not a positive number",
            "",
        ),
        (
            "{type: hardtanh, min_val: 1}",
            "{type: hardtanh, min_val: 0.5}",
            "hardtanh has min_val 1 and max_val 1",
            "choose a min_val below max_val",
        ),
        (
            "{type: rrelu, lower: 0.5}",
            "{type: rrelu, lower: 0.5, upper: 0.5}",
            "rrelu has lower 0.5 and upper 0.333333",
            "choose a lower below upper",
        ),
        (
            "threshold",
            "{type: threshold, threshold: 0, value: 0}",
            "threshold needs its option 'threshold'",
            "threshold takes: threshold (number, required), value (number, required)",
        ),
        (
            "{type: gelu_tanh, approximate: none}",
            "{type: gelu, approximate: none}",
            "gelu_tanh says 'approximate' already: it is {type: gelu, approximate: tanh}",
            "write  {type: gelu, approximate: ...}",
        ),
        (
            "{type: prelu, num_parameters: 8}",
            "{type: prelu, init: 8}",
            "prelu has no option 'num_parameters'",
            "prelu takes: init (number, 0.25)",
        ),
    ],
)
def test_an_option_that_an_activation_does_not_take_is_refused(
    bad: str, good: str, problem: str, cure: str
) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(bad).network()
    assert (caught.value.problem, caught.value.cure) == (problem, cure)
    archdsl.build(spec_of(good))
