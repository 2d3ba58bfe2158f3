"""State dicts of published models: names and shapes, in the words of the published code.

Written out from descriptions of that code and independent of the rules in `specs/names`, which
are held against them; the golden files, too, list a few of them.
"""

from __future__ import annotations

from collections.abc import Iterator

Shape = tuple[int, ...]
Entry = tuple[str, Shape]

S_DIMS, M_DIMS = (64, 128, 320, 512), (96, 192, 384, 768)
BASIC = {
    "s12": (S_DIMS, (2, 2, 6, 2)),
    "s24": (S_DIMS, (4, 4, 12, 4)),
    "s36": (S_DIMS, (6, 6, 18, 6)),
    "m36": (M_DIMS, (6, 6, 18, 6)),
    "m48": (M_DIMS, (8, 8, 24, 8)),
}
HYBRID = {
    "s18": (S_DIMS, (3, 3, 9, 3)),
    "s36": (S_DIMS, (3, 12, 18, 3)),
    "m36": ((96, 192, 384, 576), (3, 12, 18, 3)),
    "b36": ((128, 256, 512, 768), (3, 12, 18, 3)),
}
FFNETS = {
    "1": ((80, 160, 320, 640), (2, 2, 8, 2)),
    "2": ((88, 176, 352, 704), (3, 3, 15, 3)),
    "3": ((96, 192, 384, 768), (4, 4, 22, 5)),
    "4": ((128, 256, 512, 1024), (4, 4, 27, 3)),
}
ABLATIONS = {"id": "IIII", "pppa": "PPPA", "ppaa": "PPAA", "pppf": "PPPF", "ppff": "PPFF"}
BASELINES = {
    "identityformer": "IIII",
    "randformer": "IIRR",
    "poolformerv2": "PPPP",
    "convformer": "SSSS",
    "caformer": "SSAA",
}
MLP_HEADS = ("convformer", "caformer")
POSITIONS = (3136, 784, 196, 49)


def published(spec: str, naming: str = "official") -> dict[str, Shape]:
    """The state dict of a shipped spec as it was published."""
    family, _, size = spec.partition("_")
    if family == "poolformer":
        entries = _poolformer(*BASIC[size], "PPPP") if naming == "official" else _timm(*BASIC[size])
    elif family == "metaformer":
        entries = _poolformer(*BASIC["s12"], ABLATIONS[size.partition("_")[0]])
    elif family == "ffnet":
        dims, depths = FFNETS[size]
        entries = ffnet(dims, depths, kernels=(3 if size == "1" else 7,) * 4, scaled=size in "34")
    else:
        rows = (HYBRID if family in MLP_HEADS else BASIC)[size]
        entries = _metaformer(*rows, BASELINES[family], family in MLP_HEADS, naming == "timm")
    found = dict(entries)
    return found


def _layer(name: str, *shape: int) -> Iterator[Entry]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _poolformer(dims: Shape, depths: Shape, mixers: str) -> Iterator[Entry]:
    yield from _layer("patch_embed.proj", dims[0], 3, 7, 7)
    entry, positioned = 0, False
    for stage, (dim, depth, mixer) in enumerate(zip(dims, depths, mixers, strict=True)):
        if mixer == "A" and not positioned:
            side = int(POSITIONS[stage] ** 0.5)
            yield f"network.{entry}.pos_embed", (1, dim, side, side)
            entry, positioned = entry + 1, True
        for block in range(depth):
            name = f"network.{entry}.{block}"
            yield f"{name}.layer_scale_1", (dim,)
            yield f"{name}.layer_scale_2", (dim,)
            yield from _layer(f"{name}.norm1", dim)
            if mixer == "A":
                yield f"{name}.token_mixer.qkv.weight", (3 * dim, dim)
                yield from _layer(f"{name}.token_mixer.proj", dim, dim)
            if mixer == "F":
                yield f"{name}.token_mixer.fc.weight", (POSITIONS[stage], POSITIONS[stage])
            yield from _layer(f"{name}.norm2", dim)
            yield from _layer(f"{name}.mlp.fc1", 4 * dim, dim, 1, 1)
            yield from _layer(f"{name}.mlp.fc2", dim, 4 * dim, 1, 1)
        if stage < 3:
            yield from _layer(f"network.{entry + 1}.proj", dims[stage + 1], dim, 3, 3)
        entry += 2
    yield from _layer("norm", dims[-1])
    yield from _layer("head", 1000, dims[-1])


def _timm(dims: Shape, depths: Shape) -> Iterator[Entry]:
    """PoolFormer in timm."""
    yield from _layer("stem.conv", dims[0], 3, 7, 7)
    for stage, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
        if stage:
            yield from _layer(f"stages.{stage}.downsample.conv", dim, dims[stage - 1], 3, 3)
        for block in range(depth):
            name = f"stages.{stage}.blocks.{block}"
            yield from _layer(f"{name}.norm1", dim)
            yield f"{name}.layer_scale1.scale", (dim,)
            yield from _layer(f"{name}.norm2", dim)
            yield from _layer(f"{name}.mlp.fc1", 4 * dim, dim, 1, 1)
            yield from _layer(f"{name}.mlp.fc2", dim, 4 * dim, 1, 1)
            yield f"{name}.layer_scale2.scale", (dim,)
    yield from _layer("head.norm", dims[-1])
    yield from _layer("head.fc", 1000, dims[-1])


