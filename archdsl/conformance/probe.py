"""One layer on one map: what is run, and what is compared."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archdsl.compiler.network import Layer
from archdsl.components.component import Component
from archdsl.conformance import faults
from archdsl.conformance.owed import Fault, misshapen, owed, sides
from archdsl.conformance.watch import ComponentWatch, Failed, another_type, no_tensor
from archdsl.nn.memory import channels_last_convolutions, kernels, laid

BATCH = 2

DRAWS = 16
"""Steps within which a gradient arrives: a layer may drop a branch, or all it has, at random."""

TOLERANCE = 1e-3
"""Of the largest value: two kernels of torch differ by less, two computations by more."""


class Probe:
    """A built layer and the map that it is tried on.

    numbers: whether tensors have any; without, only shapes, types and gradients are looked at
    """

    def __init__(
        self, layer: Layer, parts: tuple[Component, ...], module: nn.Module, numbers: bool
    ) -> None:
        self.layer, self.module, self.numbers = layer, module, numbers
        self.watch = ComponentWatch(parts, layer.in_shape[0])
        self.blamed = parts[0].definition
        device = "cpu" if numbers else "meta"
        generator = torch.Generator().manual_seed(1) if numbers else None
        shape = (BATCH, *layer.in_shape)
        self.map = torch.randn(shape, generator=generator, device=device)
        self.laid = self.map.contiguous(memory_format=torch.channels_last)

    def run(self) -> None:
        """Everything that is owed. Raises Failed."""
        if self.numbers:
            stir(self.module)
        with channels_last_convolutions(self.module):
            self._gradients()
            self.module.eval()
            with torch.no_grad():
                whole = self._given(self.laid, self._not_channels_last)
                half = self._given(self.laid[:1], self._not_one_image)
                again = self._given(self.laid, self._not_channels_last)
        with torch.no_grad():
            plain = self._given(self.map, self._fails)
            drawn = self._output(self.map.clone(), self._fails)
        # of random numbers, or where calls are counted, no two outputs compare
        if not self.numbers or not same(plain, drawn) or not same(whole, again):
            return
        if not same(plain, whole):
            raise self._failed(faults.OTHER_VALUES)
        if not same(whole[:1], half):
            raise self._failed(faults.MIXES_IMAGES)

    def _gradients(self) -> None:
        """The input and every trained parameter have a gradient after some steps."""
        self.module.train()
        leaf = self.laid.clone().requires_grad_()
        for _ in range(DRAWS):
            self._step(leaf)
            reached = leaf.grad is not None and (not self.numbers or bool(leaf.grad.any()))
            unused = [
                name
                for name, parameter in self.module.named_parameters()
                if parameter.requires_grad and parameter.grad is None
            ]
            if reached and not unused:
                break
        if not reached:
            raise self._failed(faults.NO_GRADIENT)
        if unused:
            raise self._unused(unused[0])
        self.module.zero_grad()

    def _step(self, leaf: Tensor) -> None:
        """One pass to the outputs and back. Raises Failed."""
        x = leaf.clone()
        version = x._version
        out = self._output(x, self._not_channels_last)
        if x._version != version:
            raise self._failed(faults.IN_PLACE)
        if not out.requires_grad:
            return
        try:
            # a norm's plain sum has none
            torch.autograd.backward((out * torch.randn_like(out)).sum())
        except Exception as error:
            raise self._failed(faults.BACKWARD, error) from error

    def _given(self, x: Tensor, refused: Refused) -> Tensor:
        torch.default_generator.manual_seed(0)  # torch.manual_seed is slow, and asks every device
        return self._output(x.clone(), refused)

    def _output(self, x: Tensor, refused: Refused) -> Tensor:
        """What the layer gives for a map, of the shape and type that it owes. Raises Failed."""
        with self.watch.over(self.module):
            try:
                out = self.module(x)
            except Failed:
                raise
            except Exception as error:  # whatever a user's own forward raises
                if self.watch.active:
                    self.blamed = self.watch.active[-1]
                raise refused(error) from error
        definition = self.blamed
        if not isinstance(out, Tensor):
            raise Failed(no_tensor(definition, out))
        if tuple(out.shape[1:]) != owed(self.layer) or len(out) != len(x):
            if len(x) == 1:
                raise self._failed(faults.NOT_ONE_IMAGE, f"it gives {sides(tuple(out.shape))}")
            raise Failed(misshapen(self.layer, definition, tuple(out.shape), BATCH))
        if out.dtype != x.dtype:
            raise Failed(another_type(definition, x, out))
        return out

    def _failed(self, what: tuple[str, str], why: Exception | str | None = None) -> Failed:
        problem, cure = what
        said = "" if why is None else f" ({why if isinstance(why, str) else named(why)})"
        return Failed(Fault(self.blamed, problem + said, cure))

    def _fails(self, error: Exception) -> Failed:
        problem = f"fails on a map of {sides(self.layer.in_shape)}"
        return self._failed((problem, "mend its forward"), error)

    def _not_one_image(self, error: Exception) -> Failed:
        return self._failed(faults.NOT_ONE_IMAGE, error)

    def _not_channels_last(self, error: Exception) -> Failed:
        """Which memory it was that it failed on, if it was one."""
        if self._passes(self.map):
            return self._failed(faults.MAPS, error)
        for weight in kernels(self.module):
            weight.data = laid(weight.data, torch.contiguous_format)
        if self._passes(self.laid):
            return self._failed(faults.KERNELS, error)
        if self._passes(self.map):
            return self._failed(faults.MAPS, error)
        return self._fails(error)

    def _passes(self, x: Tensor) -> bool:
        try:
            self.module(x.clone())
        except Exception:
            return False
        return True

    def _unused(self, name: str) -> Failed:
        owners = {part.definition.cls: part.definition for part in self.watch.components}
        path, owner = name, self.blamed
        while path:
            path = path.rpartition(".")[0]
            if found := owners.get(type(self.module.get_submodule(path))):
                owner, name = found, name.removeprefix(path).removeprefix(".")
                break
        problem = f"has a parameter that no gradient reaches: {name}"
        cure = "use it in forward, or give it requires_grad=False if it is meant to be frozen"
        return Failed(Fault(owner, problem, cure))


Refused = Callable[[Exception], Failed]


@torch.no_grad()
def stir(module: nn.Module) -> None:
    """Move what starts at zero from there: nothing shows behind a factor of zero."""
    for parameter in module.parameters():
        # whole numbers are places or flags, and zero is one of them
        if (parameter.is_floating_point() or parameter.is_complex()) and not parameter.any():
            nn.init.normal_(parameter, std=0.2)


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two outputs are the same but for rounding."""
    scale = float(one.abs().nan_to_num().max()) if one.numel() else 0.0
    return torch.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)


def named(error: Exception) -> str:
    """An error's type and the first line of what it says."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
