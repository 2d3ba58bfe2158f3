"""What comes out of exported files and out of the model, for the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from archdsl.errors import ExportError
from archdsl.exporters.registry import Run
from archdsl.units import counted

BATCHES = (1, 15)
"""Images that go in at a time, others each time: a batch that is not free shows."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far apart they are.

    largest: the largest difference of two numbers, and `of` the largest number out of the model,
        where the former is the largest share of the latter
    alike: images whose top class is the same, of `images`; None where no classes come out
    problem: why there is nothing to compare, in words; empty where there is
    """

    largest: float
    of: float
    images: int
    alike: int | None
    problem: str = ""

    def within(self, tolerance: float) -> bool:
        """Whether they are as close as that share of the largest number."""
        return not self.problem and self.largest <= tolerance * self.of

    def words(self) -> str:
        """The figures in words."""
        if self.problem:
            return self.problem
        share = f" ({self.largest / self.of:.1e} of the largest, {self.of:.4g})" if self.of else ""
        top = "" if self.alike is None else f", top class alike in {self.alike} of {self.images}"
        return f"largest difference {self.largest:.1e}{share}{top}"


@torch.no_grad()
def compared(run: Run, model: nn.Module, images: Tensor, *, classes: bool) -> Comparison:
    """Both on batches of `BATCHES` of the images (N, C, H, W).

    classes: whether what comes out is a number for each class
    Raises ExportError where what comes out of the model is no number.
    """
    largest, of, alike = 0.0, 0.0, 0
    for batch in torch.split(images, list(BATCHES)):
        expected = _listed(model(batch))
        if not all(map(_is_finite, expected)):
            raise ExportError(
                "the model's own output holds what is no number, and nothing can be compared with "
                "it.  look at its weights"
            )
        try:
            found = _listed(run(batch.clone()))
        except Exception as error:  # whatever a runtime raises
            return _without(f"fails on {counted(len(batch), 'image')} ({_said(error)})")
        shapes = [[tuple(one.shape) for one in several] for several in (found, expected)]
        if shapes[0] != shapes[1]:
            return _without(
                f"gives {_sizes(shapes[0])} for {counted(len(batch), 'image')}, and the model "
                f"{_sizes(shapes[1])}"
            )
        if not all(map(_is_finite, found)):
            return _without("gives what is no number")
        for one, other in zip(found, expected, strict=True):
            apart, most = float((one - other).abs().max()), float(other.abs().max())
            if apart * of >= largest * most:  # as shares of the largest
                largest, of = apart, most
        if classes:
            alike += int((found[0].argmax(1) == expected[0].argmax(1)).sum())
    return Comparison(largest, of, sum(BATCHES), alike if classes else None)


def _without(problem: str) -> Comparison:
    return Comparison(float("inf"), 0.0, 0, None, problem)


def _listed(found: object) -> list[Tensor]:
    several = [found] if isinstance(found, Tensor) else found
    tensors = isinstance(several, Sequence) and all(isinstance(one, Tensor) for one in several)
    if not tensors:
        raise TypeError(f"a runner gives a tensor, or several, and not {type(found).__name__}")
    return [one.detach().float().cpu() for one in cast("Sequence[Tensor]", several)]


def _is_finite(x: Tensor) -> bool:
    return bool(x.isfinite().all())


def _sizes(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join("x".join(map(str, shape)) for shape in shapes) or "nothing"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
