"""What the record says and what it does not: every comparison with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from archdsl.components.options import written
from archdsl.spaces.count import Count
from archdsl.study.intervals import Interval, difference, mean, wilson
from archdsl.study.record.rounds import is_final
from archdsl.study.report.answers import AnswerTable, answers_of
from archdsl.study.report.read import Record
from archdsl.study.trial import Trial
from archdsl.units import counted, percent, plural, points, rounded


@dataclass(frozen=True, slots=True)
class Look:
    """A model on the test split.

    metrics: all that was logged; n: how many images there are, None where that is unknown
    interval: of `accuracy`, where it is the share of right answers of n images
    """

    who: str
    trial: int
    metrics: dict[str, float]
    n: int | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class AnswerMeans:
    """What the trials with one answer to one decision came to."""

    answer: str
    count: int
    mean: float
    interval: Interval | None


def first_words(record: Record) -> str:
    """What the first trial is."""
    if record.survey.default_fits:
        return "the space's default"
    return "the member inside the budget nearest to the default"


def later_looks(record: Record) -> str:
    """How often somebody looked at the test split after the search, as a sentence; else empty."""
    if not record.evaluated:
        return ""
    many = counted(record.evaluated, "model")
    return (
        f" Later, {many} {plural(record.evaluated, 'was', 'were')} judged on it by archdsl "
        "evaluate or train --test: what is chosen by that is no longer held out."
    )


def looks(record: Record) -> list[Look]:
    """The winner and the trial it started from on the test split; none after a final round."""
    if record.best is None or record.verdicts:
        return []
    single = {key.trial: look for key, look in record.looks.items() if not is_final(key)}
    who = {record.best.number: "the winner"}
    if record.best.number != 0:
        who[0] = first_words(record)
    found = []
    for number, words in who.items():
        if number not in single:
            continue
        metrics = dict(single[number].metrics)
        n = int(metrics.pop("n", 0)) or None
        interval = share_interval(metrics.get("accuracy"), n)
        found.append(Look(words, number, metrics, n, interval))
    return found


def share_interval(share: float | None, n: int | None) -> Interval | None:
    """The interval of a share of n images; None where it is no whole number of them.

    What a module of the user's own calls accuracy may be a mean over classes or batches, of
    which the number of images says nothing.
    """
    if not n or share is None or not 0 <= share <= 1:
        return None
    # metrics are kept in float32, to which a share of n images is off by this much
    if abs(share * n - round(share * n)) > max(1e-3, 1e-6 * n):
        return None
    return wilson(share, n)


def verdict(record: Record) -> str:
    """What may be claimed of the winner, in words."""
    best = record.best
    if record.verdict is not None:
        return record.verdict.sentence()
    so_far = record.unfinished is not None
    if best is None:
        return "No trial has succeeded so far." if so_far else _NONE
    if best.number == 0:
        much = "so far was" if so_far else "was"
        return f"No trial {much} better than the first, {first_words(record)}."
    seen = looks(record)
    if len(seen) == 2:
        said = _difference(*seen) or _without_interval(record.judged_by, *seen)
        if said is not None:
            return said
    assert best.values is not None, "a winner is a trial that did not fail"
    who = f"Trial {best.number} leads so far, with" if so_far else "The winner has"
    return (
        f"{who} the best {record.objectives[0].name} of "
        f"{counted(len(record.complete), 'trial')}, "
        f"{rounded(best.values[0])}. It was picked for that figure, which flatters it, and nothing "
        "here measured how much of its lead is noise."
    )


_NONE = "No trial succeeded, so there is no winner."


def unfinished(record: Record) -> str | None:
    """That a search is not over and how far it is, in words; None of one that is over."""
    if record.unfinished is None:
        return None
    return f"The search is not over: {record.unfinished}."


def _difference(winner: Look, first: Look) -> str | None:
    """Whether the test images tell two models apart by accuracy, where that can be said."""
    if winner.interval is None or first.interval is None:
        return None
    assert winner.n is not None and first.n is not None, "without them there is no interval"
    one, other = winner.metrics["accuracy"], first.metrics["accuracy"]
    low, high = difference(one, winner.n, other, first.n)
    gap = f"{points(one - other)} (95 % interval {points(low)} to {points(high)})"
    claim = (
        "The difference is within noise: these images cannot tell the two apart."
        if low <= 0 <= high
        else "The difference is larger than what the choice of test images explains."
    )
    return (
        f"On {winner.n:,} test images that no trial saw, the winner differs from "
        f"{first.who} by {gap}. {claim} Each was trained once; another seed would move both."
    )


def _without_interval(name: str, winner: Look, first: Look) -> str | None:
    """What two models came to on the test split, where nothing bounds the noise."""
    if name not in winner.metrics or name not in first.metrics:
        return None
    return (
        f"On the test split, which no trial saw, the winner's {name} is "
        f"{rounded(winner.metrics[name])}, and that of {first.who} {rounded(first.metrics[name])}. "
        "How much of the difference is noise is not known."
    )


def random_words(record: Record) -> str | None:
    """What random architectures inside the budget came to, and as many that a sampler proposed.

    As many, because the best of more trainings is larger by chance alone. Of a search that prunes
    nothing is said: only the good ones of either came to their end.
    """
    values = [record.value(trial) for trial in record.complete if trial.origin == "random"]
    if not values or record.spent is not None:
        return None
    said = (
        f"{counted(len(values), 'random architecture')} inside the budget: {record.judged_by} "
        f"{_mean_and_best(record, values)}"
    )
    sought = [record.value(trial) for trial in record.complete if trial.origin in _SOUGHT]
    if not sought:
        return said
    many = min(len(values), len(sought))
    one = f"the first {many} that the sampler proposed" if many > 1 else "the first it proposed"
    return f"{said}. For comparison, {one}: {_mean_and_best(record, sought[:many])}"


_SOUGHT = ("gp", "tpe", "evolution", "optuna", "grid")


def _mean_and_best(record: Record, values: list[float]) -> str:
    centre, interval = mean(values)
    if interval is None:
        return rounded(centre)
    best = record.better(values)
    return (
        f"{rounded(centre)} on average (95 % interval {rounded(interval[0])} to "
        f"{rounded(interval[1])}), the best of them {rounded(best)}"
    )


def validation_interval(record: Record, trial: Trial) -> Interval | None:
    """The interval of a trial's accuracy by the number of validation images, if it is known."""
    return share_interval(trial.metrics.get("accuracy"), record.data.get("counts", {}).get("val"))


