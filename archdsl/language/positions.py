"""Which positions a spec has, said once: every reader of a document iterates this table.

A position is a key on one or more levels. One that is written on several is inherited inwards:
from the top or from `block` to the stages, and from a stage to its runs.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from archdsl.components.options import (
    Bool,
    Bound,
    KindOf,
    ListOf,
    Maybe,
    Number,
    OneOf,
    OptionType,
    OptionValue,
    written,
)

POSITIVE = Number(True, (Bound("positive int", lambda v: v > 0),))
COUNT = Number(True, (Bound("int from 0", lambda v: v >= 0),))
RATE = Number(False, (Bound("number from 0 to below 1", lambda v: 0 <= v < 1),))
# The largest published backbones stay far below these; beyond them a unit slipped in.
DIM = Number(True, (Bound("int from 1 to 100000", lambda v: 1 <= v <= 100_000),))
DEPTH = Number(True, (Bound("int from 1 to 1000", lambda v: 1 <= v <= 1000),))
RUN_DEPTH = Number(True, (Bound("int from 0 to 1000", lambda v: 0 <= v <= 1000),))
LAYERS = ListOf(KindOf("layer"), bare=True)
"""A stem or a downsample; a single layer stands for a list of one."""
SCHEDULE = OneOf(("linear", "constant"))
DEFAULT_INPUT = (3, 224, 224)
DEFAULT_CLASSES = 1000

AFTER_STAGES = 10

Level: TypeAlias = Literal["top", "block", "stage", "run"]
Role: TypeAlias = Literal["skeleton", "settings", "width", "depth", "entry", "layer", "block"]
"""What becomes of a value.

