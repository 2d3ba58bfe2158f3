"""What a module keeps in eval, worked out from parameters that have not changed."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archdsl.nn.position_bias import PositionBias
from tests.nn.transnext_plain import DIM, attention, formula


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How often position biases are worked out."""
    passes: list[int] = []
    between = PositionBias.between

    def noted(self: PositionBias, *arguments: Any) -> Tensor:
        passes.append(1)
        return between(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PositionBias, "between", noted)
        yield passes


KINDS = pytest.mark.parametrize("kind", ["aggregated", "cosine"])


@KINDS
def test_biases_are_worked_out_once_in_eval(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    with counted(monkeypatch) as passes, torch.no_grad():
        for _ in range(3):
            mixer(x)
        assert len(passes) == 1
        mixer(torch.randn(2, DIM, 4, 8))
        assert len(passes) == 2
        mixer.train()
        mixer(x)
        mixer(x)
        assert len(passes) == 4


def scaled_in_place(mixer: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in mixer.parameters():
            parameter.mul_(0.5)
    return mixer


def stepped(mixer: nn.Module) -> nn.Module:
    optimizer = torch.optim.AdamW(mixer.parameters(), lr=0.1)
    mixer(torch.ones(1, DIM, 6, 6)).square().sum().backward()
    optimizer.step()
    return mixer


def loaded(mixer: nn.Module) -> nn.Module:
    state = {name: tensor * 0.5 for name, tensor in mixer.state_dict().items()}
    mixer.load_state_dict(state)
    return mixer


def assigned(mixer: nn.Module) -> nn.Module:
    state = {name: tensor * 0.5 for name, tensor in mixer.state_dict().items()}
    mixer.load_state_dict(state, assign=True)
    return mixer


def replaced(mixer: nn.Module) -> nn.Module:
    mixer.position_bias.fc2 = nn.Linear(512, 2)  # type: ignore[union-attr]
    return mixer


def rounded(mixer: nn.Module) -> nn.Module:
    return mixer.to(torch.bfloat16).float()


def written_around_autograd(mixer: nn.Module) -> nn.Module:
    mixer.train()(torch.ones(1, DIM, 6, 6))
    for parameter in mixer.parameters():
        parameter.data.mul_(0.5)
    return mixer.eval()


@KINDS
@pytest.mark.parametrize(
    "change",
    [scaled_in_place, stepped, loaded, assigned, replaced, rounded, written_around_autograd],
)
def test_what_is_kept_follows_the_parameters(
    kind: str, change: Callable[[nn.Module], nn.Module]
) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    with torch.no_grad():
        before = mixer(x)
    change(mixer)
    with torch.no_grad():
        found = mixer(x)
        assert not torch.equal(found, before)
        assert torch.equal(found, copy.deepcopy(mixer)(x))
        torch.testing.assert_close(found, formula(mixer, x), rtol=0, atol=1e-5)


@KINDS
def test_what_is_kept_follows_the_type(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    with torch.no_grad():
        single = mixer(x)
        double = mixer.double()(x.double())
        assert double.dtype == torch.float64
        torch.testing.assert_close(double, formula(mixer, x.double()), rtol=1e-9, atol=1e-11)
        assert torch.equal(mixer.float()(x), single)


@KINDS
def test_what_is_kept_is_in_no_state_dict_copy_or_pickle(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    names = list(mixer.state_dict())
    fresh = len(pickle.dumps(mixer))
    with torch.no_grad():
        y = mixer(x)
        assert list(mixer.state_dict()) == names
        assert not list(mixer.buffers())
        assert len(pickle.dumps(mixer)) == fresh
        for twin in (pickle.loads(pickle.dumps(mixer)), copy.deepcopy(mixer)):
            assert torch.equal(twin(x), y)
            scaled_in_place(twin)
            assert not torch.equal(twin(x), y)
        assert torch.equal(mixer(x), y)


@KINDS
def test_gradients_reach_the_biases_in_eval(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    with torch.no_grad():
        mixer(x)
    mixer(x).square().sum().backward()
    assert mixer.position_bias.fc1.weight.grad.any()


@KINDS
def test_what_inference_mode_kept_serves_a_pass_with_gradients(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)).requires_grad_(False), torch.randn(2, DIM, 6, 6)
    with torch.inference_mode():
        mixer(x)
    mixer(x.requires_grad_()).sum().backward()
    assert x.grad is not None
    assert x.grad.any()


@KINDS
def test_a_pass_of_lower_precision_leaves_the_biases_whole(kind: str) -> None:
    mixer, x = attention(kind, (6, 6)), torch.randn(2, DIM, 6, 6)
    expected = copy.deepcopy(mixer)
    with torch.no_grad():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = mixer(x)
        assert rough.dtype == torch.bfloat16
        assert torch.equal(mixer(x), expected(x))
        torch.testing.assert_close(rough.float(), expected(x), rtol=0.1, atol=0.1)
    mixer.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = mixer(x).float().square().mean()
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in mixer.parameters())
