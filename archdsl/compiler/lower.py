"""A document with its answers to a Network: shapes, contexts, one entry per layer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archdsl.compiler.entry import Part, left
from archdsl.compiler.network import Block, Branch, Layer, Network, Shape, Stage
from archdsl.components.component import Component, component
from archdsl.components.options import OptionType, OptionValue, written
from archdsl.components.statics import Size, ask, no_words, static
from archdsl.errors import Misfit, SpecError
from archdsl.language import positions, typed
from archdsl.language.check import read_input
from archdsl.language.decisions import Holes, Place
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Answer
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.resolve import Ask, Resolver

VAST = 1 << 24
"""A side so large that the borders of a map make no difference."""


@dataclass(frozen=True, slots=True)
class Width:
    """A stage's dim, and what an error says about where it comes from."""

    stage: int
    dim: int
    node: Node
    address: str
    source: tuple[str, ...]
    """`params.width = 48`, ..."""

    def subject(self) -> str:
        """`$width * 5 is 240`, or `dim is 240`."""
        found = typed.expression(self.node)
        return f"{found.text if found else 'dim'} is {self.dim}"


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """One block of a stage: its place for the resolver and its run."""

    stage: Scope
    run: Scope | None
    place: Place


def lower(document: Document, holes: Holes, ask: Ask | None) -> tuple[Network, dict[str, Answer]]:
    """The network of a document, and the record of what was asked. Raises SpecError."""
    lowering = Lowering(document, holes, ask)
    network = lowering.network()
    return network, lowering.resolver.answers


