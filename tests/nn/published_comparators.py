"""What DeiT, ResMLP, ConvNeXt, MLP-Mixer and Swin were published as: names, shapes, weights.

Written out from descriptions of the published code and independent of the rules in `specs/names`,
which are held against them; the golden files, too, list a few of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

import archdsl
from archdsl.checkpoints.naming import Naming
from archdsl.checkpoints.tables import namings
from archdsl.specification import Spec
from tests.nn.filling import metaformer_rule, normals

Shape = tuple[int, ...]
Entry = tuple[str, Shape]

DEIT = {"deit_tiny": 192, "deit_small": 384, "deit_base": 768}
RESMLP = {  # dim, depth, patch
    "resmlp_s12": (384, 12, 16),
    "resmlp_s24": (384, 24, 16),
    "resmlp_s36": (384, 36, 16),
    "resmlp_b24": (768, 24, 16),
    "resmlp_b24_patch8": (768, 24, 8),
}
MIXER = {"mixer_s16": (512, 8), "mixer_b16": (768, 12)}
CONVNEXT = {  # first dim, depths
    "convnext_tiny": (96, (3, 3, 9, 3)),
    "convnext_small": (96, (3, 3, 27, 3)),
    "convnext_base": (128, (3, 3, 27, 3)),
}
SWIN = {
    "swin_tiny": (96, (2, 2, 6, 2)),
    "swin_small": (96, (2, 2, 18, 2)),
    "swin_base": (128, (2, 2, 18, 2)),
}
SPECS = (*DEIT, *RESMLP, *CONVNEXT, *MIXER, *SWIN)
NAMINGS = [
    (spec, naming)
    for spec in SPECS
    for naming in ("official", "timm")
    if (spec, naming) not in {(mixer, "official") for mixer in MIXER}  # flax has no state dict
]


def published(spec: str, naming: str) -> dict[str, Shape]:
    """The state dict of a shipped spec as it was published."""
    timm = naming == "timm"
    if spec in DEIT:
        return dict(_deit(DEIT[spec]))
    if spec in RESMLP:
        return dict(_resmlp(*RESMLP[spec], timm=timm))
    if spec in MIXER:
        return dict(_mixer(*MIXER[spec]))
    if spec in CONVNEXT:
        return dict(_convnext(*CONVNEXT[spec], timm=timm))
    return dict(_swin(*SWIN[spec], timm=timm))


def _layer(name: str, *shape: int) -> Iterator[Entry]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _mlp(name: str, dim: int, hidden: int) -> Iterator[Entry]:
    yield from _layer(f"{name}.fc1", hidden, dim)
    yield from _layer(f"{name}.fc2", dim, hidden)


def _deit(dim: int) -> Iterator[Entry]:
    yield "cls_token", (1, 1, dim)
    yield "pos_embed", (1, 197, dim)
    yield from _layer("patch_embed.proj", dim, 3, 16, 16)
    for block in range(12):
        name = f"blocks.{block}"
        yield from _layer(f"{name}.norm1", dim)
        yield from _layer(f"{name}.attn.qkv", 3 * dim, dim)
        yield from _layer(f"{name}.attn.proj", dim, dim)
        yield from _layer(f"{name}.norm2", dim)
        yield from _mlp(f"{name}.mlp", dim, 4 * dim)
    yield from _layer("norm", dim)
    yield from _layer("head", 1000, dim)


def _resmlp(dim: int, depth: int, patch: int, *, timm: bool) -> Iterator[Entry]:
    positions, ones = (224 // patch) ** 2, (1, 1) if timm else ()
    yield from _layer("stem.proj" if timm else "patch_embed.proj", dim, 3, patch, patch)
    for block in range(depth):
        name = f"blocks.{block}"
        for branch in (1, 2):
            yield f"{name}.{'ls' if timm else 'gamma_'}{branch}", (dim,)
            yield f"{name}.norm{branch}.alpha", (*ones, dim)
            yield f"{name}.norm{branch}.beta", (*ones, dim)
        yield from _layer(f"{name}.{'linear_tokens' if timm else 'attn'}", positions, positions)
        yield from _mlp(f"{name}.{'mlp_channels' if timm else 'mlp'}", dim, 4 * dim)
    yield "norm.alpha", (*ones, dim)
    yield "norm.beta", (*ones, dim)
    yield from _layer("head", 1000, dim)


def _mixer(dim: int, depth: int) -> Iterator[Entry]:
    yield from _layer("stem.proj", dim, 3, 16, 16)
    for block in range(depth):
        name = f"blocks.{block}"
        yield from _layer(f"{name}.norm1", dim)
        yield from _mlp(f"{name}.mlp_tokens", 196, dim // 2)
        yield from _layer(f"{name}.norm2", dim)
        yield from _mlp(f"{name}.mlp_channels", dim, 4 * dim)
    yield from _layer("norm", dim)
    yield from _layer("head", 1000, dim)


def _convnext(first: int, depths: Shape, *, timm: bool) -> Iterator[Entry]:
    stem = "stem" if timm else "downsample_layers.0"
    yield from _layer(f"{stem}.0", first, 3, 4, 4)
    yield from _layer(f"{stem}.1", first)
    for stage, depth in enumerate(depths):
        dim = first * 2**stage
        if stage:
            down = f"stages.{stage}.downsample" if timm else f"downsample_layers.{stage}"
            yield from _layer(f"{down}.0", dim // 2)
            yield from _layer(f"{down}.1", dim, dim // 2, 2, 2)
        for block in range(depth):
            name = f"stages.{stage}.blocks.{block}" if timm else f"stages.{stage}.{block}"
            yield f"{name}.gamma", (dim,)
            yield from _layer(f"{name}.{'conv_dw' if timm else 'dwconv'}", dim, 1, 7, 7)
            yield from _layer(f"{name}.norm", dim)
            yield from _layer(f"{name}.{'mlp.fc1' if timm else 'pwconv1'}", 4 * dim, dim)
            yield from _layer(f"{name}.{'mlp.fc2' if timm else 'pwconv2'}", dim, 4 * dim)
    yield from _layer("head.norm" if timm else "norm", 8 * first)
    yield from _layer("head.fc" if timm else "head", 1000, 8 * first)


def _swin(first: int, depths: Shape, *, timm: bool) -> Iterator[Entry]:
    yield from _layer("patch_embed.proj", first, 3, 4, 4)
    yield from _layer("patch_embed.norm", first)
    for stage, depth in enumerate(depths):
        dim = first * 2**stage
        if stage:
            down = f"layers.{stage if timm else stage - 1}.downsample"
            yield from _layer(f"{down}.norm", 2 * dim)
            yield f"{down}.reduction.weight", (dim, 2 * dim)
        for block in range(depth):
            name = f"layers.{stage}.blocks.{block}"
            yield from _layer(f"{name}.norm1", dim)
            yield f"{name}.attn.relative_position_bias_table", (13 * 13, dim // 32)
            yield from _layer(f"{name}.attn.qkv", 3 * dim, dim)
            yield from _layer(f"{name}.attn.proj", dim, dim)
            yield from _layer(f"{name}.norm2", dim)
            yield from _mlp(f"{name}.mlp", dim, 4 * dim)
    yield from _layer("norm", 8 * first)
    yield from _layer("head.fc" if timm else "head", 1000, 8 * first)


def rules(spec: str, naming: str) -> Naming:
    """The shipped naming of a shipped spec."""
    (found,) = (one for one in namings(spec) if one.label == naming)
    return found


def weight(name: str, shape: Shape) -> np.ndarray:
    """The weights of the golden files, from timm's names."""
    z, last = normals(name, shape), name.rpartition(".")[2]
    if last == "relative_position_bias_table":
        return 0.2 * z
    if last in ("ls1", "ls2"):
        return 0.5 + 0.1 * z
    if last == "alpha":
        return 1 + 0.1 * z
    if last == "beta":
        return 0.1 * z
    return metaformer_rule(name, shape)


def filled(name: str, spec: Spec | None = None) -> tuple[nn.Module, dict[str, Tensor]]:
    """A shipped spec's model, or one patched, with weights made from timm's names; and these."""
    model = archdsl.build(name if spec is None else spec).eval()
    naming, theirs, ours = rules(name, "timm"), {}, {}
    for own, tensor in model.state_dict().items():
        found = naming.theirs(own)
        assert found is not None, own
        shape = found[1].their_shape(tuple(tensor.shape))
        assert shape is not None, own
        value = torch.from_numpy(weight(found[0], shape)).float()
        theirs[found[0]], ours[own] = value, found[1].to_ours(value, tuple(tensor.shape))
    model.load_state_dict(ours)
    return model, theirs
