"""What `evaluate` is handed: an architecture that fits the budget, not yet built."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable_line, shown
from archdsl.study.trial import Metrics
from archdsl.units import counted

if TYPE_CHECKING:
    from torch import nn

    from archdsl.cost import Cost
    from archdsl.spaces import Space
    from archdsl.specification import Spec

WEIGHTS = "weights.safetensors"
"""What a candidate's weights are called in its folder."""

CHECKPOINT = "checkpoint.ckpt"
"""What a training that may be broken off has left in it after its last epoch."""

BRANCH = "branch"
"""The folder in that of a trial of a training that branched off from its own, while it lasts."""

MOST_METRICS = 1_000
LARGEST = 1e300
"""Beyond these no figure, interval or plot of a metric can be made."""

OnReport = Callable[[float, Metrics], None]


def _never() -> bool:
    return False


class Candidate:
    """One architecture on trial.

    decisions: the answers that made it
    number: of the trial, also in a final round; None for a baseline there
    seed: for all that is random in judging it, the same for every trial, so that two architectures
        differ in nothing else; another in every training of a final round
    folder: a folder of its own while the trial lasts. A `weights.safetensors` left there is
        kept for as long as the trial is among the best
    metric: what a bare number that is reported or returned is called
    """

    def __init__(
        self,
        space: Space,
        decisions: Mapping[str, Any],
        number: int | None,
        seed: int,
        folder: Path,
        *,
        metric: str,
        on_report: OnReport,
        should_stop: Callable[[], bool] = _never,
    ) -> None:
        self.decisions: dict[str, Any] = dict(decisions)
        self.number = number
        self.seed = seed
        self.folder = folder
        self.metric = metric
        self._space = space
        self._made_of = dict(decisions)
        self._reports: list[dict[str, float]] = []
        self._on_report = on_report
        self._should_stop = should_stop
        self._reporting = threading.RLock()  # a handler of a signal may report, too
        self._over = False

    def __repr__(self) -> str:
        name = printable_line(self._space.spec.name)
        number = "baseline" if self.number is None else self.number
        return f"<Candidate {number} of {name}, {counted(len(self._made_of), 'answer')}>"

    @cached_property
    def spec(self) -> Spec:
        """The architecture."""
        return self._space.of(self._made_of)

    @cached_property
    def cost(self) -> Cost:
        """What it costs."""
        return self._space.cost(self.spec)

    @property
    def epochs(self) -> list[dict[str, float]]:
        """A copy of what was reported so far: `step` and the metrics by name."""
        return [dict(one) for one in self._reports]

    def build(self) -> nn.Module:
        """The architecture as a module with fresh weights, drawn from torch's generator."""
        from archdsl.compiler.builder import build

        model = build(self.spec.network())
        model.spec_text = self.spec.as_text()
        return model

    def report(self, step: float, value: float | Mapping[str, float]) -> None:
        """Record how it stands after an epoch, or at whatever `step` counts.

        value: the first objective, or metrics by name
        Raises ValueError for a step that does not come after the one before, and for metrics
        that cannot be recorded; TypeError for what is no number; RuntimeError once the trial is
        over. Threads may report; one does so at a time.
        """
        with self._reporting:
            self._report(_step(step), value)

    def _report(self, step: float, value: float | Mapping[str, float]) -> None:
        if self._over:
            raise RuntimeError(
                "report() was called after the trial was over; wait for what reports before "
                "evaluate returns"
            )
        if self._reports and step <= self._reports[-1]["step"]:
            last = self._reports[-1]["step"]
            raise ValueError(f"report() was called with step {step} after step {last}")
        metrics = as_metrics(value, self.metric)
        if "step" in metrics:
            raise ValueError("report() was given a metric called step; give it another name")
        self._reports.append({"step": step, **metrics})
        self._on_report(step, metrics)

    def end(self) -> None:
        """Take no more reports: the trial is over."""
        with self._reporting:
            self._over = True

    def should_stop(self) -> bool:
        """Whether the search has given up on it; it never does without a pruner."""
        return self._should_stop()


def as_metrics(value: object, name: str) -> Metrics:
    """What was returned or reported as metrics by name; a bare number is the metric `name`.

    Raises TypeError for anything that is neither, and ValueError for names, numbers of metrics
    and values that no report could show.
    """
    if not isinstance(value, Mapping):
        return {name: _number(value, name)}
    named = {_name(key): item for key, item in value.items()}
    metrics = {key: _number(item, key) for key, item in named.items()}
    if len(metrics) > MOST_METRICS:
        raise ValueError(f"{len(metrics):,} metrics; evaluate returns {MOST_METRICS:,} at most")
    return metrics


def _name(key: object) -> str:
    try:
        name = str.__str__(key) if isinstance(key, str) else str(key)
    except Exception:  # whatever somebody's own __str__ raises
        name = ""
    if not name.strip() or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        raise ValueError(
            f"a metric is called {shown(key)}; a name is a line of text without control characters"
        )
    return name


def _number(value: object, name: str) -> float:
    number = None
    try:
        if value is not None and not isinstance(value, (str, bytes)):
            number = float(value)  # type: ignore[arg-type]  # an int, a tensor or array of one
    except OverflowError:
        number = LARGEST * 10
    except Exception:  # whatever somebody's own __float__ raises
        pass
    if number is None:
        raise TypeError(
            f"{name} is {shown(value)}; evaluate returns a number, or a mapping of names to numbers"
        )
    if math.isfinite(number) and abs(number) > LARGEST:
        raise ValueError(f"{name} is beyond {LARGEST:g}, which no interval or plot can show")
    return number


def _step(step: object) -> float:
    """A step as a plain number. Raises TypeError for what is none."""
    try:
        if not isinstance(step, (bool, str, bytes)):
            return operator.index(step)  # type: ignore[arg-type]  # numpy's and torch's, too
    except Exception:  # whatever somebody's own __index__ raises
        pass
    try:
        number = float(step)  # type: ignore[arg-type]
        if math.isfinite(number) and not isinstance(step, (bool, str, bytes)):
            return number
    except Exception:  # whatever somebody's own __float__ raises
        pass
    raise TypeError(f"report() was called with step {shown(step)}; a step is a finite number")
