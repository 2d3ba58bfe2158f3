"""What stands where: the type of every position of the language, and its default."""

from __future__ import annotations

from archdsl.components.options import Bool, Bound, KindOf, ListOf, Maybe, Number, OneOf, OptionType

POSITIVE = Number(True, (Bound("positive int", lambda v: v > 0),))
COUNT = Number(True, (Bound("int from 0", lambda v: v >= 0),))
RATE = Number(False, (Bound("number from 0 to below 1", lambda v: 0 <= v < 1),))
# The largest published backbones stay far below these; beyond them a unit slipped in.
DIM = Number(True, (Bound("int from 1 to 100000", lambda v: 1 <= v <= 100_000),))
DEPTH = Number(True, (Bound("int from 1 to 1000", lambda v: 1 <= v <= 1000),))
RUN_DEPTH = Number(True, (Bound("int from 0 to 1000", lambda v: 0 <= v <= 1000),))
LAYERS = ListOf(KindOf("layer"), bare=True)
"""A stem or a downsample; a single layer stands for a list of one."""

BLOCK: dict[str, OptionType] = {
    "type": OneOf(("metaformer",)),
    "norm": Maybe(KindOf("norm")),
    "token_mixer": Maybe(ListOf(KindOf("token_mixer"), bare=True)),
    "channel_mixer": Maybe(ListOf(KindOf("channel_mixer"), bare=True)),
    "layer_scale": Maybe(Number(False)),
    "res_scale": Maybe(Number(False)),
}
STAGE: dict[str, OptionType] = {
    **BLOCK,
    "dim": DIM,
    "depth": DEPTH,
    "downsample": Maybe(LAYERS),
    "pos_embed": Maybe(KindOf("pos_embed")),
    "out_norm": Maybe(KindOf("norm")),
}
RUN: dict[str, OptionType] = {**BLOCK, "depth": RUN_DEPTH}
TOP: dict[str, OptionType] = {
    "classes": COUNT,
    "class_token": Bool(),
    "stem": LAYERS,
    "downsample": Maybe(LAYERS),
    "out_norm": Maybe(KindOf("norm")),
    "head": Maybe(KindOf("head")),
    "drop_path": RATE,
}
SCHEDULE = OneOf(("linear", "constant"))
DEFAULT_INPUT = (3, 224, 224)
DEFAULT_CLASSES = 1000
