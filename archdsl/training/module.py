"""How a candidate is trained: loss, optimiser, schedule, metrics."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from archdsl.compiler.network import Shape
from archdsl.training.batch_checks import check_batch
from archdsl.training.batches import Batch
from archdsl.training.optimisation.optimizers import optimizer_of
from archdsl.training.optimisation.schedules import rate_of
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe
from archdsl.training.trainer import pl


class Classifier(pl.LightningModule):
    """Cross entropy with label smoothing, the optimiser of a recipe, its schedule by step.

    In training the targets may be shares of the classes, (B, classes), instead of labels, (B,).

    Metrics of a validation: `accuracy` (of all images), `macro_accuracy` (mean over classes) and
    `loss` (cross entropy, not smoothed).
    """

    def __init__(self, model: nn.Module, recipe: Recipe, classes: int) -> None:
        super().__init__()
        self.model = model
        self.recipe = recipe
        # checked values: the labels were read from the data, the logits come from the spec
        self.accuracy = MulticlassAccuracy(classes, average="micro", validate_args=False)
        self.macro_accuracy = MulticlassAccuracy(classes, average="macro", validate_args=False)
        self.loss = MeanMetric(nan_strategy="disable")
        # gathered once: to walk through the modules costs as much as a small layer in each step
        self._parameters_to_clip = tuple(model.parameters())

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; quickly where it is the note that Lightning makes of each hook.

        There are some fifty a step, and a module looks for parameters and modules first.
        """
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        images, labels = batch
        smoothing = self.recipe.label_smoothing
        return F.cross_entropy(self.model(images), labels, label_smoothing=smoothing)

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Add one batch to the metrics; there is one loader."""
        self._judge(batch)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Add one batch to the metrics; which of its images were told right, and their labels."""
        return {"right": self._judge(batch), "labels": batch[1]}

    def _judge(self, batch: Batch) -> Tensor:
        """(B,) whether each image was told right."""
        images, labels = batch
        logits = self.model(images).float()
        self.accuracy.update(logits, labels)
        self.macro_accuracy.update(logits, labels)
        # image by image: with this nan_strategy a weight would be ignored
        self.loss.update(F.cross_entropy(logits, labels, reduction="none"))
        return torch.eq(logits.argmax(dim=1), labels)

    def on_validation_epoch_end(self) -> None:
        """Log the metrics once; logging them by step costs more than a step of a small network."""
        for name in ("accuracy", "macro_accuracy", "loss"):
            self.log(name, getattr(self, name))

    on_test_epoch_end = on_validation_epoch_end

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by norm. Lightning's own clipping refuses a fused optimiser under bf16, too."""
        if self.recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(self._parameters_to_clip, self.recipe.clip_norm)

    def configure_optimizers(self) -> Any:
        """The optimiser of the recipe, each group with its decay and rate, and the schedule."""
        recipe = self.recipe
        optimizer = optimizer_of(self.model, recipe, str(self.trainer.precision))
        total = int(self.trainer.estimated_stepping_batches)
        assert total > 0, "a loader without a length is refused before the first training"
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_of(recipe, total))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class CheckedClassifier(Classifier):
    """For batches that come from elsewhere: each is checked before it is used.

    input_shape: (C, H, W), which every image has to have
    """

    def __init__(self, model: nn.Module, recipe: Recipe, classes: int, input_shape: Shape) -> None:
        super().__init__(model, recipe, classes)
        self.classes = classes
        self.input_shape = input_shape

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch. Raises SearchError for one that is not as it should be."""
        self._check(batch, "a training batch")
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Add one batch to the metrics. Raises SearchError."""
        self._check(batch, "a validation batch")
        super().validation_step(batch, batch_idx)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Add one batch to the metrics; which images were told right. Raises SearchError."""
        self._check(batch, "a test batch")
        return super().test_step(batch, batch_idx)

    def _check(self, batch: Any, which: str) -> None:
        name = self.recipe.datamodule
        check_batch(batch, f"{which} of {name}", self.input_shape, self.classes)


def module_around(model: nn.Module, recipe: Recipe, data: Prepared) -> pl.LightningModule:
    """What steps a model: the user's own module, or the one above. Raises SearchError."""
    if data.module is not None:
        from archdsl.training.user import wrapped

        return wrapped(data.module, model, data.module_arguments)
    if data.datamodule is not None:
        return CheckedClassifier(model, recipe, data.classes, data.input_shape)
    return Classifier(model, recipe, data.classes)
