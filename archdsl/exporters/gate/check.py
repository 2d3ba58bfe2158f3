"""Exported files against the model that they are of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from archdsl.compiler.network import Network
from archdsl.errors import ArchError, ExportDiffers, ExportError
from archdsl.exporters.gate.compare import BATCHES, Comparison, compared
from archdsl.exporters.gate.first import Say, first_different
from archdsl.exporters.gate.images import Images
from archdsl.exporters.registry import ExportForm, Files, NotRunHere, Open
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.wanted import Wanted

FOLDED = 1e-5
"""How far a deployed form may be from the model as it is trained, where its form says less."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Files that say what the model says.

    comparison: the figures; None where the files cannot be run here
    tolerance: how large a share of the largest number the largest difference may be
    images: which, in words; weights: whose, in words
    unchecked: what was not looked at, in words
    """

    form: str
    comparison: Comparison | None
    tolerance: float
    images: str
    weights: str
    unchecked: str = ""

    def words(self) -> str:
        """What was found, on one line."""
        if self.comparison is None:
            return f"not checked: {self.unchecked}"
        sizes = " and ".join(map(str, BATCHES))
        line = (
            f"checked on {self.images}, in batches of {sizes}, with {self.weights}: "
            f"{self.comparison.words()}; tolerance {self.tolerance:.0e}"
        )
        return f"{line}.  not checked: {self.unchecked}" if self.unchecked else line

    def record(self) -> dict[str, Any]:
        """The figures as JSON holds them."""
        found = self.comparison
        said: dict[str, Any] = {"tolerance": self.tolerance, "images": self.images}
        if found is not None:
            said |= {"largest": found.largest, "of": found.of, "images_compared": found.images}
            said |= {"top_class_alike": found.alike}
        return {**said, "unchecked": self.unchecked}


def check(
    form: ExportForm,
    network: Network,
    wanted: Wanted,
    files: Files,
    images: Images,
    say: Say = lambda what: None,
) -> Checked:
    """Compare files that a form gave with the model, in eval.

    wanted: as it was, with the weights, also for a form that carries none
    say: is told what is being done
    Raises ExportDiffers, with the first layer that differs, and ExportError for a form without a
    runner and for a model that gives no numbers.
    """
    if form.runner is None:
        raise ExportError(
            f"{form.name} has no runner, and cannot be checked.  register it with  "
            f'form("{form.name}", run=...), or leave the check out'
        )
    weights = "fresh weights" if wanted.weights is None else "the weights given"
    tolerance = tolerance_of(form, wanted)
    say(f"comparing with the model on {images.words}")
    model = module_of(network, replace(wanted, fused=False))
    told = Open(network, module_of(network, wanted).state_dict())
    try:
        run = form.opened(files, told)
    except NotRunHere as why:
        return Checked(form.name, None, tolerance, images.words, weights, str(why))
    classes = wanted.features is None and network.head is not None and network.classes > 0
    found = compared(run, model, images.pixels, classes=classes)
    if found.within(tolerance):
        return Checked(form.name, found, tolerance, images.words, weights)
    raise ExportDiffers(
        f"{form.name} does not say what the model says: {found.words()}; tolerance "
        f"{tolerance:.0e}, on {images.words}, with {weights}.  "
        f"{_where(form, network, wanted, images, say)}; nothing was written"
    )


def tolerance_of(form: ExportForm, wanted: Wanted) -> float:
    """How far what comes out of a form may be from the model, with what was asked of it."""
    return max(form.tolerance, FOLDED) if wanted.fused else form.tolerance


def _where(form: ExportForm, network: Network, wanted: Wanted, images: Images, say: Say) -> str:
    try:
        address = first_different(form, network, wanted, images.pixels, say)
    except ArchError as error:
        return f"from which layer on cannot be said ({error})"
    if address is None:
        return "exported again up to each of its layers, it agrees"
    return f"it differs from {address} on"
