"""Models for tools of others: shipped specs, small members of each family, and their exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from archdsl.exporters.factory import function_name
from archdsl.specification import Spec

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "specs" / "baselines").glob("*.yaml"))
SPACES = sorted((ROOT / "specs" / "spaces").glob("*.yaml"))
OWN = sorted((ROOT / "examples").glob("own_*/*.yaml"))

# Four stages of one block each; Swin's second block of a stage is the one that shifts.
FOUR_STAGES = {
    "poolformer_s12": 1, "metaformer_pppf_s12": 1, "poolformerv2_s12": 1, "randformer_s12": 1,
    "convformer_s18": 1, "caformer_s18": 1, "ffnet_1": 1, "transnext_micro": 1,
    "convnext_tiny": 1, "swin_tiny": 2,
}  # fmt: skip
ONE_STAGE = ("deit_tiny", "resmlp_s12", "mixer_s16")
FAMILIES = (*FOUR_STAGES, *ONE_STAGE)

# What no shipped model has: attention of a meta_mixer with and without softmax, gates, all norms.
OTHERS = """
archdsl: 1
name: others
input: [3, 32, 32]
classes: 10
drop_path: 0.1
stem: {type: conv, kernel: 4, stride: 4, padding: 0, pre_norm: batch_norm}
downsample: {type: conv, kernel: 2, stride: 2, padding: 0}
block:
  norm: rms_norm
  token_mixer: {type: meta_mixer, query: depthwise, key: {type: dynamic, head_dim: 8}, act: softmax, value: dynamic, out: pointwise}
  channel_mixer: {type: glu, act: silu}
  layer_scale: 0.5
stages:
  - {dim: 16, depth: 1}
  - dim: 32
    runs:
      - {depth: 1, token_mixer: {type: meta_mixer, key: {type: dynamic, head_dim: 8}, act: relu, value: dynamic}}
      - {depth: 1, token_mixer: random, channel_mixer: {type: conv_glu, act: mish}}
      - {depth: 1, token_mixer: {type: spatial_mlp, ratio: none}}
head: {type: mlp, pool_norm: layer_norm}
"""  # noqa: E501


def small(name: str) -> Spec:
    """The smallest of a family with one block a stage, on small images that are not square."""
    if name == "others":
        return archdsl.loads(OTHERS)
    patches: dict[str, Any] = {"input": [3, 64, 96], "classes": 10}
    stages = range(4) if name in FOUR_STAGES else range(1)
    patches |= {f"stages.{stage}.depth": FOUR_STAGES.get(name, 1) for stage in stages}
    return archdsl.load(name, set=patches)


def built(spec: Spec, **options: Any) -> nn.Module:
    """A model in eval whose vectors are drawn anew: fresh layer scales hide what they scale."""
    torch.manual_seed(0)
    return filled(archdsl.build(spec, **options))


def alone(spec: Spec) -> nn.Module:
    """The same model from its exported file."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(archdsl.export(spec), "exported.py", "exec"), names)
    torch.manual_seed(0)
    return filled(names[function_name(spec.name)]())


@torch.no_grad()
def filled(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim < 2:
            tensor.normal_(std=0.1, generator=generator)
            if name.endswith(("running_var", "scale")):
                tensor.abs_().add_(0.5)
    return model.eval()


def images(spec: Spec, batch: int) -> Tensor:
    generator = torch.Generator().manual_seed(batch)
    return torch.randn(batch, *spec.network().input, generator=generator)
