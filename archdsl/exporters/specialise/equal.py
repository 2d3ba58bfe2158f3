"""Whether two files make the same model: names, fresh weights, outputs, images, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.exporters.specialise.observed import Promised, run

_SEED = 0


def equal(one: str, other: str, said: Promised, shape: tuple[int, ...]) -> bool:
    """Whether the networks of two files are the same in eval and in training.

    Weights of one axis are drawn anew before: fresh ones are ones and zeros, which hide what they
    are multiplied with. In the deployed form they are compared, too, and so is what a file makes of
    images before its network sees them.

    shape: of an image, (C, H, W)
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums are in one order then
    try:
        with torch.random.fork_rng(devices=[]):
            usual = _said(one, said, shape)
            try:
                return bool(usual == _said(other, said, shape))
            except Exception:  # what cannot be run is not the same, whatever is wrong with it
                return False
    finally:
        torch.set_num_threads(threads)


def _said(text: str, said: Promised, shape: tuple[int, ...]) -> Any:
    """What a file says of its model, as something that can be compared."""
    names = run(text)
    torch.manual_seed(_SEED)
    model: nn.Module = names[said.factory]()
    state = model.state_dict()
    fresh = {name: _Bits(tensor) for name, tensor in state.items()}
    with torch.no_grad():
        for name, tensor in state.items():
            if tensor.is_floating_point() and tensor.ndim < 2:
                tensor.normal_(std=0.1)
            if name.endswith("running_var"):
                tensor.abs_()
        images = torch.randn(2, *shape)
        found: list[Any] = [fresh, _bits(model.eval()(images))]
        if said.deploy is not None:
            deployed = names[said.deploy](model)
            found += [list(deployed.state_dict()), _bits(deployed(images))]
        found.append(_bits(model.train()(images)))
    for name in said.others:
        if callable(names.get(name)):
            found += [_answer(names[name], image) for image in _decoded(shape)]
    return found


def _decoded(shape: tuple[int, ...]) -> Iterator[Tensor]:
    """Images as a decoder leaves them, (H, W, C): of the network's size and of others."""
    channels, *size = shape
    for height, width in (tuple(size), (37, 53), (5, 3)):
        for depth in (channels, 1, 3):
            image = torch.randint(256, (height, width, depth), dtype=torch.uint8)
            yield from (image, image / 255)


def _answer(prepares: Callable[[Tensor], Tensor], image: Tensor) -> Any:
    """What comes of an image, or why it is refused."""
    try:
        return _Bits(prepares(image))
    except Exception as error:
        return type(error), str(error)


def _bits(out: Tensor | list[Tensor]) -> list[_Bits]:
    return [_Bits(one) for one in (out if isinstance(out, list) else [out])]


class _Bits:
    """A tensor that is compared bit by bit. The other way it would be equal element by element."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach().clone()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Bits):
            return NotImplemented
        one, two = self.tensor, other.tensor
        return (
            one.dtype == two.dtype
            and one.shape == two.shape
            and bool(((one == two) | ((one != one) & (two != two))).all())
        )

    __hash__ = None  # type: ignore[assignment]
