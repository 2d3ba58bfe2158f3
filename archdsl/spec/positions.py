"""What stands where: the type of every position of the language, and its default."""

from __future__ import annotations

from archdsl.options import Bool, Bound, KindOf, ListOf, Maybe, Number, OneOf, OptionType

POSITIVE = Number(True, (Bound("positive int", lambda v: v > 0),))
COUNT = Number(True, (Bound("int that is not negative", lambda v: v >= 0),))
RATE = Number(False, (Bound("number from 0 up to 1", lambda v: 0 <= v < 1),))
LAYERS = ListOf(KindOf("layer"))
"""A stem or a downsample; a single layer stands for a list of one."""

BLOCK: dict[str, OptionType] = {
    "type": OneOf(("metaformer",)),
    "norm": Maybe(KindOf("norm")),
    "token_mixer": Maybe(KindOf("token_mixer")),
    "channel_mixer": Maybe(KindOf("channel_mixer")),
    "layer_scale": Maybe(Number(False)),
    "res_scale": Maybe(Number(False)),
}
STAGE: dict[str, OptionType] = {
    **BLOCK,
    "dim": POSITIVE,
    "depth": POSITIVE,
    "downsample": Maybe(LAYERS),
    "pos_embed": Maybe(KindOf("pos_embed")),
    "out_norm": Maybe(KindOf("norm")),
}
RUN: dict[str, OptionType] = {**BLOCK, "depth": COUNT}
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
SKELETON = (
    "archdsl",
    "name",
    "extends",
    "imports",
    "input",
    "classes",
    "stages",
    "search",
    "found",
)
"""Top-level keys in which no hole and no expression may stand."""

DEFAULT_INPUT = (3, 224, 224)
DEFAULT_CLASSES = 1000