def by_decision(record: Record, answers: AnswerTable | None = None) -> dict[str, list[AnswerMeans]]:
    """Address -> what each answer came to, for every decision that was answered in two ways.

    answers: those of its whole trials, where they were read already
    """
    table = answers or answers_of(record.complete)
    values = np.array([record.value(trial) for trial in record.complete], float)
    return {
        address: [
            _answered(answer, values[codes == place].tolist()) for place, answer in enumerate(its)
        ]
        for address, its, codes in zip(table.addresses, table.answers, table.codes.T, strict=True)
        if len(its) > 1
    }


def side_by_side(one: Trial, other: Trial) -> list[tuple[str, str, str]]:
    """(decision, its answer in one, in the other) for every decision that either took."""
    addresses = dict.fromkeys([*one.decisions, *other.decisions])
    return [(a, _said(one.decisions, a), _said(other.decisions, a)) for a in addresses]


def share_words(record: Record) -> str:
    """How much of the space fits, as a sentence's end."""
    survey = record.survey
    if not record.budget:
        return "No budget bounds it."
    if survey.exact:
        return (
            f"{survey.fits:,} of them ({percent(survey.share)}) are inside the budget: "
            "counted, not estimated."
        )
    return (
        f"{Count(survey.fits, survey.most).words()} of them are inside the budget, "
        f"{percent(survey.share)} to {percent(survey.most / survey.size)}: certain bounds."
    )


def _answered(answer: str, values: list[float]) -> AnswerMeans:
    centre, interval = mean(values)
    return AnswerMeans(answer, len(values), centre, interval)


def _said(decisions: dict[str, Any], address: str) -> str:
    return written(decisions[address]) if address in decisions else "not asked"
