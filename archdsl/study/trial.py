"""What a search remembers of one candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archdsl.amounts import written
from archdsl.printable import printable_line
from archdsl.units import duration, percent, rounded

if TYPE_CHECKING:
    from archdsl.cost import Cost
    from archdsl.spaces import Space
    from archdsl.specification import Spec

Metrics: TypeAlias = dict[str, float]
Origin: TypeAlias = Literal["default", "random", "grid", "tpe", "evolution", "gp", "optuna"]
Ended: TypeAlias = Literal["complete", "failed", "outside", "repeated"]
Fault: TypeAlias = Literal[
    "memory", "diverged", "timeout", "hung", "killed", "lost", "crashed", "error"
]
Stage: TypeAlias = Literal["proposed", "running", "paused"] | Ended


_LONGEST = 80  # characters of a cause in a repr
_TOLD = ("macs", "params")  # the costs there


@dataclass(frozen=True, repr=False)
class Trial:
    """One candidate and what came of it, or has come of it so far.

    number: its identity, from the moment it was proposed
    origin: who proposed it: "default" for the known-good point that a search starts from
    decisions: address -> answer; text: the spec that they make, as YAML
    costs: every kind by name, as exact integers
    network: equal for equal architectures
    state: "complete" and "failed" were trained; what Optuna's samplers propose may be "outside"
        the budget, or "repeated" and so answered from the record. What is not over is "proposed",
        "running" or "paused"; a search that prunes leaves some paused
    metrics: of the last epoch, or what `evaluate` returned; epochs: each report, in order
    values: what the objectives came to; None for a trial that failed or was outside
    fault: of which kind its failure was; cause: why, in words; trace: where, for a fault of the
        code that ran
    seconds: how long it took; begun, ended: seconds since 1970, None where nothing ran
    inherits: the trial that its training began with the weights of, None for none
    share: of its parameters those that it had from there
    """

    number: int
    origin: Origin
    decisions: dict[str, Any]
    text: str
    costs: dict[str, int]
    network: str
    state: Stage
    metrics: Metrics = field(default_factory=dict)
    epochs: tuple[dict[str, float], ...] = ()
    values: tuple[float, ...] | None = None
    cause: str | None = None
    trace: str | None = None
    seconds: float = 0.0
    begun: float | None = None
    ended: float | None = None
    fault: Fault | None = None
    inherits: int | None = None
    share: float | None = None
    space: Space | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Trial {self.number}: {self._words()}>"

    def _repr_html_(self) -> str:
        from archdsl.views.card import card, facts

        said = [
            *((name, rounded(value)) for name, value in self.metrics.items()),
            *((name, f"{number:,}") for name, number in self.costs.items()),
            ("from", self.origin),
            ("time", self.took or "not trained"),
        ]
        if self.began_with is not None:
            said.append(("weights", self.began_with))
        answers = [(address, str(answer)) for address, answer in self.decisions.items()]
        words = self.state if self.cause is None else f"{self.state}: {self.cause}"
        return card(f"Trial {self.number}", words, [facts(said), facts(answers, "answer")])

    def _words(self) -> str:
        """What came of it, and what it costs, on one line."""
        what = self.state if self.cause is None else f"{self.state}: {self.cause}"
        said = [what if len(what) <= _LONGEST else f"{what[:_LONGEST]}..."]
        said += [f"{name} {rounded(value)}" for name, value in list(self.metrics.items())[:3]]
        said += [
            f"{name} {written(name, self.costs[name])}" for name in _TOLD if name in self.costs
        ]
        return printable_line(", ".join(said))

    @property
    def trained(self) -> bool:
        """Whether it was judged, well or in vain, and not answered at once."""
        return self.state in ("complete", "failed")

    @property
    def began_with(self) -> str | None:
        """Where the weights are from that its training began with: `91 % of trial 3`."""
        if self.inherits is None or self.share is None or self.state in ("outside", "repeated"):
            return None
        return f"{percent(self.share)} of trial {self.inherits}"

    @property
    def took(self) -> str | None:
        """How long its training took so far, in words; None where there was none."""
        return duration(self.seconds) if self.trained or self.epochs else None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in ("proposed", "running", "paused")

    @cached_property
    def spec(self) -> Spec:
        """The member of the space that it tried."""
        assert self.space is not None, "a trial read without its space has only the text"
        return self.space.member(self.decisions)

    @cached_property
    def cost(self) -> Cost:
        """Its cost, by address, too."""
        assert self.space is not None, "a trial read without its space has only the totals"
        return self.space.cost(self.spec)

    def record(self) -> dict[str, Any]:
        """The trial as plain values that JSON can hold."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "space"}
        plain["metrics"] = to_json(self.metrics)
        plain["epochs"] = [to_json(epoch) for epoch in self.epochs]
        plain["values"] = None if self.values is None else list(self.values)
        return plain


def to_json(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Metrics as JSON holds them, which has no word for what is not finite: that is a text."""
    return {k: v if math.isfinite(v) else str(v) for k, v in metrics.items()}


def from_json(metrics: Mapping[str, Any]) -> Metrics:
    """The metrics that `to_json` wrote."""
    return {k: float(v) if isinstance(v, str) else v for k, v in metrics.items()}
