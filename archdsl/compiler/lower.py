"""A document with its answers to a Network: shapes, contexts, one entry per layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archdsl.compiler.blocks import Blocks, drop_paths
from archdsl.compiler.checks import Check, Checks
from archdsl.compiler.entry_layers import EntryLayers
from archdsl.compiler.entry_parts import EntryParts
from archdsl.compiler.geometry import Geometry, MapState
from archdsl.compiler.layer_maker import LayerMaker
from archdsl.compiler.network import Network, Shape, Stage
from archdsl.compiler.stage_layers import StageLayers
from archdsl.errors import SpecError
from archdsl.language import positions, typed
from archdsl.language.check import read_input
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer
from archdsl.language.nodes import Scalar
from archdsl.language.remembered import Remembered
from archdsl.language.resolve import Ask, Resolver


def lower(document: Document, holes: Holes, ask: Ask | None) -> tuple[Network, dict[str, Answer]]:
    """The network of a document, and the record of what was asked. Raises SpecError."""
    lowering = Lowering(document, holes, ask)
    network = lowering.network()
    return network, lowering.resolver.answers


class Lowering:
    """One walk over a document that turns positions into layers.

    Its parts can be asked one at a time: the checker lowers single layers through them.

    entry: what leads into a stage; blocks: its blocks; beside: its other layers, and the head
    told: the maps of stages that are known, for which nothing is asked
    checks: makes of the geometry what refuses a component that does not fit
    kept: what earlier walks over the same document made; not where maps are told
    """

    def __init__(
        self,
        document: Document,
        holes: Holes,
        ask: Ask | None,
        *,
        told: Mapping[int, MapState] | None = None,
        checks: Callable[[Geometry], Check] = Checks,
        kept: Remembered | None = None,
    ) -> None:
        self.document = document
        self.resolver = resolver = Resolver(document, holes, ask, kept)
        self.input = resolver.remembered("input", lambda: _input(document))
        self.classes = resolver.remembered("classes", lambda: _classes(document))
        self.class_token = resolver.remembered("class_token", lambda: _class_token(resolver))
        parts = EntryParts(resolver)
        self.geometry = geometry = Geometry(
            resolver, parts, self.input, self.class_token, told or {}
        )
        make = LayerMaker(geometry, self.classes, checks(geometry))
        self.entry = EntryLayers(resolver, parts, geometry, make)
        self.blocks = Blocks(resolver, geometry, make)
        self.beside = StageLayers(resolver, geometry, make, self.classes)

    def network(self) -> Network:
        """The whole network."""
        geometry = self.geometry
        stem = self.entry.of(0)
        plans = [self.blocks.places(index) for index in range(len(geometry.stages))]
        rates = drop_paths(self.resolver, sum(map(len, plans)))
        stages: list[Stage] = []
        for index, plan in enumerate(plans):
            shape = geometry.shape(index)
            blocks = tuple(self.blocks.block(at, next(rates)) for at in plan)
            beside = {key: self.beside.of(index, key) for key in positions.at("stage", "layer")}
            stages.append(
                Stage(
                    address=geometry.stages[index].address,
                    downsample=self.entry.of(index) if index else (),
                    blocks=blocks,
                    dim=shape[0],
                    shape=shape,
                    reduction=geometry.reduction(index),
                    pos_embed=beside["pos_embed"],
                    out_norm=beside["out_norm"],
                )
            )
        name = self.document.top["name"]
        assert isinstance(name, Scalar)
        return Network(
            str(name.value), self.input, self.classes, self.class_token, stem, tuple(stages),
            self.beside.head(),
        )  # fmt: skip


def _input(document: Document) -> Shape:
    node = document.top.get("input")
    return positions.DEFAULT_INPUT if node is None else read_input(node)


def _classes(document: Document) -> int:
    node = document.top.get("classes")
    if node is None:
        return positions.DEFAULT_CLASSES
    classes: int = typed.scalar(node, positions.COUNT)
    return classes


def _class_token(resolver: Resolver) -> bool:
    """Whether there is a class token. Raises SpecError where it cannot be one."""
    document = resolver.document
    node = document.top.get("class_token")
    if node is None:
        return False
    found = resolver.value(
        resolver.fill(node), positions.type_of("top", "class_token"), "class_token"
    )
    if found and len(document.stages) > 1:
        raise SpecError(
            "a class token runs through a single stage",
            address="class_token",
            mark=document.marks.get("class_token"),
            cure="isotropic models have one stage; drop class_token otherwise",
        )
    return bool(found)
