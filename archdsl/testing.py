"""Conformance checks for mixers, other people's above all.

from archdsl.testing import check_mixer

def test_shift_conv():
    check_mixer("shift_conv")
    check_mixer("shift_conv", kernel=5)
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from archdsl import api, given, loading
from archdsl.components import registry
from archdsl.errors import ArchError, CountError, ExportError
from archdsl.printable import shown

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archdsl.specification import Spec

MixerKind = Literal["token_mixer", "channel_mixer"]
KINDS: tuple[MixerKind, ...] = ("token_mixer", "channel_mixer")


def check_mixer(
    name: str,
    kind: MixerKind | None = None,
    /,
    *,
    dim: int = 64,
    sizes: Sequence[tuple[int, int]] = ((8, 8), (14, 14), (7, 9)),
    **options: Any,
) -> None:
    """Check that a registered mixer keeps what archdsl promises of mixers.

    kind: "token_mixer" or "channel_mixer"; by default every kind that has the name
    dim, sizes: the widths and the maps (height, width) on which it is tried
    options: the mixer's options, as a spec would give them: `kernel=5`, `act="relu"`,
        `norm={"type": "layer_norm", "eps": 1e-6}`

    The properties, in this order: it keeps the map's shape; gradients reach every trained
    parameter; its state dict holds all that it needs; every operator is counted; it leaves as
    code that gives the same outputs without archdsl.

    Raises AssertionError for a property that does not hold, naming it, and ArchError for a name
    or an option that does not exist, or a size that the mixer's own `check` refuses.
    """
    loading.fill_registry()
    name = given.word("the mixer's name", name, ArchError)
    _check_arguments(kind, dim, sizes)
    kinds = [known for known in KINDS if registry.find(known, name) and kind in (None, known)]
    if not kinds:
        raise ArchError(registry.unknown(kind or "token_mixer", name))
    checks = [_Check(each, name, options, dim, size) for each in kinds for size in sizes]
    for holds in (
        _Check.keeps_shape,
        _Check.gradients_reach_every_parameter,
        _Check.state_dict_is_whole,
        _Check.is_counted,
        _Check.leaves_as_code,
    ):
        for check in checks:
            holds(check)


def _check_arguments(kind: object, dim: object, sizes: object) -> None:
    if kind is not None and not (isinstance(kind, str) and kind in KINDS):
        raise ArchError(f"kind is token_mixer or channel_mixer, and not {shown(kind)}")
    pairs = list(sizes) if isinstance(sizes, (list, tuple)) else []
    if not pairs or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
        raise ArchError(f"sizes are (height, width), one or more, and not {shown(sizes)}")
    for number in (dim, *(side for pair in pairs for side in pair)):
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 1 << 16:
            raise ArchError(f"dim and sizes are integers from 1 to 65,536, and not {shown(number)}")


class _Check:
    """One mixer on one map: a network of two blocks that have nothing but the mixer."""

    def __init__(
        self,
        kind: MixerKind,
        name: str,
        options: Mapping[str, Any],
        dim: int,
        size: tuple[int, int],
    ) -> None:
        said = ", ".join(f"{option}={shown(value)}" for option, value in options.items())
        self.words = f"{kind.replace('_', ' ')} '{name}'" + (f" with {said}" if said else "")
        self.words += f" on a map of {dim}x{size[0]}x{size[1]}"
        self.kind = kind
        self.shape = (2, dim, *size)
        mixers: dict[str, Any] = dict.fromkeys(KINDS)
        self.spec: Spec = api.unproven(
            {
                "archdsl": 1,
                "name": "conformance",
                "input": [3, *size],
                "classes": 0,
                "stem": {"type": "conv", "kernel": 1},
                "block": {**mixers, kind: {"type": name, **options}},
                "stages": [{"dim": dim, "depth": 2}],
                "head": None,
            }
        )

    def keeps_shape(self) -> None:
        """(B, dim, H, W) to the same, or (B, N, dim) for a mixer that takes tokens."""
        model = self._built()
        seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        for mixer in self._mixers(model).values():
            mixer.register_forward_hook(
                lambda _, inputs, output: seen.append((tuple(inputs[0].shape), _shape(output)))
            )
        try:
            model(self._images())
        except Exception as error:
            if all(before == after for before, after in seen):
                raise self._failed("shape", f"fails with {_named(error)}") from error
        for before, after in seen:
            if before != after:
                raise self._failed("shape", f"turns {list(before)} into {list(after)}")

    def gradients_reach_every_parameter(self) -> None:
        """After a step of training every parameter that wants a gradient has one."""
        import torch

        model = self._built().train()
        images = self._images()
        out = model(images)
        (out * torch.randn_like(out)).sum().backward()
        for address, mixer in self._mixers(model).items():
            for name, parameter in mixer.named_parameters():
                if not parameter.requires_grad:
                    continue
                if parameter.grad is None or not parameter.grad.any():
                    raise self._failed(
                        "gradients",
                        f"none reaches {address}.{name}.  use it in forward, or set "
                        "requires_grad=False if it is meant to be frozen",
                    )

    def is_counted(self) -> None:
        """Every operator has a counting rule."""
        try:
            api.count(self.spec)
        except CountError as error:
            raise self._failed("counted", str(error)) from error

    def state_dict_is_whole(self) -> None:
        """Another instance with the same state dict gives the same outputs in eval."""
        import torch

        one, images = self._trained(), self._images()
        other = self._built(seed=1).eval()
        other.load_state_dict(one.state_dict())
        with torch.no_grad():  # for gradients, torch may choose other kernels
            first, second, third = one(images), one(images), other(images)
        if not torch.equal(first, second):
            raise self._failed("state dict", "two passes in eval on the same images differ")
        if not torch.equal(first, third):
            raise self._failed(
                "state dict",
                "another instance with the same state dict gives other outputs.  keep every "
                "tensor that is not computed from the options in a Parameter or a buffer",
            )

    def leaves_as_code(self) -> None:
        """The exported file gives the same module without archdsl."""
        import torch

        from archdsl.exporters.code import code

        try:
            text = code(self.spec.network())
        except ExportError as error:
            raise self._failed("export", str(error)) from error
        try:
            made = _made_alone(text)
        except Exception as error:
            raise self._failed("export", f"the code fails with {_named(error)}") from error
        model, images = self._trained(), self._images()
        if list(made.state_dict()) != list(model.state_dict()):
            raise self._failed("export", "the code's state dict has other keys")
        made.load_state_dict(model.state_dict())
        with torch.no_grad():
            same = torch.equal(model(images), made.eval()(images))
        if not same:
            raise self._failed("export", "the code gives other outputs from the same weights")

    def _built(self, seed: int = 0) -> nn.Module:
        """A network whose parameters are all away from zero, so that none hides another."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = api.build(self.spec)
            for parameter in model.parameters():
                if parameter.requires_grad:
                    torch.nn.init.normal_(parameter, std=0.2)
        return model

    def _trained(self) -> nn.Module:
        """A network in eval whose running statistics have seen images."""
        import torch

        model = self._built().train()
        with torch.no_grad():
            model(self._images())
        return model.eval().requires_grad_(False)

    def _images(self) -> Tensor:
        import torch

        batch, _, height, width = self.shape
        generator = torch.Generator().manual_seed(2)
        return torch.randn(batch, 3, height, width, generator=generator)

    def _mixers(self, model: nn.Module) -> dict[str, nn.Module]:
        addresses = [f"stages.0.blocks.{block}.{self.kind}" for block in range(2)]
        return {address: model.get_submodule(address) for address in addresses}

    def _failed(self, property_: str, problem: str) -> AssertionError:
        return AssertionError(f"{self.words}: {property_}: {problem}")


def _shape(output: object) -> tuple[int, ...]:
    return tuple(getattr(output, "shape", ()))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _made_alone(text: str) -> nn.Module:
    """The network of an exported file that can import nothing but torch and Python's own."""
    from archdsl.exporters.targets import allowed

    def guarded(name: str, *arguments: Any, **named: Any) -> Any:
        if not allowed(name):
            raise ImportError(f"exported code cannot import {name}")
        return builtins.__import__(name, *arguments, **named)

    module = types.ModuleType("archdsl_conformance")
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": guarded}
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(text, "conformance.py", "exec"), vars(module))
        made: nn.Module = module.conformance()
    finally:
        del sys.modules[module.__name__]
    return made
