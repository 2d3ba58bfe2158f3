"""One step on a batch in parts, for a device that the whole does not fit on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from archdsl.training.batch_checks import described, images_in
from archdsl.training.failures import NotDivisible
from archdsl.training.step_loss import loss_of
from archdsl.training.trainer import SingleDeviceStrategy, is_overridden, pl


class InParts(SingleDeviceStrategy):
    """Takes each training batch in parts, whose gradients add up to those of the whole.

    A part's loss counts by its share of the images, so that of a loss that is a mean over the
    images the gradient is that of the whole batch, up to rounding. A batch is whole until it has
    reached the device and was changed at random. Batches of a validation are taken in as many
    parts, for the same metrics, where there is telling what of them belongs to which image.

    parts: how many, of a batch of at least so many images
    """

    def __init__(self, parts: int) -> None:
        super().__init__(device="cuda:0" if torch.cuda.is_available() else "cpu")
        self.parts = parts
        self._kept: list[tuple[Tensor, Tensor]] = []

    def training_step(self, batch: Any, *rest: Any, **named: Any) -> Any:
        """The step of the last part, its loss that of all; the others' gradients are kept.

        Lightning zeroes the gradients between this and `backward`.
        """
        module = self.lightning_module
        assert module is not None, "there is one while it is trained"
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        *before, (last, share) = shares(batch, self.parts)
        sum_before: Tensor | None = None
        for part, of_all in before:
            loss = loss_of(self._step(part, *rest, **named))
            if loss is not None:
                super().backward(loss * of_all, None)
                done = loss.detach() * of_all
                sum_before = done if sum_before is None else sum_before + done
        self._keep()
        outputs = self._step(last, *rest, **named)
        loss = loss_of(outputs)
        if loss is None:
            return outputs
        whole = loss * share if sum_before is None else loss * share + sum_before
        return {**outputs, "loss": whole} if isinstance(outputs, Mapping) else whole

    def backward(
        self, closure_loss: Tensor, optimizer: Optimizer | None, *args: Any, **kwargs: Any
    ) -> Tensor:
        """Add the gradients of the last part to those of the others."""
        for parameter, gradient in self._kept:
            parameter.grad = gradient
        self._kept = []
        return super().backward(closure_loss, optimizer, *args, **kwargs)

    def validation_step(self, batch: Any, *rest: Any, **named: Any) -> Any:
        """The step of each part in turn; what is returned is that of the last."""
        outputs: Any = None
        for part in self._judged(batch):
            self._weigh_by(part)
            outputs = super().validation_step(part, *rest, **named)
        return outputs

    def _judged(self, batch: Any) -> list[Any]:
        """The parts of a validation batch: itself, where a step of a part would be another."""
        module = self.lightning_module
        assert module is not None, "there is one while it is judged"
        if is_overridden("on_validation_batch_end", module):  # it is told what the step returned
            return [batch]
        try:
            return [part for part, _ in shares(batch, self.parts)]
        except NotDivisible:
            return [batch]

    def _step(self, part: Any, *rest: Any, **named: Any) -> Any:
        self._weigh_by(part)
        return super().training_step(part, *rest, **named)

    def _weigh_by(self, part: Any) -> None:
        """What a step logs is weighed by the images of the batch that Lightning knows of."""
        module = self.lightning_module
        assert module is not None, "there is one while it is trained"
        logged = module.trainer._results
        assert logged is not None, "a step logs"
        logged.batch, logged.batch_size = part, None

    def _keep(self) -> None:
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        for parameter in (parameter for group in groups for parameter in group["params"]):
            if parameter.grad is not None:
                self._kept.append((parameter, parameter.grad))
                parameter.grad = None


def refuse_to_divide(module: pl.LightningModule, name: str | None) -> None:
    """Raise NotDivisible for a module whose steps cannot be taken in parts.

    name: of the user's own, None for the training that archdsl brings
    """
    why = None
    if not module.automatic_optimization:
        why = "steps its optimizers by itself"
    elif is_overridden("optimizer_zero_grad", module):
        why = "zeroes its gradients by itself"
    if why is not None:
        raise NotDivisible(
            f"search.proxy.module: {name} {why}, and its batches cannot be taken in parts.  "
            "write a smaller batch"
        )


def shares(batch: Any, parts: int) -> list[tuple[Any, float]]:
    """A batch in at most so many parts, as even as can be, each with its share of the images.

    Raises NotDivisible for a batch of which there is no telling what belongs to which image.
    """
    images = images_in(batch)
    if images is None:
        raise NotDivisible(_words(batch))
    number = max(1, min(parts, images))
    ends = [images * k // number for k in range(number + 1)]
    return [
        (_cut(batch, slice(start, end), images, batch), (end - start) / images)
        for start, end in pairwise(ends)
    ]


def _cut(value: Any, where: slice, images: int, batch: Any) -> Any:
    """What of a value belongs to the images of a slice. Raises NotDivisible."""
    if isinstance(value, Tensor):
        if value.ndim == 0:
            return value
        if len(value) == images:
            return value[where]
        raise NotDivisible(_words(batch))
    if isinstance(value, Mapping):
        cut = {key: _cut(item, where, images, batch) for key, item in value.items()}
        return cut if type(value) is dict else type(value)(cut)  # type: ignore[call-arg]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        return dataclasses.replace(
            value, **{name: _cut(getattr(value, name), where, images, batch) for name in fields}
        )
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return _of_sequence(value, where, images, batch)
    if value is None or isinstance(value, (str, bytes, bool, int, float)):
        return value
    raise NotDivisible(_words(batch))


def _of_sequence(value: Sequence[Any], where: slice, images: int, batch: Any) -> Any:
    """A slice of what is said of each image, or the parts of what holds several things."""
    plain = not any(isinstance(item, (Tensor, Mapping, Sequence)) for item in value)
    words = all(isinstance(item, (str, bytes)) for item in value)
    if len(value) == images and (plain or words):
        return value[where]
    parts = [_cut(item, where, images, batch) for item in value]
    if hasattr(value, "_fields"):
        return type(value)(*parts)
    return tuple(parts) if isinstance(value, tuple) else parts


def _words(batch: Any) -> str:
    return (
        f"search.proxy.datamodule: a training batch is {described(batch)}, and there is no telling "
        "what of it belongs to which image: it cannot be taken in parts.  write a smaller batch"
    )