skeleton: it has a reader of its own, and no hole can stand there
settings: it stands beside the architecture, which does not depend on it
width: the width of a stage; depth: the number of blocks of a stage or a run
entry: layers that lead into a stage; the stem leads into the first
layer: anything else that stands once at its level
block: what the blocks are made of, asked for each of them
"""

_AS: dict[Level, str] = {
    "top": "as at the top",
    "block": "as block has it",
    "stage": "as its stage",
}


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """One key of the language.

    where: the levels on which it can be written
    type: what can stand there; None where a reader of its own says so
    help: what it holds, in a line
    default: what a missing one stands for
    left_out: the same in words, where it is no value
    needs, cure: the words for one that is missing and must not be: "a dim", "write  dim: 64"
    instead: the key that can stand in its place
    fixed: why no hole can stand there, as the cure of an error; for a skeleton with a type
    keys: the keys of a mapping that can stand for the value, which is then the first of them
    patched: whether a dotted key can reach into it
    settable: whether it can be set on top of a file
    turn: when a key of the top level is asked, from AFTER_STAGES on after the stages
    group: the keys of a group stand together in canonical YAML, with empty lines between groups
    opened: whether canonical YAML writes it over several lines, however short it is
    unset: whether `none` says that it is not written, whatever a parent wrote; where the type
        takes `none`, that is a value of it
    """

    name: str
    where: tuple[Level, ...]
    role: Role
    type: OptionType | None = None
    help: str = ""
    default: OptionValue = None
    left_out: str = ""
    needs: str = ""
    cure: str = ""
    instead: str = ""
    fixed: str = ""
    keys: MappingOf[str, OptionType] = field(default_factory=lambda: MappingProxyType({}))
    patched: bool = True
    settable: bool = True
    turn: int = 0
    group: int = 0
    opened: bool = False
    unset: bool = False

    def takes(self) -> str:
        """What can stand there, in words; empty where a reader of its own says so."""
        return "" if self.type is None else self.type.takes()

    def otherwise(self, level: Level) -> str:
        """What holds where it is left out on a level, in words."""
        outer = self.where[: self.where.index(level)]
        if outer:
            return _AS[outer[-1]]
        if self.left_out or self.needs:
            return self.left_out or "an error"
        return written(self.default)


_EVERY_SCOPE: tuple[Level, ...] = ("block", "stage", "run")

DECLARED: tuple[Position, ...] = (
    # In the order of canonical YAML on each level; the keys of a stage come among those of the top,
    # because downsample and out_norm are of both.
    Position(
        "archdsl", ("top",), "skeleton", help="the version of the language, 1; the first key",
        needs="archdsl: 1", patched=False, settable=False,
    ),
    Position(
        "name", ("top",), "skeleton", help="letters, digits and _",
        left_out="the name of the file",
    ),
    Position(
        "extends", ("top",), "skeleton", help="the spec to start from",
        left_out="nothing", patched=False, settable=False, unset=True,
    ),
    Position(
        "imports", ("top",), "skeleton", help="Python of your own", left_out="nothing",
        settable=False, unset=True,
    ),
    Position(
        "params", ("top",), "skeleton", help="named values", group=1, opened=True, unset=True,
    ),
    Position(
        "input", ("top",), "skeleton", help="channels, height and width of an image",
        default=DEFAULT_INPUT, group=2,
    ),
    Position(
        "classes", ("top",), "skeleton", COUNT, "how many classes; 0 gives features",
        default=DEFAULT_CLASSES, group=2, fixed="the data fix the number of classes; write it",
    ),
    Position(
        "drop_path", ("top",), "layer", RATE, "the rate of stochastic depth at the last block",
        default=0, keys=MappingProxyType({"rate": RATE, "schedule": SCHEDULE}), turn=3, group=2,
        cure="write  {rate: 0.1, schedule: linear}", unset=True,
    ),
    Position(
        "stem", ("top",), "entry", LAYERS, "the layers before the first stage",
        needs="a stem", cure="write  stem: {type: conv, ...}", turn=2, group=3,
    ),
    Position(
        "dim", ("stage",), "width", DIM, "the width of its maps",
        needs="a dim", cure="write  dim: 64", patched=False,
    ),
    Position(
        "depth", ("stage",), "depth", DEPTH, "how many blocks",
        needs="a depth or runs", cure="write  depth: 2", instead="runs", patched=False,
        left_out="runs stand in its place", unset=True,
    ),
    Position(
        "runs", ("stage",), "skeleton", help="stretches of blocks that differ",
        left_out="depth stands in its place", patched=False, unset=True,
    ),
    Position(
        "downsample", ("top", "stage"), "entry", Maybe(LAYERS),
        "the layers between one stage and the next", group=3,
    ),
    Position(
        "pos_embed", ("stage",), "layer", Maybe(KindOf("pos_embed")),
        "positions, added before the blocks",
    ),
    Position(
        "class_token", ("top",), "layer", Bool(), "whether a class token is put in front",
        default=False, turn=1, group=2, unset=True,
    ),
    Position(
        "out_norm", ("top", "stage"), "layer", Maybe(KindOf("norm")),
        "a norm after the last block of a stage", group=3,
    ),
    Position(
        "block", ("top",), "skeleton", help="what every block looks like",
        left_out="nothing is shared", group=4, opened=True, unset=True,
    ),
    Position(
        "stages", ("top",), "skeleton", help="the stages, in order",
        needs="stages", cure="write  stages:  with  - {dim: 64, depth: 2}", group=5, opened=True,
    ),
    Position(
        "head", ("top",), "layer", Maybe(KindOf("head")), "what turns the last map into logits",
        default="linear", turn=AFTER_STAGES, group=6,
    ),
    Position(
        "search", ("top",), "settings", help="how to search", left_out="defaults", group=7,
        opened=True, unset=True,
    ),
    Position(
        "found", ("top",), "settings", help="what a search noted about a winner",
        left_out="nothing", settable=False, group=8, opened=True, unset=True,
    ),
    # Runs and blocks.
    Position(
        "depth", ("run",), "depth", RUN_DEPTH, "how many blocks",
        needs="a depth", cure="write  depth: 2", patched=False,
    ),
    Position(
        "type", ("block",), "skeleton", OneOf(("metaformer",)), "what a block is built like",
        default="metaformer", patched=False, fixed="blocks are built alike; write the type",
    ),
    Position(
        "norm", _EVERY_SCOPE, "block", Maybe(KindOf("norm")), "before each of the mixers",
    ),
    Position(
        "token_mixer", _EVERY_SCOPE, "block",
        Maybe(ListOf(KindOf("token_mixer"), bare=True)), "what mixes positions",
    ),
    Position(
        "channel_mixer", _EVERY_SCOPE, "block",
        Maybe(ListOf(KindOf("channel_mixer"), bare=True)), "what mixes channels",
    ),
    Position(
        "layer_scale", _EVERY_SCOPE, "block", Maybe(Number(False)),
        "where the learned scale of a branch starts",
    ),
    Position(
        "res_scale", _EVERY_SCOPE, "block", Maybe(Number(False)),
        "where the learned scale of the residual starts",
    ),
)  # fmt: skip


def at(level: Level, *roles: Role) -> MappingOf[str, Position]:
    """The positions of a level, in order; those of some roles, if any are named."""
    declared, found = _found.get((level, roles), (None, None))
    if found is None or declared is not DECLARED:
        found = MappingProxyType(
            {p.name: p for p in DECLARED if level in p.where and (not roles or p.role in roles)}
        )
        _found[level, roles] = DECLARED, found
    return found


_found: dict[
    tuple[Level, tuple[Role, ...]], tuple[tuple[Position, ...], MappingOf[str, Position]]
] = {}
"""What `at` has given, and from which declaration: to compare that by its content took longer."""


def type_of(level: Level, key: str) -> OptionType:
    """What can stand at a position that has a type."""
    type_ = at(level)[key].type
    assert type_ is not None, f"{key} has a reader of its own"
    return type_
