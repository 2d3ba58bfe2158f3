"""Whether a component fits where it stands: its own check, and the words for what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from archdsl.compiler.geometry import Geometry, Width, answered
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.components.statics import Static, answer, no_words, static
from archdsl.errors import Misfit, SpecError
from archdsl.language.holes import Answer
from archdsl.language.nodes import Node

Known: TypeAlias = "dict[str, OptionValue]"
"""What the compiler knows of a place, by the names that components ask for it."""


class Site(NamedTuple):
    """Where a component is written, for errors.

    width: of the stage that it belongs to; noted: the answers that led to it
    """

    address: str
    node: Node
    width: Width
    noted: Mapping[str, Answer]


Check: TypeAlias = Callable[[Component, Known, Site], None]
"""Raises SpecError for a component that does not fit."""


def own_misfit(made: Component, check: Static, known: Known) -> Misfit | None:
    """What a component's own check finds, if anything.

    Raises ArchError for a check that fails, or gives neither words nor None.
    """
    said = answer(made.definition, "check", check, {**known, **dict(made.options)})
    if said is None or isinstance(said, Misfit):
        return said
    if not isinstance(said, str) or said == "":
        raise no_words(made.definition, said)
    return Misfit(said)


class Checks:
    """Refuses what does not fit on the maps of a geometry."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry

    def __call__(self, made: Component, known: Known, site: Site) -> None:
        """Raise SpecError for a component that does not fit, or one inside it."""
        mixes = made.definition.kind in ("token_mixer", "channel_mixer")
        sequence = getattr(made.definition.cls, "sequence", False)
        if self._geometry.class_token and mixes and not sequence:
            raise SpecError(
                f"{made.type} needs a map, and with a class token there is a sequence",
                address=site.address,
                mark=site.node.mark,
                cure="choose a mixer that works on a sequence, such as attention",
            )
        for inner in made.nested():
            if inner.definition.described is not None:  # it needs no context to be checked
                self._ask(inner, {}, site)
        self._ask(made, known, site)

    def _ask(self, made: Component, known: Known, site: Site) -> None:
        check = static(made.definition, "check")
        if check is None:
            return
        geometry = self._geometry
        known = {**known, "input_size": geometry.input[1:]}
        if "total_reduction" in (check[1] or ()):  # it asks for what later stages are
            known["total_reduction"] = geometry.reduction(len(geometry.stages) - 1)
        misfit = own_misfit(made, check, known)
        if misfit is not None:
            raise _refused(misfit, made, site)


def no_checks(geometry: Geometry) -> Check:
    """For components that were found to fit."""
    return _fits


def _fits(made: Component, known: Known, site: Site) -> None:
    pass


def _refused(misfit: Misfit, made: Component, site: Site) -> SpecError:
    width = site.width
    source = tuple(dict.fromkeys((*width.source, *answered(site.noted))))
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
        address=site.address,
        mark=site.node.mark,
        cure=(given + misfit.cure).strip(),
    )
