"""The figures as text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.evaluation.calibration import BINS
from archdsl.evaluation.figures import Judgement, Share
from archdsl.study.intervals import Interval
from archdsl.units import figure, integer, percent
from archdsl.views.text import columns

SHOWN = 5
"""Classes and confusions that are shown; all are in the file."""


def text(judged: Judgement, published: float | None) -> list[str]:
    """The figures, as lines. published: the top-1 of these weights, in percent"""
    rows = [_row("top-1", judged.top1)]
    if judged.top5 is not None:
        rows.append(_row("top-5", judged.top5))
    if published is not None:
        rows.append(("published", f"{published:.1f} %", "top-1 on the 50,000 of ImageNet-1k's val"))
    rows += [
        ("mean over classes", percent(judged.macro), ""),
        ("cross entropy", figure(judged.loss), ""),
        ("calibration error", percent(judged.calibration.error), f"ECE, {BINS} bins"),
    ]
    return [*columns(rows, right=[1]), "", *_classes(judged), *_confusions(judged)]


def _row(name: str, share: Share) -> tuple[str, str, str]:
    return name, percent(share.value), _between(share.interval)


def _between(interval: Interval) -> str:
    low, high = (percent(end) for end in interval)
    return f"{low} to {high}"


def _classes(judged: Judgement) -> list[str]:
    classes = sorted(judged.classes.items(), key=lambda pair: pair[1].value)
    some = len(classes) > 2 * SHOWN
    shown = classes[:SHOWN] if some else classes
    heading = f"the {SHOWN} worst of {integer(len(classes))} classes" if some else "class"
    rows: Sequence[tuple[str, ...]] = [
        (heading, "images", "right", "95 % interval"),
        *(
            (name, integer(one.images), percent(one.value), _between(one.interval))
            for name, one in shown
        ),
    ]
    return [*columns(rows, right=[1, 2]), ""]


def _confusions(judged: Judgement) -> list[str]:
    worst = judged.worst(SHOWN)
    if not worst:
        return []
    rows: Sequence[tuple[str, ...]] = [
        ("most confused", "taken for", "images", "of"),
        *(
            (
                one.true, one.told, integer(one.images),
                integer(judged.classes[one.true].images),
            )
            for one in worst
        ),
    ]  # fmt: skip
    return [*columns(rows, right=[2, 3]), ""]
