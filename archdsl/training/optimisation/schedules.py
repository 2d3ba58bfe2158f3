"""The share of the peak rate by step."""

from __future__ import annotations

import math
from collections.abc import Callable

from archdsl.training.recipe import Recipe


def rate_of(recipe: Recipe, total: int) -> Callable[[int], float]:
    """The share of the peak rate by step, in a training of `total` steps."""
    warm = round(recipe.warmup * total / recipe.epochs)
    begin, final = recipe.warmup_lr, recipe.final_lr
    if recipe.schedule == "constant":
        return lambda step: warming(step, warm, begin) if step < warm else 1.0
    if recipe.schedule == "wsd":
        falls = max(warm, recipe.falls_after * total // recipe.epochs)
        return lambda step: stable_rate(step, warm, falls, total, final, begin)
    end = max(0, recipe.epochs - recipe.tail) * total // recipe.epochs
    return lambda step: rate(step, warm, end, final, begin)


def warming(step: int, warm: int, begin: float = 0.0) -> float:
    """A line up from `begin`, which is 1 after `warm` steps."""
    return begin + (1 - begin) * (step + 1) / warm


def stable_rate(
    step: int, warm: int, falls: int, total: int, final: float = 0.0, begin: float = 0.0
) -> float:
    """A line up over `warm` steps, the peak until step `falls`, and 1 - sqrt down to `final`."""
    if step < warm:
        return warming(step, warm, begin)
    gone = min(1.0, max(0, step - falls) / max(1, total - falls))
    return final + (1 - final) * (1 - math.sqrt(gone))


def rate(step: int, warm: int, end: int, final: float = 0.0, begin: float = 0.0) -> float:
    """A line up over `warm` steps, and a cosine that comes down to `final` at step `end`."""
    if step < warm:
        return warming(step, warm, begin)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, end - warm))))
    return final + (1 - final) * cosine
