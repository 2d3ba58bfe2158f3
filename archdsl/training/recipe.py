"""All of a schedule, as plain values."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Self, TypeAlias

from archdsl.components.options import (
    Bound,
    Fraction,
    NonNegative,
    NonNegativeNumber,
    Positive,
    PositiveNumber,
    written,
)
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.training import plain_values
from archdsl.training.augmentation import Augmentation

Options: TypeAlias = tuple[tuple[str, Any], ...]
BelowOne = Annotated[float, Bound("number from 0 to below 1", lambda v: 0 <= v < 1)]
Part = Annotated[float, Bound("number above 0 and up to 1", lambda v: 0 < v <= 1)]
Share = Annotated[float, Bound("number above 0 and below 1", lambda v: 0 < v < 1)]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained and how it is judged: with a network, data and a seed, a training.

    The rate of the optimiser rises in a line and falls as `schedule` says, and the loss is cross
    entropy with label smoothing (C. Szegedy et al., Rethinking the Inception Architecture, CVPR
    2016), also of targets that are shares of several classes. A proxy has the defaults of all that
    its section does not name.

    module: "package.module:Class" of a LightningModule of the user's own, which has its loss,
        optimiser and rate to itself; datamodule: of a LightningDataModule, which has its batches
    module_options, datamodule_options: names and values of their arguments, as a spec has them
    epochs, warmup: in epochs; batch: images per step
    steps_per_epoch, validation_steps: how many batches an epoch and a validation take; None for
        all that there are
    validate_every: epochs from one validation to the next; there is one after the last, too
    validation_batch: images of a batch to judge by, for each image of a training batch
    size: height and width of training, or None for the network's input
    interpolation: how images are brought to that size
    schedule: how the rate falls: in a "cosine" (Loshchilov and Hutter, SGDR, ICLR 2017), or, with
        "wsd", it stays and falls at the end (warm-up, stable, decay: S. Hu et al., MiniCPM, arXiv
        2404.06395) as 1 - sqrt (A. Hägele et al., arXiv 2405.18392); with "constant" it stays
    cooldown: the share of the epochs in which it falls with "wsd", in whole epochs, one at least
    tail: epochs at the end, of `epochs`, in which a cosine has come down and stays there
    lr: the peak rate; lr_batch: the batch that it is meant for, None for whatever `batch` is: with
        another batch it is scaled by their ratio (P. Goyal et al., arXiv 1706.02677), that of
        "lamb" by the root of it (Y. You et al., ICLR 2020)
    warmup_lr, final_lr: where the rate begins and ends, as shares of the peak
    optimizer: "adamw" (I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, ICLR
        2019) or "lamb" (Y. You et al., Large Batch Optimization for Deep Learning, ICLR 2020)
    betas, eps: of the optimiser; weight_decay: of tensors of two dimensions and more
    vector_decay: of norms, biases and scales, and of parameters that `no_decay` names
    no_decay: patterns of addresses, as "*.temperature", with * for anything
    layer_decay: the rate of a layer is that of the next one times this (K. Clark et al., ELECTRA,
        ICLR 2020), or None for one rate everywhere
    clip_norm: the norm that gradients are clipped to, or None: without it the seeds' noise drowns
        small differences
    ema: of the weights after each step an average is kept that forgets with this share, and it is
        what is judged and saved (B. Polyak and A. Juditsky, 1992); None for the weights themselves
    accumulate: in how many parts a batch goes through the model, whose gradients add up to those
        of the whole
    drop_path: the peak of stochastic depth (G. Huang et al., ECCV 2016), or None for the spec's own
    augmentation: how images are changed at random, or None for what their source says
    compile: whether the model goes through torch.compile
    precision: "auto" is bf16 where the hardware has it, else 32

    Raises SearchError for a value that its field does not take.
    """

    module: str | None = None
    module_options: Options = ()
    datamodule: str | None = None
    datamodule_options: Options = ()
    epochs: Positive = 10
    steps_per_epoch: Positive | None = None
    validation_steps: Positive | None = None
    validate_every: Positive = 1
    batch: Positive = 64
    validation_batch: Positive = 2
    size: Positive | None = None
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    label_smoothing: BelowOne = 0.1
    schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    cooldown: Share = 0.2
    tail: NonNegative = 0
    lr: PositiveNumber = 2e-3
    lr_batch: Positive | None = None
    warmup: NonNegativeNumber = 1.0
    warmup_lr: Fraction = 0.0
    final_lr: Fraction = 0.0
    optimizer: Literal["adamw", "lamb"] = "adamw"
    betas: tuple[BelowOne, BelowOne] = (0.9, 0.999)
    eps: PositiveNumber = 1e-8
    weight_decay: NonNegativeNumber = 0.05
    vector_decay: NonNegativeNumber = 0.0
    no_decay: tuple[str, ...] = ()
    layer_decay: Part | None = None
    clip_norm: PositiveNumber | None = 1.0
    ema: Share | None = None
    accumulate: Positive = 1
    drop_path: BelowOne | None = None
    augmentation: Augmentation | None = None
    compile: bool = False
    precision: Literal["auto", "32", "bf16", "16"] = "auto"

    def __post_init__(self) -> None:
        for name in _OPTIONS:
            pairs = tuple((str(key), value) for key, value in getattr(self, name))
            object.__setattr__(self, name, pairs)
        said: Any = self.augmentation
        if isinstance(said, Mapping):  # as JSON has it
            object.__setattr__(self, "augmentation", Augmentation.from_record(said))
        elif not isinstance(said, Augmentation | None):
            raise SearchError(
                f"recipe: augmentation is {written(said)}.  it takes an Augmentation, or none"
            )
        plain_values.check(self, "recipe", BESIDE_OPTIONS)

    def validates(self, epoch: int) -> bool:
        """Whether there is a validation after an epoch, counted from 0."""
        return (epoch + 1) % self.validate_every == 0 or epoch + 1 == self.epochs

    @property
    def falls_after(self) -> int:
        """The epochs after which the rate begins to fall for good, of a schedule that has such.

        Whole ones, so that a training of fewer or more epochs can go on from there.
        """
        return self.epochs - max(1, round(self.cooldown * self.epochs))

    def __repr__(self) -> str:
        """What differs from the defaults, as it would be written."""
        own = [f for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Recipe({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in own)})"

    @classmethod
    def of(cls, settings: ProxySettings) -> Self:
        """What the `proxy` section says of the schedule, and the rest as it always is."""
        said = {field.name for field in fields(settings)} - BESIDE - set(_OPTIONS)
        known: dict[str, Any] = {name: getattr(settings, name) for name in said}
        known |= {name: tuple(getattr(settings, name).items()) for name in _OPTIONS}
        return cls(**known)

    def record(self) -> dict[str, Any]:
        """The recipe as JSON holds it, every field by its name."""
        changed = None if self.augmentation is None else self.augmentation.record()
        return {**plain_values.record(self), "augmentation": changed}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The recipe that `record()` wrote, also before some of the fields were there.

        Raises SearchError for what is none.
        """
        return plain_values.from_record(cls, {**later(), **record}, "recipe")


LATER = (
    "tail", "lr_batch", "warmup_lr", "optimizer", "no_decay", "layer_decay", "ema", "accumulate",
    "drop_path", "augmentation", "compile",
)  # fmt: skip
"""The fields that older records lack; their defaults are what always was."""


@functools.cache
def later() -> Mapping[str, Any]:
    """What those fields are in a record that lacks them."""
    usual = Recipe().record()
    return {name: usual[name] for name in LATER}


_OPTIONS = ("module_options", "datamodule_options")
BESIDE_OPTIONS = (*_OPTIONS, "augmentation")
"""The fields that are no plain values of one type."""
BESIDE = frozenset({"data", "folder", "inherit"})
"""What the `proxy` section says beside the schedule: the images, and the weights to begin with."""
