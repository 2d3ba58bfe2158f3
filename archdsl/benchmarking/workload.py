"""What is to be timed: a network in a form, with so many images at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archdsl.benchmarking.forms import TimedForm
from archdsl.compiler.network import Network
from archdsl.cost import Cost

Mode = Literal["eval", "train"]


@dataclass(frozen=True, slots=True)
class Workload:
    """One subject before it is made.

    spec: what the caller called it, a name or a path
    cost: None where it cannot be counted
    compiled: whether torch.compile makes of its module what runs
    """

    spec: str
    network: Network
    cost: Cost | None
    form: TimedForm
    compiled: bool
    batch: int
    mode: Mode

    @property
    def label(self) -> str:
        """The spec and the form, where it is another than the module itself."""
        form = [] if self.form.name == "built" else [self.form.name]
        return " ".join([self.spec, *form, *(["compiled"] if self.compiled else [])])
