"""What is said of a network before it is trained: scores from one batch and its first weights.

Each is worth what it orders right: the papers measured that on spaces of their own. A score may be
no finite number: whoever ranks by it has to leave that network out, and say so.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl.nn  # noqa: F401  (registers norms and activations)
from archdsl.components.registry import named
from archdsl.training.batches import Batch, Batches
from archdsl.training.metrics import Metrics
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import own_randomness, seed_everything, seed_of

NAMES = ("synflow", "naswot", "grad_norm")


def scores(model: nn.Module, images: Tensor, labels: Tensor) -> Metrics:
    """All scores of a model that was not trained; it stays as it is, buffers included.

    images: (B, C, H, W); labels: (B,) classes
    What is drawn at random (dropout) is drawn from the process's generators.
    """
    return {
        "synflow": synflow(model, (1, *images.shape[1:])),
        "naswot": naswot(model, images),
        "grad_norm": grad_norm(model, images, labels),
    }


def synflow(model: nn.Module, shape: tuple[int, ...]) -> float:
    """The synaptic flow: the sum over weights of |w · dR/dw| (H. Tanaka et al., NeurIPS 2020).

    R is the sum of what the network makes of an image of ones when each weight is its absolute
    value. Norms pass on what they get, as in M. Abdelfattah et al. (ICLR 2021): they would take
    away what is summed up. Infinite where the sum is beyond a double.
    """
    own = copy.deepcopy(model).cpu().double().eval()
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.abs_()
            parameter.requires_grad_()
    for module in _norms(own):
        module.register_forward_hook(lambda module, given, out: given[0])
    weights = list(own.parameters())
    flows = _gradients(own(torch.ones(shape, dtype=torch.float64)).sum(), weights)
    return float(
        sum((w.detach() * flow).abs().sum() for w, flow in zip(weights, flows, strict=True))
    )


def naswot(model: nn.Module, images: Tensor) -> float:
    """How differently images switch its units on: log det K (J. Mellor et al., ICML 2021).

    Of two images K is the number of units, elements that go into an activation, above zero for
    both or for neither. Minus infinity where two images switch on the same ones; not a number
    where the network has no activation.
    """
    own = copy.deepcopy(model).train()
    many = len(images)
    kernel = torch.zeros(many, many, dtype=torch.float64, device=images.device)
    units = 0

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        nonlocal units
        on = (given[0].detach().reshape(many, -1) > 0).double()
        units += on.shape[1]
        kernel.add_(on @ on.T + (1 - on) @ (1 - on).T)

    for module in _activations(own):
        module.register_forward_pre_hook(note)
    with torch.no_grad():
        own(images)
    if units == 0:
        return math.nan
    alike = kernel.fill_diagonal_(0).max().item() == units
    kernel.fill_diagonal_(units)
    # of two equal rows rounding would make some number
    return -math.inf if alike else float(torch.linalg.slogdet(kernel).logabsdet)


def grad_norm(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The sum over weights of the norm of the loss's gradient (M. Abdelfattah et al., ICLR 2021).

    The loss is the mean cross entropy of the images; each tensor of weights has one norm.
    """
    own = copy.deepcopy(model).train()
    weights = [weight for weight in own.parameters() if weight.requires_grad]
    gradients = _gradients(F.cross_entropy(own(images), labels), weights)
    return float(sum(gradient.norm().double() for gradient in gradients))


def scores_of(model: nn.Module, recipe: Recipe, data: Prepared, seed: int) -> Metrics:
    """The scores of a model by the first batch of its training with `seed`, on the CPU.

    data: prepared, of a source of archdsl's
    """
    images, labels = first_batch(recipe, data, seed)
    with own_randomness():
        seed_everything(seed_of(seed, "model", 0))
        return scores(model.cpu(), images, labels)


def first_batch(recipe: Recipe, data: Prepared, seed: int) -> Batch:
    """The first batch of a training with `seed`."""
    assert data.data is not None, "the batches of a datamodule are its own"
    batches = Batches(
        data.data.train,
        data.data.views,
        data.size,
        recipe.batch,
        lambda: torch.device("cpu"),
        lambda: seed_of(seed, "data", 0),
        interpolation=recipe.interpolation,
    )
    return next(iter(batches))


def _gradients(value: Tensor, weights: list[nn.Parameter]) -> list[Tensor]:
    """Of a value by each weight; zeros for one that it does not follow from."""
    if not value.requires_grad:
        return [torch.zeros_like(weight) for weight in weights]
    return list(torch.autograd.grad(value, weights, materialize_grads=True))


def _norms(model: nn.Module) -> Iterator[nn.Module]:
    """Its norms, archdsl's and torch's."""
    ours = tuple(definition.cls for definition in named("norm").values())
    torchs = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    return (module for module in model.modules() if isinstance(module, (*ours, *torchs)))


def _activations(model: nn.Module) -> Iterator[nn.Module]:
    """Its activations that look at one element at a time."""
    known = {d.cls for d in named("act").values() if getattr(d.cls, "elementwise", True)}
    return (module for module in model.modules() if type(module) in known)
