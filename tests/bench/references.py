"""What archdsl's models are timed against: timm's, and plain formulations where timm has none."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import archdsl
from tests.bench import plain_ffnet, plain_transnext

Make = Callable[[], nn.Module]


@dataclass(frozen=True)
class Row:
    """A model and what it is timed against.

    reference: timm's name of the model, or a function that makes the plain formulation
    batch: images at once, on a CPU and on a GPU
    """

    spec: str
    reference: str | Make
    batch: tuple[int, int]

    @property
    def words(self) -> str:
        """What stands against the model."""
        return f"timm {self.reference}" if isinstance(self.reference, str) else "plain"


ROWS = (
    Row("poolformer_s12", "poolformer_s12", (8, 128)),
    Row("poolformer_m48", "poolformer_m48", (2, 32)),
    Row("convformer_s18", "convformer_s18", (4, 64)),
    Row("convformer_b36", "convformer_b36", (1, 32)),
    Row("caformer_s18", "caformer_s18", (4, 64)),
    Row("caformer_b36", "caformer_b36", (1, 32)),
    Row("deit_tiny", "deit_tiny_patch16_224", (8, 128)),
    Row("deit_base", "deit_base_patch16_224", (2, 64)),
    Row("resmlp_s12", "resmlp_12_224", (8, 128)),
    Row("resmlp_b24_patch8", "resmlp_big_24_224", (1, 16)),
    Row("convnext_tiny", "convnext_tiny", (4, 64)),
    Row("convnext_base", "convnext_base", (2, 32)),
    Row("swin_tiny", "swin_tiny_patch4_window7_224", (4, 64)),
    Row("swin_base", "swin_base_patch4_window7_224", (2, 32)),
    Row("mixer_s16", "mixer_s16_224", (8, 128)),
    Row("mixer_b16", "mixer_b16_224", (2, 64)),
    Row("transnext_micro", plain_transnext.transnext_micro, (4, 64)),
    Row("transnext_base", plain_transnext.transnext_base, (1, 16)),
    Row("ffnet_1", plain_ffnet.ffnet_1, (4, 64)),
    Row("ffnet_4", plain_ffnet.ffnet_4, (1, 16)),
)


def timm_model(name: str) -> nn.Module:
    """timm's model as it comes.

    A torchvision made for another build of torch cannot register its operators' kernels and then
    fails to import; timm needs none of them, so that their schemas are enough.
    """
    if not hasattr(torch.ops.torchvision, "nms"):
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
    import timm

    model: nn.Module = timm.create_model(name)
    return model


_KEPT: list[torch.library.Library] = []  # what a library defines goes when it goes


def both(row: Row) -> tuple[nn.Module, nn.Module]:
    """archdsl's model and the reference with the same weights, without stochastic depth.

    Raises AssertionError where their outputs differ.
    """
    made = row.reference
    reference = timm_model(made) if isinstance(made, str) else made()
    _stir(reference)
    spec = archdsl.load(row.spec, set={"drop_path": 0})
    if isinstance(made, str):
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # timm's PoolFormer pools before its norm: it says so
            path = Path(folder) / "weights.pth"
            torch.save(reference.state_dict(), path)
            model: nn.Module = archdsl.build(spec, weights=path)
    else:
        model = archdsl.build(spec)
        given = reference.state_dict()
        model.load_state_dict({n: given[n].reshape(t.shape) for n, t in model.state_dict().items()})
    _same(row, model.eval(), reference.eval())
    return model, reference


def _stir(model: nn.Module) -> None:
    """Move every parameter away from where it starts, so that each counts in a comparison."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1 if parameter.ndim < 2 else 0.01)


def images(row: Row, batch: int) -> Tensor:
    """Random images of the size that a model is made for."""
    channels, *size = archdsl.load(row.spec).network().input
    return torch.randn(batch, channels, *size)


def _same(row: Row, model: nn.Module, reference: nn.Module) -> None:
    x = images(row, 1)
    with torch.no_grad():
        if row.spec.startswith("poolformer"):  # the last map: the heads differ
            ours, theirs = model.stages(model.stem(x)), reference.forward_features(x)
        else:
            ours, theirs = model(x), reference(x)
    worst = ((ours - theirs).abs().max() / theirs.std()).item()
    assert worst < 1e-3, f"{row.spec} differs from its reference by {worst:.1e} of its spread"