def _metaformer(
    dims: Shape, depths: Shape, mixers: str, mlp_head: bool, timm: bool
) -> Iterator[Entry]:
    """A MetaFormer baseline, officially or in timm."""
    stem = "stem" if timm else "downsample_layers.0"
    yield from _layer(f"{stem}.conv", dims[0], 3, 7, 7)
    yield f"{stem}.{'norm' if timm else 'post_norm'}.weight", (dims[0],)
    for stage in (1, 2, 3):
        name = f"stages.{stage}.downsample" if timm else f"downsample_layers.{stage}"
        yield f"{name}.{'norm' if timm else 'pre_norm'}.weight", (dims[stage - 1],)
        yield from _layer(f"{name}.conv", dims[stage], dims[stage - 1], 3, 3)
    for stage, (dim, depth, mixer) in enumerate(zip(dims, depths, mixers, strict=True)):
        ones = (1, 1) if timm and mixer != "A" else ()
        for block in range(depth):
            name = f"stages.{stage}.blocks.{block}" if timm else f"stages.{stage}.{block}"
            yield f"{name}.norm1.weight", (dim,)
            if mixer == "S":
                yield f"{name}.token_mixer.pwconv1.weight", (2 * dim, dim, *ones)
                yield f"{name}.token_mixer.act1.scale", (1,)
                yield f"{name}.token_mixer.act1.bias", (1,)
                yield f"{name}.token_mixer.dwconv.weight", (2 * dim, 1, 7, 7)
                yield f"{name}.token_mixer.pwconv2.weight", (dim, 2 * dim, *ones)
            if mixer == "A":
                yield f"{name}.token_mixer.qkv.weight", (3 * dim, dim)
                yield f"{name}.token_mixer.proj.weight", (dim, dim)
            if mixer == "R":
                yield f"{name}.token_mixer.random_matrix", (POSITIONS[stage], POSITIONS[stage])
            if stage >= 2:
                yield f"{name}.res_scale1.scale", (dim,)
                yield f"{name}.res_scale2.scale", (dim,)
            yield f"{name}.norm2.weight", (dim,)
            yield f"{name}.mlp.fc1.weight", (4 * dim, dim, *ones)
            yield f"{name}.mlp.act.scale", (1,)
            yield f"{name}.mlp.act.bias", (1,)
            yield f"{name}.mlp.fc2.weight", (dim, 4 * dim, *ones)
    yield from _layer("head.norm" if timm else "norm", dims[-1])
    head = "head.fc" if timm else "head"
    if mlp_head:
        yield from _layer(f"{head}.fc1", 4 * dims[-1], dims[-1])
        yield from _layer(f"{head}.norm", 4 * dims[-1])
        yield from _layer(f"{head}.fc2", 1000, 4 * dims[-1])
    else:
        yield from _layer(head, 1000, dims[-1])


def ffnet(
    dims: Shape,
    depths: Shape,
    *,
    kernels: Shape,
    pairs: tuple[tuple[int, int], ...] = ((3, 3), (3, 3), (7, 7), (7, 7)),
    ratios: Shape = (3, 3, 3, 3),
    scaled: bool,
    stem: int = 64,
    classes: int = 1000,
) -> Iterator[Entry]:
    """FFNet in its training form. kernels: of the channel mixers; pairs: of the token mixers."""
    yield from _conv_norm("patch_embed.0", stem, 3, 3, 3)
    yield from _conv_norm("patch_embed.2", dims[0], stem, 3, 3)
    for stage, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
        if stage:
            yield from _branches(f"stages.{stage}.0.proj.0", dim)
            yield from _batch_norm(f"stages.{stage}.0.proj.1.conv.bn", dim)
            yield f"stages.{stage}.0.proj.1.conv.c.weight", (dim, dim, 1, 1)
        for block in range(depth):
            name = f"stages.{stage}.{block + (stage > 0)}"
            if scaled:
                yield f"{name}.token_mixer.0.layer_scale", (dim, 1, 1)
                yield f"{name}.channel_mixer.layer_scale", (dim, 1, 1)
            main = f"{name}.token_mixer.0.main"
            yield from _conv_norm(f"{main}.fc", dim, dim, 1, 1)
            for conv, kernel in zip(("conv1", "conv2"), pairs[stage], strict=True):
                if kernel == 7:
                    yield from _branches(f"{main}.{conv}", dim)
                else:
                    yield from _layer(f"{main}.{conv}", dim, 1, kernel, kernel)
            main = f"{name}.channel_mixer.main"
            if kernels[stage] == 7:
                yield from _branches(f"{main}.conv", dim)
            else:
                yield from _conv_norm(f"{main}.conv", dim, 1, kernels[stage], kernels[stage])
            yield from _layer(f"{main}.fc1", dim * ratios[stage], dim, 1, 1)
            yield from _layer(f"{main}.fc2", dim, dim * ratios[stage], 1, 1)
    yield from _batch_norm("norm", dims[-1])
    yield from _layer("head", classes, dims[-1])


def _batch_norm(name: str, dim: int) -> Iterator[Entry]:
    for last in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{last}", (dim,)
    yield f"{name}.num_batches_tracked", ()


def _conv_norm(name: str, *shape: int) -> Iterator[Entry]:
    yield f"{name}.c.weight", shape
    yield from _batch_norm(f"{name}.bn", shape[0])


def _branches(name: str, dim: int) -> Iterator[Entry]:
    yield from _conv_norm(f"{name}.conv", dim, 1, 7, 7)
    yield from _conv_norm(f"{name}.conv1", dim, 1, 3, 3)
