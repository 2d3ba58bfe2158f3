"""The function that makes a network, as nested calls of the same constructors as `build`.

The calls stand in the order in which `build` makes the parts, so that the same seed gives the
same weights. Equal blocks in a row are written once.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archdsl.compiler.network import Block, Layer, Network, Stage
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.exporters.annotations import TORCH_NN
from archdsl.exporters.bundle import Bundle
from archdsl.exporters.layout import INDENT, arrange
from archdsl.exporters.literals import literal
from archdsl.exporters.targets import External
from archdsl.nn import block as block_parts
from archdsl.nn import model as model_parts
from archdsl.nn.fuse import fuse

LOCAL = ("classes", "rates", "rate", "index", "block", "stem", "class_token", "stages", "head")
"""Names that the factory has for itself."""

PARTIAL = External("functools", "partial")


def function_name(name: str, taken: Sequence[str] = ()) -> str:
    """A spec's name as the name of a function: `my-net` is `my_net`, `list` is `list_`.

    taken: names that the file has for something else
    """
    word = re.sub(r"[^0-9a-zA-Z_]", "_", name)
    if not word or word[0].isdigit():
        word = f"_{word}"
    other = keyword.iskeyword(word) or hasattr(builtins, word) or word in taken
    return f"{word}_" if other else word


def classes_of(network: Network, parts: Made) -> Iterator[type]:
    """The classes that the factory calls, in the order of the forward pass."""
    for layer in network.layers():
        yield layer.component.definition.cls
        for inner in layer.component.nested():
            yield inner.definition.cls
    branches = [branch for block in network.blocks() for branch in block.branches]
    if any(len(branch.mixers) > 1 for branch in branches):
        yield block_parts.Mixers
    if any((b.layer_scale, b.res_scale) != (None, None) for b in branches):
        yield block_parts.Scale
    if network.class_token:
        yield model_parts.ClassToken
    yield from (block_parts.MetaFormerBlock, model_parts.Stage, parts.whole)


def factory(network: Network, bundle: Bundle, name: str, parts: Made) -> list[str]:
    """The lines of the factory of this name."""
    return Factory(network, bundle, name, parts).lines()


@dataclass(frozen=True, slots=True)
class Made:
    """What a factory makes of a network: all of it in the form that is trained, unless said.

    features: stages whose maps are wanted instead of logits; fused: whether the deployed form is
    """

    features: tuple[int, ...] | None = None
    fused: bool = False

    def of(self, network: Network) -> Network:
        """The network without what leads to none of it."""
        if self.features is None:
            return network
        stages = network.stages[: max(self.features) + 1]
        return replace(network, stages=stages, head=None)

    @property
    def whole(self) -> type:
        """The class of what it makes."""
        return model_parts.MetaFormer if self.features is None else model_parts.MapsOfStages


@dataclass(frozen=True, slots=True)
class Run:
    """Blocks in a row that are written once.

    text: their call, in which `rate` and `index` stand for what is each block's own
    first: the number of the first one in the network; blocks: the blocks
    """

    text: str
    first: int
    blocks: list[Block]


class Factory:
    """Writes one network's factory; `bundle` says what its classes are called."""

    def __init__(self, network: Network, bundle: Bundle, name: str, parts: Made) -> None:
        self.network, self.parts = network, parts
        self.name = name
        self.bundle = bundle
        self.rates = [_rate(block) for block in network.blocks()]
        self.ramp = _ramp(self.rates)
        self.even = len(set(self.rates)) == 1

    def lines(self) -> list[str]:
        """`def NAME(classes: int = 1000) -> MetaFormer:` and what is in it."""
        network, model = self.network, self.bundle.expression(self.parts.whole)
        returned = f"{self.bundle.external(TORCH_NN)}.Module" if self.parts.fused else model
        given = f"classes: int = {network.classes}" if self._asks_for_classes() else ""
        lines = [
            *arrange(f"def {self.name}({given}) -> {returned}:"),
            f'{" " * INDENT}"""{_words(network)}"""',
        ]
        parts = {"stem": self._list(self._layer(layer) for layer in network.stem)}
        if network.class_token:
            token = self.bundle.expression(model_parts.ClassToken)
            parts["class_token"] = f"{token}({network.stages[0].dim})"
        parts["stages"] = f"[{', '.join(map(self._stage, network.stages))},]"
        if network.head is not None:
            parts["head"] = self._layer(network.head)
        if self.ramp is not None and not self.even:
            lines.append(f"{' ' * INDENT}rates = {self.ramp}  # drop path grows with depth")
        for part, text in parts.items():
            lines += arrange(f"{part} = {text}", INDENT)
        given = ", ".join(f"{part}={part}" for part in parts)
        if self.parts.features is not None:
            given += f", features={literal(self.parts.features)}"
        made = f"{model}({given})"
        if self.parts.fused:
            made = f"{self.bundle.expression(fuse)}({made})"
        return [*lines, *arrange(f"return {made}", INDENT)]

    def _asks_for_classes(self) -> bool:
        head = self.network.head
        return head is not None and "classes" in dict(head.context)

    def _layer(self, layer: Layer, index: str = "") -> str:
        known = {"classes": "classes", "depth_index": index}
        context = [known.get(name) or literal(value) for name, value in layer.context]
        return self._call(layer.component, context)

    def _call(self, component: Component, context: Sequence[str]) -> str:
        options = [f"{name}={self._value(value)}" for name, value in component.changed().items()]
        name = self.bundle.expression(component.definition.cls)
        return f"{name}({', '.join([*context, *options])})"

    def _value(self, value: OptionValue) -> str:
        if isinstance(value, Component):
            name = self.bundle.expression(value.definition.cls)
            changed = value.changed()
            if not changed:
                return name
            options = [f"{option}={self._value(inner)}" for option, inner in changed.items()]
            return f"{self.bundle.external(PARTIAL)}({', '.join([name, *options])})"
        if isinstance(value, tuple):
            return f"[{', '.join(map(self._value, value))}]"
        return literal(value)

    def _stage(self, stage: Stage) -> str:
        parts: list[str] = []
        if stage.downsample:
            parts.append(f"downsample={self._list(self._layer(part) for part in stage.downsample)}")
        if stage.pos_embed is not None:
            parts.append(f"pos_embed={self._layer(stage.pos_embed)}")
        parts.append(f"blocks={self._blocks(stage)}")
        if stage.out_norm is not None:
            parts.append(f"out_norm={self._layer(stage.out_norm)}")
        end = "," if len(parts) > 1 else ""
        return f"{self.bundle.expression(model_parts.Stage)}({', '.join(parts)}{end})"

    def _blocks(self, stage: Stage) -> str:
        first = next(n for n, block in enumerate(self.network.blocks()) if block is stage.blocks[0])
        runs: list[Run] = []
        for number, block in enumerate(stage.blocks, first):
            text = self._block(block, "rate", "index")
            if not runs or runs[-1].text != text:
                runs.append(Run(text, number, []))
            runs[-1].blocks.append(block)
        if len(runs) == 1 and len(runs[0].blocks) > 1:
            return self._run(runs[0])
        calls = [f"*{self._run(run)}" if len(run.blocks) > 1 else self._alone(run) for run in runs]
        return f"[{', '.join(calls)}{',' if len(calls) > 1 else ''}]"

    def _alone(self, run: Run) -> str:
        """The call of a single block."""
        rate = literal(self.rates[run.first]) if self.ramp is None else f"rates[{run.first}]"
        return self._block(run.blocks[0], rate, str(_depth_index(run.blocks[0])))

    def _run(self, run: Run) -> str:
        """A comprehension over what differs from block to block."""
        depth, start = len(run.blocks), _depth_index(run.blocks[0])
        rates = self._rates(run.first, depth)
        if start is None and self.even:
            return f"[{run.text} for _ in range({depth})]"
        if start is None:
            return f"[{run.text} for rate in {rates}]"
        if self.even:
            numbers = f"{start}, {start + depth}" if start else str(depth)
            return f"[{run.text} for index in range({numbers})]"
        numbered = f"enumerate({rates}, {start})" if start else f"enumerate({rates})"
        return f"[{run.text} for index, rate in {numbered}]"

    def _rates(self, first: int, depth: int) -> str:
        if self.ramp is None:
            return literal(tuple(self.rates[first : first + depth]))
        if depth == len(self.rates):
            return "rates"
        end = first + depth
        return f"rates[{first or ''}:{end if end < len(self.rates) else ''}]"

    def _block(self, block: Block, rate: str, index: str) -> str:
        """The call of a block, with these expressions for its drop path and its number."""
        parts: list[str] = []
        for branch in block.branches:
            number, dim = branch.index, block.shape[0]
            if branch.norm is not None:
                parts.append(f"norm{number}={self._layer(branch.norm, index)}")
            calls = [self._layer(mixer, index) for mixer in branch.mixers]
            if len(calls) > 1:
                calls = [f"{self.bundle.expression(block_parts.Mixers)}({', '.join(calls)})"]
            parts.append(f"{branch.role}_mixer={calls[0]}")
            for what in ("layer_scale", "res_scale"):
                init = getattr(branch, what)
                if init is not None:
                    scale = self.bundle.expression(block_parts.Scale)
                    parts.append(f"{what}{number}={scale}({dim}, {literal(init)})")
        if not self.even or self.rates[0]:
            parts.append(f"drop_path={literal(self.rates[0]) if self.even else rate}")
        end = "," if parts else ""
        return f"{self.bundle.expression(block_parts.MetaFormerBlock)}({', '.join(parts)}{end})"

    @staticmethod
    def _list(items: Iterator[str]) -> str:
        return f"[{', '.join(items)}]"


def _rate(block: Block) -> float:
    return block.branches[-1].drop_path if block.branches else 0.0


def _depth_index(block: Block) -> int | None:
    """The number that a block's parts are given, if any of them asks for it."""
    for branch in block.branches:
        for layer in (branch.norm, *branch.mixers):
            value = dict(layer.context).get("depth_index") if layer is not None else None
            if isinstance(value, int):
                return value
    return None


def _ramp(rates: list[float]) -> str | None:
    """Rates that grow evenly from 0 as an expression that gives just those floats, or None."""
    last = len(rates) - 1
    if last < 1 or not rates[-1]:
        return None
    for peak in (round(rates[-1], 6), rates[-1]):
        if [peak * number / last for number in range(last + 1)] == rates:
            return f"[{literal(peak)} * block / {last} for block in range({last + 1})]"
    return None


def _words(network: Network) -> str:
    shape = ", ".join(str(side) for side in network.input)
    return f"Make {network.name}, for images of (B, {shape})."
