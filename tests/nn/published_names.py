"""The names of a built model's tensors in the published checkpoints, as rules in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Rules = tuple[tuple[str, str], ...]


def by(*rules: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """Every rule that matches is applied, in order."""
    flat = [rule for group in rules for rule in group]

    def renamed(name: str) -> str:
        for pattern, replacement in flat:
            name = re.sub(pattern, replacement, name)
        return name

    return renamed


def _poolformer(stages: tuple[int, ...], downsamples: tuple[int, ...]) -> Rules:
    """PoolFormer keeps stages, downsamples and positions in one list."""
    return (
        (r"^stem\.0\.conv\.", "patch_embed.proj."),
        *((rf"^stages\.{i}\.blocks\.", f"network.{k}.") for i, k in enumerate(stages)),
        *(
            (rf"^stages\.{i}\.downsample\.0\.conv\.", f"network.{k}.proj.")
            for i, k in enumerate(downsamples, start=1)
        ),
        (r"layer_scale(\d)\.scale$", r"layer_scale_\1"),
        (r"\.channel_mixer\.", ".mlp."),
        (r"token_mixer\.fc1\.", "token_mixer.fc."),
        (r"^head\.norm\.", "norm."),
        (r"^head\.classifier\.", "head."),
    )


POOLFORMER = _poolformer((0, 2, 4, 6), (1, 3, 5))
POOLFORMER_PPAA: Rules = (
    (r"^stages\.2\.pos_embed\.map$", "network.4.pos_embed"),
    *_poolformer((0, 2, 5, 7), (1, 3, 6)),
)

METAFORMER: Rules = (
    (r"^stem\.0\.conv\.", "downsample_layers.0.conv."),
    (r"^stem\.0\.norm\.", "downsample_layers.0.post_norm."),
    (r"^stages\.(\d)\.downsample\.0\.", r"downsample_layers.\1."),
    (r"^stages\.(\d)\.blocks\.", r"stages.\1."),
    (r"\.channel_mixer\.", ".mlp."),
    (r"token_mixer\.widen\.", "token_mixer.pwconv1."),
    (r"token_mixer\.act\.", "token_mixer.act1."),
    (r"token_mixer\.depthwise\.", "token_mixer.dwconv."),
    (r"token_mixer\.narrow\.", "token_mixer.pwconv2."),
    (r"token_mixer\.matrix$", "token_mixer.random_matrix"),
    (r"^head\.pool_norm\.", "norm."),
    (r"^head\.hidden_norm\.", "head.norm."),
    (r"^head\.classifier\.", "head."),
)

DEIT: Rules = (
    (r"^stem\.0\.conv\.", "patch_embed.proj."),
    (r"^class_token\.token$", "cls_token"),
    (r"^stages\.0\.pos_embed\.map$", "pos_embed"),
    (r"^stages\.0\.blocks\.", "blocks."),
    (r"\.token_mixer\.", ".attn."),
    (r"\.channel_mixer\.", ".mlp."),
    (r"^head\.norm\.", "norm."),
    (r"^head\.classifier\.", "head."),
)

MIXER: Rules = (
    (r"^stem\.0\.conv\.", "stem.proj."),
    (r"^stages\.0\.blocks\.", "blocks."),
    (r"\.token_mixer\.", ".mlp_tokens."),
    (r"\.channel_mixer\.", ".mlp_channels."),
    (r"^head\.norm\.", "norm."),
    (r"^head\.classifier\.", "head."),
)

CONVNEXT: Rules = (
    (r"^stem\.0\.conv\.", "stem.0."),
    (r"^stem\.0\.norm\.", "stem.1."),
    (r"downsample\.0\.pre_norm\.", "downsample.0."),
    (r"downsample\.0\.conv\.", "downsample.1."),
    (r"channel_mixer\.query\.conv\.", "conv_dw."),
    (r"channel_mixer\.query\.norm\.", "norm."),
    (r"channel_mixer\.key\.", "mlp.fc1."),
    (r"channel_mixer\.value\.", "mlp.fc2."),
    (r"layer_scale2\.scale$", "gamma"),
    (r"^head\.pool_norm\.", "head.norm."),
    (r"^head\.classifier\.", "head.fc."),
)

FFNET: Rules = (
    (r"^stem\.0\.", "patch_embed.0."),
    (r"^stem\.1\.", "patch_embed.2."),
    (r"^(patch_embed\.\d)\.conv\.", r"\1.c."),
    (r"^(patch_embed\.\d)\.norm\.", r"\1.bn."),
    (r"^stages\.(\d)\.downsample\.", r"stages.\1.0.proj."),
    (r"proj\.1\.of\.conv\.", "proj.1.conv.c."),
    (r"proj\.1\.of\.pre_norm\.", "proj.1.conv.bn."),
    (r"^stages\.0\.blocks\.", "stages.0."),
    *(
        (rf"^stages\.([123])\.blocks\.{block}\.", rf"stages.\g<1>.{block + 1}.")
        for block in range(40)
    ),
    (r"layer_scale1\.scale$", "token_mixer.0.layer_scale"),
    (r"layer_scale2\.scale$", "channel_mixer.layer_scale"),
    (r"token_mixer\.query\.", "token_mixer.0.main.fc."),
    (r"token_mixer\.key\.", "token_mixer.0.main.conv1."),
    (r"token_mixer\.value\.", "token_mixer.0.main.conv2."),
    (r"channel_mixer\.query\.", "channel_mixer.main.conv."),
    (r"channel_mixer\.key\.", "channel_mixer.main.fc1."),
    (r"channel_mixer\.value\.", "channel_mixer.main.fc2."),
    (r"main\.(fc|conv)\.conv\.", r"main.\1.c."),
    (r"main\.(fc|conv)\.norm\.", r"main.\1.bn."),
    (r"\.large\.", ".conv.c."),
    (r"\.large_norm\.", ".conv.bn."),
    (r"\.small\.", ".conv1.c."),
    (r"\.small_norm\.", ".conv1.bn."),
    (r"^head\.norm\.", "norm."),
    (r"^head\.classifier\.", "head."),
)
FFNET_DEPLOYED: Rules = (
    (r"^stem\.0\.0\.", "stem.0."),
    *FFNET,
)
