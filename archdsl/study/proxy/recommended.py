"""What a proxy check recommends. Every line follows from its figures by a rule that is written here
and in docs/proxy-check.md, and says so where they do not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.language.settings import FinalSettings
from archdsl.study.intervals import Interval, Z
from archdsl.study.proxy.figures import Figures, signed, truth_of
from archdsl.study.proxy.kept import loss_of_keeping
from archdsl.study.proxy.spread import seeds_to_tell
from archdsl.units import counted, figure

if TYPE_CHECKING:
    from archdsl.study.proxy.agreement import Agreement

MARGIN = 0.05
"""The loss of tau that fewer epochs may cost: one pair in forty told the other way round."""

MOST_SEEDS = 10
"""Beyond it a final round would be no small part of a search."""

LEAST_RATIO = 0.5
"""The spread between architectures over that of seeds, below which 31 seeds tell one apart."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One line. value: what to write, None where it is nothing to write; told: whether the figures
    say so, or the value is what it was; why: in words
    """

    what: str
    value: int | None
    told: bool
    why: str


@dataclass(frozen=True, slots=True)
class Recommended:
    """What to write into `search`, and why. halving: whether stopping early pays; None: not told"""

    proxy: Advice
    epochs: Advice | None
    keep: Advice
    seeds: Advice
    final_epochs: int | None
    halving: bool | None
    halving_why: str

    def yaml(self) -> str:
        """A `search:` section to paste."""
        lines = ["search:", *self._comment(self.proxy.why)]
        if self.epochs is not None:
            lines += [*self._comment(self.epochs.why), f"  proxy: {{epochs: {self.epochs.value}}}"]
        lines += [*self._comment(self.keep.why), *self._comment(self.seeds.why)]
        final = {"keep": self.keep.value, "seeds": self.seeds.value, "epochs": self.final_epochs}
        said = ", ".join(f"{name}: {value}" for name, value in final.items() if value is not None)
        lines.append(f"  final: {{{said}}}")
        return "\n".join([*lines, *self._comment(self.halving_why)])

    def record(self) -> dict[str, Any]:
        """The same as values that JSON can hold."""
        return {
            "yaml": self.yaml(),
            "proxy_orders": self.proxy.told,
            "proxy_epochs": None if self.epochs is None else self.epochs.value,
            "proxy_epochs_told": None if self.epochs is None else self.epochs.told,
            "keep": self.keep.value,
            "keep_told": self.keep.told,
            "seeds": self.seeds.value,
            "seeds_told": self.seeds.told,
            "final_epochs": self.final_epochs,
            "halving_pays": self.halving,
        }

    def _comment(self, text: str) -> list[str]:
        from textwrap import wrap

        return [f"  # {line}" for line in wrap(text, 74)]


def recommended(found: Figures, now: FinalSettings | None = None) -> Recommended:
    """What follows from figures. now: the final round as it is, for what they do not tell"""
    now = now or FinalSettings()
    epochs = found.measured.epochs
    orders = _orders(found)
    earliest = _earliest(found) if orders.told else None
    halving, why = _halving(found, orders, earliest)
    seeds = _seeds(found, now.seeds)
    return Recommended(
        proxy=orders,
        epochs=None if epochs is None else _epochs(found, epochs[0], orders, earliest),
        keep=_keep(found, orders, seeds, now.keep),
        seeds=seeds,
        final_epochs=None if epochs is None else epochs[1],
        halving=halving,
        halving_why=why,
    )


def _orders(found: Figures) -> Advice:
    """The proxy is worth something where the interval of its tau is above zero."""
    tau = found.row("proxy").everyone
    if tau.tau is None:
        return Advice("proxy", None, False, "the proxy has no order: all its figures are alike")
    said = f"tau {tau.tau:.2f}, 95 % interval {interval(tau)}"
    if tau.sign > 0:
        return Advice("proxy", None, True, f"the proxy orders architectures: {said}")
    if tau.sign < 0:
        return Advice("proxy", None, False, f"the proxy orders the wrong way round: {said}")
    many = counted(found.measured.architectures, "architecture")
    return Advice("proxy", None, False, f"the proxy is not told from chance by {many}: {said}")


def _earliest(found: Figures) -> int | None:
    """The first epoch from which on tau is less than `MARGIN` below that of the whole proxy."""
    earliest = None
    for epoch in sorted(found.cut, reverse=True):
        cut = found.cut[epoch]
        if cut.interval is None or cut.interval[0] <= -MARGIN:
            break
        earliest = epoch
    return earliest


def _epochs(found: Figures, now: int, orders: Advice, earliest: int | None) -> Advice:
    if earliest is not None:
        why = (
            f"from epoch {earliest} on tau is less than {MARGIN} below that of {now} epochs "
            f"(interval of the difference {interval(found.cut[earliest])})"
        )
        return Advice("epochs", earliest, True, why)
    if not found.cut:
        return Advice("epochs", now, False, "epochs: not told, as none before the last has figures")
    if not orders.told:
        return Advice("epochs", now, False, "epochs: not told, and as they were")
    last = max(found.cut)
    said = f"interval of the difference at epoch {last} {interval(found.cut[last])}"
    if found.cut[last].sign < 0:
        return Advice("epochs", now, True, f"fewer epochs order worse: {said}")
    return Advice("epochs", now, False, f"epochs: not told, and as they were: {said}")


def _seeds(found: Figures, usual: int) -> Advice:
    """So many as tell apart two architectures that differ by one spread between them."""
    spread = found.long
    if spread.seeds is None:
        return Advice("seeds", usual, False, "seeds: not told, as one seed says nothing of seeds")
    if spread.seeds == 0:
        return Advice("seeds", usual, False, "seeds: not told, as they change nothing")
    needed = seeds_to_tell(spread)
    if needed is None:
        why = "seeds: not told, as architectures differ by no more than seeds make of one"
        return Advice("seeds", usual, False, why)
    said = f"spread between architectures {figure(spread.architectures or 0.0)}"
    said += f", between seeds {figure(spread.seeds)}"
    low = 0.0 if spread.ratio_interval is None else spread.ratio_interval[0]
    if needed <= MOST_SEEDS and not low > LEAST_RATIO:
        why = f"seeds: not told, as the ratio of the spreads may be {low:.1f} ({said})"
        return Advice("seeds", usual, False, why)
    if needed > MOST_SEEDS:
        do = "do, too" if needed <= usual else "do not"
        why = f"seeds: not told, as {needed} would tell one spread apart, and {usual} {do} ({said})"
        return Advice("seeds", usual, False, why)
    return Advice("seeds", needed, True, f"{needed} seeds tell one spread apart: {said}")


def _keep(found: Figures, orders: Advice, seeds: Advice, usual: int) -> Advice:
    """The fewest whose loss is certainly no more than what the final round can tell apart.

    The more seeds do, the less it tells apart, and the fewer would be enough: so it is told only
    where the proxy orders and the seeds are known.
    """
    if not orders.told:
        return Advice("keep", usual, False, "keep: not told, as the proxy is not known to order")
    noise = found.long.seeds
    if noise is None or seeds.value is None or not seeds.told:
        return Advice("keep", usual, False, "keep: not told, as seeds are not")
    measured = found.measured
    proxy, truth = signed(measured, measured.proxy), truth_of(measured)
    most = Z * noise * (2 / seeds.value) ** 0.5
    for keep in range(1, measured.architectures):
        lost = loss_of_keeping(proxy, truth, keep)
        if lost.interval is not None and lost.interval[1] <= most:
            few = "the first" if keep == 1 else f"one of the first {keep}"
            why = (
                f"{few} of {measured.architectures} by the proxy is within "
                f"{figure(lost.interval[1])} of the best, and {seeds.value} seeds tell "
                f"{figure(most)} apart"
            )
            return Advice("keep", keep, True, why)
    why = f"keep: not told: no few of {measured.architectures} certainly hold one of the best"
    return Advice("keep", usual, False, why)


def _halving(found: Figures, orders: Advice, earliest: int | None) -> tuple[bool | None, str]:
    """Stopping early pays where half of the epochs order as well as all, up to `MARGIN`."""
    if not found.cut:
        return None, "stopping early: not told, as no epoch before the last has figures"
    half = max((e for e in found.cut if 2 * e <= _last(found)), default=None)
    if half is None or not orders.told:
        return None, "stopping early: not told"
    said = f"interval of the difference of tau at epoch {half} {interval(found.cut[half])}"
    if earliest is not None and earliest <= half:
        return True, f"stopping early pays, from epoch {earliest} on: {said}"
    bounds = found.cut[half].interval
    if bounds is not None and bounds[1] < -MARGIN:
        return False, f"stopping at half of the epochs does not pay: {said}"
    return None, f"stopping early: not told: {said}"


def _last(found: Figures) -> int:
    return max(found.measured.by_epoch)


def interval(one: Agreement) -> str:
    """`(0.12 to 0.58)`, or a dash where there is none."""
    return "-" if one.interval is None else bounds(one.interval)


def bounds(found: Interval) -> str:
    """Both ends with two decimals."""
    return f"{found[0]:.2f} to {found[1]:.2f}"
