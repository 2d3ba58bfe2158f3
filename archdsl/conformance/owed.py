"""What a component of each kind owes, and the words where it gives something else."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.compiler.network import Layer
from archdsl.components.registry import KINDS, Definition
from archdsl.components.statics import static

Sides = tuple[int, ...]
"""A shape without its batch axis."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a component does that its kind does not. problem: completes "it ..."."""

    definition: Definition
    problem: str
    cure: str

    def problem_and_cure(self) -> tuple[str, str]:
        """The problem as a sentence that names the class and its place, and the cure."""
        of = self.definition
        return f"{KINDS[of.kind].noun} '{of.name}' ({of.where}) {self.problem}", self.cure


def sides(shape: Sides) -> str:
    """`16x8x8`."""
    return "x".join(map(str, shape)) or "one number"


def owed(layer: Layer) -> Sides:
    """The shape that a layer owes."""
    if layer.component.kind == "head":
        return layer.out_shape[:1]
    return layer.out_shape


def misshapen(layer: Layer, definition: Definition, shape: Sides, batch: int) -> Fault:
    """A layer that gives another shape than it owes. definition: the component at fault"""
    wanted, given = owed(layer), shape[1:]
    if shape[:1] != (batch,):
        problem = f"turns {batch} images into a tensor of {sides(shape)}"
        return Fault(definition, problem, "keep the batch axis first, and as long as it is")
    problem = (
        f"turns a map of {sides(layer.in_shape)} into {sides(given)}, and the network expects "
        f"{sides(wanted)}"
    )
    return Fault(definition, problem, _shape_cure(layer, definition, given))


def _shape_cure(layer: Layer, definition: Definition, given: Sides) -> str:
    if definition.kind == "head":
        return "give one vector for each image, as long as the context  classes  (dim with 0)"
    if definition.kind != "layer":
        return f"a {KINDS[definition.kind].noun} keeps the map's shape: mend its forward"
    if len(given) != 3:
        return "give a map (B, dim_out, H, W)"
    if given[0] != layer.out_shape[0]:
        return f"give dim_out channels, here {layer.out_shape[0]}"
    before, after = layer.in_shape[1:], given[1:]
    if static(definition, "out_size") is not None:
        return f"let its out_size say {after} for {before}, or mend its forward"
    return (
        f"say so in the class, in a method that gives {after} for {before}:\n"
        f"    @staticmethod\n"
        f"    def out_size(size: tuple[int, int]) -> tuple[int, int]:\n"
        f"        return {_guess('size[0]', before[0], after[0])}, "
        f"{_guess('size[1]', before[1], after[1])}"
    )


def _guess(side: str, before: int, after: int) -> str:
    """The plainest formula that fits one pair of sides."""
    if before == after:
        return side
    if before > after:
        step = round(before / after)
        if before // step == after:
            return f"{side} // {step}"
        if -(-before // step) == after:
            return f"-(-{side} // {step})"
        return f"{side} - {before - after}"
    return f"{side} * {after // before}" if after % before == 0 else f"{side} + {after - before}"


def inner_misshapen(definition: Definition, before: Sides, after: Sides, wanted: Sides) -> Fault:
    """A component among a layer's options that gives another shape than it owes."""
    problem = f"turns {sides(before)} into {sides(after)}, and the network expects {sides(wanted)}"
    return Fault(definition, problem, _INNER_CURES.get(definition.kind, _SAME))


_SAME = "keep the shape: mend its forward"
_WIDTH = "give dim channels, or as many as its  out_channels  and its static  dim_out  say"
_INNER_CURES = {
    "key": _WIDTH,
    "value": _WIDTH,
    "out": "give dim channels",
    "layer": "give dim_out channels, and the size that its static  out_size  says",
}