class Lowering:
    """One walk over a document that turns positions into layers.

    Its methods can be called one at a time: the checker lowers single layers through them.
    """

    def __init__(self, document: Document, holes: Holes, ask: Ask | None) -> None:
        self.document = document
        self.resolver = Resolver(document, holes, ask)
        top = document.top
        self.input: Shape = read_input(top["input"]) if "input" in top else positions.DEFAULT_INPUT
        classes = top.get("classes")
        self.classes: int = (
            positions.DEFAULT_CLASSES if classes is None else typed.scalar(classes, positions.COUNT)
        )
        self._widths: dict[int, Width] = {}
        self._parts: dict[int, tuple[Part, ...]] = {}
        self._sizes: dict[int, Size] = {}
        self._vast: dict[int, Size] = {}
        self.class_token = bool(self._top("class_token", False))
        if self.class_token and len(document.stages) > 1:
            raise SpecError(
                "a class token runs through a single stage",
                address="class_token",
                mark=document.marks.get("class_token"),
                cure="isotropic models have one stage; drop class_token otherwise",
            )

    def network(self) -> Network:
        """The whole network."""
        document = self.document
        stem = self.entry(0)
        plans = [(stage, self.blocks(index)) for index, stage in enumerate(document.stages)]
        rates = self.drop_path(sum(len(plan) for _, plan in plans))
        stages: list[Stage] = []
        for index, (scope, plan) in enumerate(plans):
            shape = self.shape(index)
            blocks = tuple(self.block(at, next(rates)) for at in plan)
            layers = {key: self.stage_layer(index, key) for key in positions.at("stage", "layer")}
            stages.append(
                Stage(
                    address=scope.address,
                    downsample=self.entry(index) if index else (),
                    pos_embed=layers["pos_embed"],
                    blocks=blocks,
                    out_norm=layers["out_norm"],
                    dim=shape[0],
                    shape=shape,
                    reduction=self.reduction(index),
                )
            )
        name = document.top["name"]
        assert isinstance(name, Scalar)
        return Network(
            str(name.value), self.input, self.classes, self.class_token, stem, tuple(stages),
            self.head(),
        )  # fmt: skip

    def width(self, index: int) -> Width:
        """The dim of a stage."""
        if index not in self._widths:
            scope = self.document.stages[index]
            node, address = scope.plain["dim"], f"{scope.address}.dim"
            self.resolver.touched = {}
            filled = self.resolver.fill(node)
            dim = self.resolver.value(filled, positions.DIM, address)
            source = (*self.resolver.used(filled), *self._touched())
            source = tuple(dict.fromkeys(source))
            self._widths[index] = Width(index, dim, filled, address, source)
        return self._widths[index]

    def size(self, index: int) -> Size:
        """Height and width of a stage's map; (1 + H·W, 1) with a class token.

        Widths are not asked for: a size depends on kernels and strides alone.
        """
        if index not in self._sizes:
            before = self.input[1:] if index == 0 else self.size(index - 1)
            for part in self._entry_parts(index):
                before = self._out_size(part, before)
            if index == 0 and self.class_token:
                before = (1 + before[0] * before[1], 1)
            self._sizes[index] = before
        return self._sizes[index]

    def reduction(self, index: int) -> int:
        """Input positions per position of a stage's map, along a side: the product of strides.

        Exact where a map's own sides are rounded: it is what is left of a side without borders.
        """
        return max(1, round(VAST / self.vast(index)[0]))

    def vast(self, index: int) -> Size:
        """What a stage's layers and those before it leave of a map without borders."""
        if index not in self._vast:
            size = (VAST, VAST) if index == 0 else self.vast(index - 1)
            for part in self._entry_parts(index):
                size = self._out_size(part, size)
            self._vast[index] = size
        return self._vast[index]

    def shape(self, index: int) -> Shape:
        """The shape of a stage's map."""
        return (self.width(index).dim, *self.size(index))

    def entry(self, index: int) -> tuple[Layer, ...]:
        """The layers that lead into a stage: the stem, or what stands before its blocks."""
        width, parts = self.width(index), self._entry_parts(index)
        shape = self.input if index == 0 else self.shape(index - 1)
        if not parts and width.dim != shape[0]:
            raise SpecError(
                f"{width.subject()} after {shape[0]}, with no downsample between them",
                address=width.address,
                mark=width.node.mark,
                cure="write a downsample, or the same dim",
            )
        layers: list[Layer] = []
        where = f"{self.document.stages[index].address}.downsample" if index else "stem"
        for number, part in enumerate(parts):
            dim = width.dim if part.dim is None else part.dim
            after = (dim, *self._out_size(part, shape[1:]))
            address = f"{where}.{number}"  # one layer is a list of one in the built model
            layers.append(
                self._layer(
                    part.component, address, part.node, shape, after, width, 0, part.address
                )
            )
            shape = after
        if shape[0] != width.dim:
            raise SpecError(
                f"the last layer is {shape[0]} wide, and {width.address} is {width.dim}",
                address=parts[-1].address,
                mark=parts[-1].node.mark,
                cure="drop its dim: a layer has the width of the stage unless it names one",
            )
        return tuple(layers)

    def blocks(self, index: int) -> list[BlockPlace]:
        """The blocks of a stage, runs unrolled; asks for the depth."""
        scope = self.document.stages[index]
        if scope.runs is None:
            depth = self.depth(scope, positions.DEPTH)
            return [BlockPlace(scope, None, Place(index, k)) for k in range(depth)]
        found: list[BlockPlace] = []
        for number, run in enumerate(scope.runs):
            for k in range(self.depth(run, positions.RUN_DEPTH)):
                found.append(BlockPlace(scope, run, Place(index, len(found), number, k)))
        if not found:
            raise SpecError(
                "a stage needs at least one block",
                address=scope.address,
                mark=scope.mark,
                cure="give one of its runs a depth of 1 or more",
            )
        return found

    def block(self, at: BlockPlace, drop_path: float) -> Block:
        """One block with its branches."""
        address = f"{at.stage.address}.blocks.{at.place.block}"
        assert at.place.stage is not None
        shape = self.shape(at.place.stage)
        # Every key is asked, whatever the others are: the size of a space is a product.
        norm = self.block_layer(at, "norm", f"{address}.norm1")
        layer_scale = self.block_number(at, "layer_scale")
        res_scale = self.block_number(at, "res_scale")
        branches = []
        for number, role in enumerate(("token", "channel"), start=1):
            mixers = self.mixers(at, f"{role}_mixer", f"{address}.{role}_mixer")
            if mixers:
                own = norm and replace(norm, address=f"{address}.norm{number}")
                branches.append(
                    Branch(role, number, own, mixers, layer_scale, res_scale, drop_path)
                )
        return Block(address, shape, tuple(branches))

    def block_layer(self, at: BlockPlace, key: str, address: str) -> Layer | None:
        """The one layer that a block key gives, or None where it is none."""
        layers = self.mixers(at, key, address)
        return layers[0] if layers else None

    def mixers(self, at: BlockPlace, key: str, address: str) -> tuple[Layer, ...]:
        """The layers that a block key gives, one after another; none where it is none."""
        node = self.document.block_value(at.stage, at.run, key)
        if node is None:
            return ()
        assert at.place.stage is not None
        shape, width = self.shape(at.place.stage), self.width(at.place.stage)
        where = f"{(at.run or at.stage).address}.{key}"
        self.resolver.touched = {}
        filled = self.resolver.fill(node, at.place)
        made = self.resolver.value(filled, positions.type_of("stage", key), where)
        if made is None:
            return ()
        listed = isinstance(filled, Sequence)
        return tuple(
            self._layer(
                one,
                f"{address}.{number}" if len(components) > 1 else address,
                filled.items[number] if isinstance(filled, Sequence) else filled,
                shape,
                shape,
                width,
                at.place.block or 0,
                f"{where}.{number}" if listed else where,
            )
            for components in [made if isinstance(made, tuple) else (made,)]
            for number, one in enumerate(components)
        )

    def block_number(self, at: BlockPlace, key: str) -> float | None:
        """A block's layer_scale or res_scale."""
        node = self.document.block_value(at.stage, at.run, key)
        if node is None:
            return None
        where = f"{(at.run or at.stage).address}.{key}"
        filled = self.resolver.fill(node, at.place)
        value: float | None = self.resolver.value(filled, positions.type_of("stage", key), where)
        return value

    def head(self) -> Layer | None:
        """The head; `linear` where the spec names none."""
        node = self.document.top.get("head")
        last = len(self.document.stages) - 1
        shape, width = self.shape(last), self.width(last)
        out = (self.classes or shape[0], 1, 1)
        if node is None:
            made: Component | None = component("head", "linear")
            node = Scalar("linear", "linear")
        else:
            self.resolver.touched = {}
            node = self.resolver.fill(node)
            made = self.resolver.value(node, positions.type_of("top", "head"), "head")
        if made is None:
            return None
        return self._layer(made, "head", node, shape, out, width, 0, "head")

    def stage_layer(self, index: int, key: str) -> Layer | None:
        """What stands once in a stage, such as its out_norm; None where that is no layer."""
        scope = self.document.stages[index]
        node = self.document.stage_value(scope, key)
        if node is None:
            return None
        address = f"{scope.address}.{key}"
        shape, width = self.shape(index), self.width(index)
        self.resolver.touched = {}
        filled = self.resolver.fill(node, Place(stage=index))
        made = self.resolver.value(filled, positions.type_of("stage", key), address)
        if not isinstance(made, Component):
            return None
        return self._layer(made, address, filled, shape, shape, width, 0, address)

    def _entry_parts(self, index: int) -> tuple[Part, ...]:
        """What the stem, or a stage's downsample, is made of."""
        if index in self._parts:
            return self._parts[index]
        scope = self.document.stages[index]
        if index == 0:
            node, address, place = self.document.top["stem"], "stem", Place()
        else:
            found = self.document.stage_value(scope, "downsample")
            if found is None:
                return ()
            node, address, place = found, f"{scope.address}.downsample", Place(stage=index)
        filled = self._spelled_out(self.resolver.fill(node, place), address)
        if typed.is_none(filled):
            parts: tuple[Part, ...] = ()
        elif isinstance(filled, Sequence):
            parts = tuple(
                self._part(item, f"{address}.{number}") for number, item in enumerate(filled.items)
            )
        else:
            parts = (self._part(filled, address),)
        self._parts[index] = parts
        return parts

    def _part(self, node: Node, address: str) -> Part:
        node = self._spelled_out(node, address)
        made = self.resolver.component(node, "layer", address)
        own = typed.component(node, "layer").dim
        dim = None if own is None else self.resolver.value(own, positions.DIM, f"{address}.dim")
        return Part(made, node, address, dim)

    def _spelled_out(self, node: Node, address: str) -> Node:
        """The node behind `$name`, or the node itself."""
        found = typed.expression(node)
        if found is None or found.alone is None:
            return node
        return self._spelled_out(self.resolver.param(found.alone), address)

    def _out_size(self, part: Part, size: Size) -> Size:
        after = part.out_size(size)
        if min(after) < 1:
            height, width = self._least_input()
            raise SpecError(
                f"nothing is left of a map of {size[0]}x{size[1]}",
                address=part.address,
                mark=part.node.mark,
                cure=f"choose an input of {height}x{width} or more, or smaller strides and kernels",
            )
        return after

    def _least_input(self) -> Size:
        """The smallest input that is no smaller than this one and of which something is left.

        Where nothing is decided yet, the defaults stand.
        """
        default, known = Lowering(self.document, self.resolver.holes, None), self._parts
        stages = range(len(self.document.stages))
        parts = [part for i in stages for part in known.get(i) or default._entry_parts(i)]
        height, width = self.input[1:]
        return (
            bisect_left(range(VAST), True, height, key=lambda side: left(parts, (side, VAST))),
            bisect_left(range(VAST), True, width, key=lambda side: left(parts, (VAST, side))),
        )

    def _layer(
        self,
        made: Component,
        address: str,
        node: Node,
        shape: Shape,
        after: Shape,
        width: Width,
        depth_index: int,
        written_at: str,
    ) -> Layer:
        known: dict[str, OptionValue] = {
            "dim": shape[0],
            "dim_in": shape[0],
            "dim_out": after[0],
            "size": (shape[1], shape[2]),
            "reduction": self.reduction(width.stage),
            "depth_index": depth_index,
            "classes": self.classes,
        }
        definition = made.definition
        mixes = definition.kind in ("token_mixer", "channel_mixer")
        if self.class_token and mixes and not getattr(definition.cls, "sequence", False):
            raise SpecError(
                f"{made.type} needs a map, and with a class token there is a sequence",
                address=written_at,
                mark=node.mark,
                cure="choose a mixer that works on a sequence, such as attention",
            )
        for inner in made.nested():
            if inner.definition.described is not None:  # it needs no context to be checked
                self._check(inner, {}, written_at, node, width)
        self._check(made, known, written_at, node, width)
        context = tuple((name, known[name]) for name in definition.context)
        return Layer(address, made, context, shape, after)

    def _check(
        self,
        made: Component,
        known: dict[str, OptionValue],
        address: str,
        node: Node,
        width: Width,
    ) -> None:
        """Raise SpecError where a component's own check finds that it does not fit."""
        function = static(made.definition, "check")
        if function is None:
            return
        known = {**known, "input_size": self.input[1:]}
        if "total_reduction" in (function[1] or ()):  # it asks for what later stages are
            known["total_reduction"] = self.reduction(len(self.document.stages) - 1)
        words = ask(made.definition, "check", {**known, **dict(made.options)})
        if words is not None:
            if not isinstance(words, (str, Misfit)) or words == "":
                raise no_words(made.definition, words)
            raise self._misfit(words, made, address, node, width)

    def _misfit(
        self, words: Misfit | str, made: Component, address: str, node: Node, width: Width
    ) -> SpecError:
        misfit = words if isinstance(words, Misfit) else Misfit(words)
        source = tuple(dict.fromkeys((*width.source, *self._touched())))
        given = f"with {', '.join(source)}.  " if source else ""
        if misfit.about.startswith("dim"):
            return SpecError(
                f"{width.subject()}, which {made.type} {misfit.problem}",
                address=width.address,
                mark=width.node.mark,
                cure=given + misfit.cure,
            )
        return SpecError(
            f"{made.type} {misfit.problem}",
            address=address,
            mark=node.mark,
            cure=(given + misfit.cure).strip(),
        )

    def _touched(self) -> tuple[str, ...]:
        return tuple(f"{a} = {written(v)}" for a, v in self.resolver.touched.items())

    def depth(self, scope: Scope, type_: OptionType = positions.RUN_DEPTH) -> int:
        """The depth of a stage or a run."""
        node, address = scope.plain["depth"], f"{scope.address}.depth"
        depth: int = self.resolver.value(self.resolver.fill(node), type_, address)
        return depth

    def _top(self, key: str, default: OptionValue) -> OptionValue:
        node = self.document.top.get(key)
        if node is None:
            return default
        return self.resolver.value(self.resolver.fill(node), positions.type_of("top", key), key)

    def drop_path(self, depth: int) -> Iterator[float]:
        """The rate of every block: a linear ramp from 0 to the peak, or the same for all."""
        node = self.document.top.get("drop_path")
        rate, schedule = 0.0, "linear"
        if node is not None:
            filled = self.resolver.fill(node)
            parts = filled.items if isinstance(filled, Mapping) else {"rate": filled}
            rate = self.resolver.value(parts["rate"], positions.RATE, "drop_path.rate")
            if "schedule" in parts:
                schedule = self.resolver.value(
                    parts["schedule"], positions.SCHEDULE, "drop_path.schedule"
                )
        for index in range(depth):
            yield rate if schedule == "constant" else rate * index / max(1, depth - 1)
